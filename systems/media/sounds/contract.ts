import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zTime } from "#kernel/wire.ts";

/** What a client may send as sound. Safari records `audio/mp4`, other browsers WebM or OGG. */
export const SOUND_TYPES = [
  "audio/webm",
  "audio/ogg",
  "audio/mp4",
  "audio/x-m4a",
  "audio/aac",
  "audio/mpeg",
  "audio/wav",
  "audio/x-wav",
  "audio/flac",
  "audio/x-flac",
] as const;

export const zSound = z
  .object({
    id: zIdOut<"sound">(),
    owner_id: zIdOut<"person">(),
    status: z.enum(["processing", "ready", "failed"]),
    /** Present when `status` is `failed`. */
    failure: z.object({ code: z.string(), detail: z.string(), can_retry: z.boolean() }).optional(),
    /** Of what was decoded; null until it is ready. */
    duration_ms: z.int().nullable(),
    /** The loudest moment of each of 80 equal parts, 0 to 255; empty until it is ready. */
    waveform: z.array(z.int()),
    /** AAC in MP4, for any player; null until it is ready. It ends: ask again after `url_until`. */
    url: z.string().nullable(),
    url_until: zTime,
    created_at: zTime,
  })
  .meta({ id: "Sound" });
export type Sound = z.output<typeof zSound>;

/** What a message shows of it. */
export const zSoundCard = zSound.pick({ id: true, status: true, duration_ms: true, waveform: true, url: true });
export type SoundCard = z.output<typeof zSoundCard>;

const ofSound = z.strictObject({ sound_id: zId<"sound">() });
const tag = "media";
const write = { who: "signed_in", scope: "write" } as const;

export const createSound = defineRoute({
  method: "POST",
  path: "/v1/sounds",
  summary:
    "Make a sound, as of a voice note, of a completed upload; 201 when it is ready at once, as short ones are, 202 when it takes longer, 422 when it cannot be read",
  tag,
  access: write,
  cost_tokens: 5,
  body: z.strictObject({ upload_id: zId<"upload">() }),
  answers: { 201: zSound, 202: zSound },
  problems: [
    "upload.not_found",
    "upload.not_complete",
    "upload.in_use",
    "upload.wrong_kind",
    "media.no_ffmpeg",
    "sound.not_sound",
    "sound.has_picture",
    "sound.codec_refused",
    "sound.broken",
    "sound.too_long",
    "sound.too_short",
    "sound.too_heavy",
  ],
});

export const getSound = defineRoute({
  method: "GET",
  path: "/v1/sounds/{sound_id}",
  summary: "A sound of mine. Who may read the message that carries it has it from there",
  tag,
  access: { who: "signed_in", scope: "read", suspended_too: true },
  params: ofSound,
  answers: { 200: zSound },
  problems: ["sound.not_found"],
});

export const deleteSound = defineRoute({
  method: "DELETE",
  path: "/v1/sounds/{sound_id}",
  summary: "Delete a sound that no message carries",
  tag,
  access: write,
  params: ofSound,
  answers: { 204: null },
  problems: ["sound.not_found", "sound.in_use"],
});

export const soundRoutes = { createSound, getSound, deleteSound } as const;
