import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { Id } from "#kernel/ids.ts";

import {
  createImage,
  createSound,
  createUpload,
  deleteSound,
  getMediaLimits,
  getSound,
  getUpload,
  type Sound,
} from "../contract.ts";
import { peaksOf } from "../encode/sound.ts";
import { createSteppedClock, good, machineFfmpeg, makeClip, mediaHouse, uploadBytes } from "../testing.ts";
import { MAKE_SOUND } from "./index.ts";
import { wav } from "./testing.ts";

setDefaultTimeout(60_000);
const clock = createSteppedClock();
/** Fifteen minutes take seconds to make. */
const SOUND_MS_MAX = 20_000;
const media = await mediaHouse({ clock, limits: { sound_ms_max: SOUND_MS_MAX } });
const guarding = await media.media.guard();
afterAll(async () => {
  await guarding[Symbol.asyncDispose]();
  await media[Symbol.asyncDispose]();
});
const { client, blobs } = media;
const { sql, log } = { sql: media.house.db.sql, log: media.house.log };
const astrid = await media.person("astrid");
const birger = await media.person("birger");

const send = async (bytes: Uint8Array, media_type = "audio/wav", token = astrid.token) => {
  const upload_id = await uploadBytes(media, token, bytes, { filename: "note", media_type });
  return client.call(createSound, { token, body: { upload_id } });
};
/** Made, however long the machine took for it. */
async function made(bytes: Uint8Array, media_type?: string, token = astrid.token): Promise<Sound> {
  const { id } = good(await send(bytes, media_type, token));
  await media.settled();
  return good(await client.call(getSound, { token, params: { sound_id: id } }));
}
/** The code of the refusal, told at once or kept. */
async function refusalOf(bytes: Uint8Array, media_type?: string): Promise<string | undefined> {
  const answer = await send(bytes, media_type);
  if (answer.status === 422) return answer.code;
  const { id } = good(answer);
  await media.settled();
  const { failure } = good(await client.call(getSound, { token: astrid.token, params: { sound_id: id } }));
  await client.call(deleteSound, { token: astrid.token, params: { sound_id: id } });
  return failure?.code;
}
const claim = (sound_id: string, message_id: Id<"message">, owner = astrid) =>
  sql.tx((tx) => media.media.claimForMessage(tx, owner.id, { message_id, video_id: null, image_ids: [], sound_id }));
/** ffmpeg writes it; nothing lies in the repository. */
const coded = (format: string, codec: string, seconds = 2) =>
  makeClip({ seconds, sound: true, format, output: ["-map", "1:a", "-vn", ...codec.split(" ")] });
const namesOf = (bytes: Uint8Array): string[] => {
  const names: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 8 <= bytes.length; at += view.getUint32(at))
    names.push(new TextDecoder().decode(bytes.subarray(at + 4, at + 8)));
  return names;
};
const withFfmpeg = describe.skipIf(machineFfmpeg() === null);

withFfmpeg("sounds that are refused, with a reason, and leave nothing", () => {
  const hostile: [string, () => Uint8Array | Promise<Uint8Array>, string, RegExp][] = [
    ["words", () => new TextEncoder().encode("no sound\n".repeat(500)), "audio/webm", /not_sound/],
    ["noise", () => crypto.getRandomValues(new Uint8Array(5_000)), "audio/ogg", /not_sound|broken|codec_refused/],
    ["a film that says it is sound", () => makeClip({ seconds: 1 }), "audio/mp4", /has_picture/],
    [
      "longer than is taken, in a file that says ten hours",
      () => wav({ seconds: SOUND_MS_MAX / 1_000 + 0.5, says_bytes: 8_000 * 36_000 }),
      "audio/wav",
      /too_long/,
    ],
    ["next to nothing", () => wav({ seconds: 0.02 }), "audio/wav", /too_short/],
    [
      "a list of other files",
      () => new TextEncoder().encode("ffconcat version 1.0\nfile /etc/passwd\n"),
      "audio/mpeg",
      /not_sound/,
    ],
  ];
  test.each(hostile)("MD320: %s", async (_name, make, media_type, code) => {
    expect(await refusalOf(await make(), media_type)).toMatch(code);
    await media.settled();
    expect(await media.stored()).toEqual([]);
  });

  test("MD321: a header that says ten hours is not believed: what is there counts", async () => {
    const sound = await made(wav({ seconds: 2, says_bytes: 8_000 * 36_000 }));
    expect(sound.status).toBe("ready");
    expect(Math.abs(sound.duration_ms! - 2_000)).toBeLessThan(50);
    await client.call(deleteSound, { token: astrid.token, params: { sound_id: sound.id } });
    await media.settled();
  });

  test("MD322: a sound is announced as one, in a size that is taken; no upload becomes two things", async () => {
    const token = astrid.token;
    const begin = (size_bytes: number, media_type: string) =>
      client.call(createUpload, { token, body: { filename: "n", size_bytes, media_type } });
    expect((await begin(200_000_001, "audio/wav")).code).toBe("upload.too_large");
    expect((await begin(10, "audio/midi")).code).toBe("upload.type_refused");
    const upload_id = await uploadBytes(media, token, wav({ seconds: 1 }), { filename: "n", media_type: "audio/wav" });
    expect((await client.call(createImage, { token, body: { upload_id } })).code).toBe("upload.wrong_kind");
    expect((await client.call(createSound, { token: birger.token, body: { upload_id } })).code).toBe(
      "upload.not_found",
    );
    const { id } = good(await client.call(createSound, { token, body: { upload_id } }));
    expect((await client.call(createSound, { token, body: { upload_id } })).status).toBeGreaterThanOrEqual(404);
    await media.settled();
    await client.call(deleteSound, { token, params: { sound_id: id } });
    await media.settled();
  });
});

withFfmpeg("a voice note from the last byte to the last listener", () => {
  const recorded: [string, string, string][] = [
    ["webm", "audio/webm", "-c:a libopus -b:a 24k"],
    ["ogg", "audio/ogg", "-c:a libopus -b:a 24k"],
    ["m4a", "audio/mp4", "-c:a aac"],
    ["mp3", "audio/mpeg", "-c:a libmp3lame"],
    ["flac", "audio/flac", "-c:a flac"],
  ];
  test("MD323: what browsers record, and what people have, becomes AAC in one channel with the index in front", async () => {
    const files = await Promise.all(recorded.map(([format, , codec]) => coded(format, codec)));
    for (const [i, [format, media_type]] of recorded.entries()) {
      const sound = await made(files[i]!, media_type);
      expect([format, sound.status, sound.waveform.length]).toEqual([format, "ready", 80]);
      expect(Math.abs(sound.duration_ms! - 2_000)).toBeLessThan(150);
      expect(Math.max(...sound.waveform)).toBe(255);
      const answer = await media.ask(sound.url!);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "audio/mp4"]);
      const names = namesOf(await answer.bytes());
      expect(names.indexOf("moov")).toBeGreaterThan(-1);
      expect(names.indexOf("moov")).toBeLessThan(names.indexOf("mdat"));
      await client.call(deleteSound, { token: astrid.token, params: { sound_id: sound.id } });
    }
    await media.settled();
    expect(await media.stored()).toEqual([]);
  });

  test("MD324: a player asks for any part of it; its bytes count as its owner's, and what was sent is freed", async () => {
    const token = astrid.token;
    const before = good(await client.call(getMediaLimits, { token, query: {} })).used_bytes;
    const upload_id = await uploadBytes(media, token, wav({ seconds: 3 }), { filename: "n", media_type: "audio/wav" });
    const { id } = good(await client.call(createSound, { token, body: { upload_id } }));
    await media.settled();
    const sound = good(await client.call(getSound, { token, params: { sound_id: id } }));
    const part = await media.ask(sound.url!, { headers: { range: "bytes=4-7" } });
    expect([part.status, await part.text()]).toEqual([206, "ftyp"]);
    const whole = (await (await media.ask(sound.url!)).bytes()).byteLength;
    expect(good(await client.call(getMediaLimits, { token, query: {} })).used_bytes - before).toBe(whole);
    expect((await client.call(getUpload, { token, params: { upload_id } })).status).toBe(404);
    expect((await media.stored()).every((name) => name.startsWith("sounds/"))).toBe(true);
    // It grows towards its end, and so does what is drawn of it.
    expect(sound.waveform[75]!).toBeGreaterThan(sound.waveform[20]! * 2);
    await client.call(deleteSound, { token, params: { sound_id: id } });
    await media.settled();
  });

  test("MD325: nobody else has it; a message takes one of its author's once, and who reads the message has its address from there", async () => {
    const sound = await made(wav({ seconds: 1 }));
    const params = { sound_id: sound.id };
    for (const call of [getSound, deleteSound])
      expect((await client.call(call, { token: birger.token, params })).code).toBe("sound.not_found");
    await expect(claim(sound.id, "71", birger)).rejects.toMatchObject({ code: "message.media_not_usable" });
    await claim(sound.id, "72");
    await claim(sound.id, "72");
    await expect(claim(sound.id, "73")).rejects.toMatchObject({ code: "message.media_not_usable" });
    expect((await client.call(deleteSound, { token: astrid.token, params })).code).toBe("sound.in_use");
    const card = (await media.media.soundCards([sound.id])).get(sound.id)!;
    expect(card).toMatchObject({ status: "ready", duration_ms: sound.duration_ms!, waveform: sound.waveform });
    expect((await media.ask(card.url!)).status).toBe(200);
    expect((await media.ask(card.url!.replace(/\/[^/]*\.mp4/, "/other.mp4"))).status).toBe(404);
    // Unsigned, the same bytes are not there.
    expect(
      (await media.ask(`/blobs/${(await media.stored()).find((name) => name.startsWith("sounds/"))}`)).status,
    ).toBe(404);
  });

  test("MD326: with its message it goes: no address gives it from then on, and nothing of it is left", async () => {
    const sound = await made(wav({ seconds: 1 }));
    await claim(sound.id, "74");
    expect((await media.ask(sound.url!)).status).toBe(200);
    await sql.tx((tx) => media.media.releaseMessage(tx, "74"));
    clock.step(1_001);
    expect((await media.ask(sound.url!)).status).toBe(404);
    expect((await media.media.soundCards([sound.id])).size).toBe(0);
    await media.settled();
    expect((await media.stored()).filter((name) => name.includes(sound.id))).toEqual([]);
  });

  test("MD327: killed at any moment it is made all the same, once; made and not written down, it is made again", async () => {
    const token = astrid.token;
    const upload_id = await uploadBytes(media, token, wav({ seconds: 1 }), { filename: "n", media_type: "audio/wav" });
    await media.jobs.drain(0);
    const id = media.house.db.ids.next<"sound">();
    const place = `sounds/${id}/${"a".repeat(32)}/`;
    // As a process leaves it that was killed after its blob, and before its row.
    await sql.tx(async (tx) => {
      await tx`UPDATE media_uploads SET used_at = now() WHERE id = ${upload_id}`;
      await tx`INSERT INTO media_sounds (id, owner_id, upload_id, status, place, created_at)
        VALUES (${id}, ${astrid.id}, ${upload_id}, 'processing', ${place}, now())`;
      await media.jobs.enqueue(tx, MAKE_SOUND, { sound_id: id });
      await media.jobs.enqueue(tx, MAKE_SOUND, { sound_id: id });
    });
    await blobs.put(`${place}sound.mp4`, new Uint8Array(9), { media_type: "audio/mp4" });
    expect(good(await client.call(getSound, { token, params: { sound_id: id } })).status).toBe("processing");
    media.jobs.start();
    await media.settled();
    const sound = good(await client.call(getSound, { token, params: { sound_id: id } }));
    expect(sound.status).toBe("ready");
    expect((await (await media.ask(sound.url!)).bytes()).byteLength).toBeGreaterThan(1_000);
    expect((await media.stored()).filter((name) => name.startsWith("uploads/"))).toEqual([]);
    await client.call(deleteSound, { token, params: { sound_id: id } });
    await media.settled();
  });

  test("MD328: what no message took goes after a day; what somebody had goes with them", async () => {
    const [unused, kept] = [await made(wav({ seconds: 1 })), await made(wav({ seconds: 1 }))];
    await claim(kept.id, "75");
    const theirs = await made(wav({ seconds: 1 }), "audio/wav", birger.token);
    await claim(theirs.id, "76", birger);
    clock.step(25 * 3_600_000);
    await media.work("media.free_unused");
    const stood = async () => [...(await media.media.soundCards([unused.id, kept.id, theirs.id])).keys()];
    expect((await stood()).toSorted()).toEqual([kept.id, theirs.id].toSorted());
    // Nobody's blobs are collected, and nobody else's.
    await blobs.put(`sounds/99/${"b".repeat(32)}/sound.mp4`, new Uint8Array(5), { media_type: "audio/mp4" });
    clock.step(2 * 3_600_000);
    await media.work("media.collect_orphans");
    const places = (await media.stored()).map((name) => name.split("/")[1]);
    expect(places).not.toContain("99");
    expect(places).toContain(kept.id);
    await sql.tx((tx) =>
      log.append(tx, "people", birger.id, { type: "people.deleted", version: 1, data: { person_id: birger.id } }),
    );
    await log.caughtUp("people", "media");
    await media.settled();
    expect(await stood()).toEqual([kept.id]);
    expect((await media.stored()).filter((name) => name.includes(theirs.id))).toEqual([]);
  });
});

test("MD329: without ffmpeg no sound is taken, and it is said", async () => {
  await using bare = await mediaHouse({ tools: null });
  const { token } = await bare.person("carl");
  const body = { filename: "n", size_bytes: 10, media_type: "audio/webm" };
  expect((await bare.client.call(createUpload, { token, body })).code).toBe("media.no_ffmpeg");
  expect(good(await bare.client.call(getMediaLimits, { token, query: {} })).sound.accepted).toBe(false);
});

test("MD324: what is drawn is the loudest moment of each part, against the loudest of all", () => {
  const pcm = new DataView(new ArrayBuffer(2 * 400));
  for (let i = 0; i < 400; i++) pcm.setInt16(2 * i, i < 200 ? 0 : i === 399 ? -32_768 : 16_384, true);
  expect(peaksOf(pcm, 4)).toEqual([0, 0, 128, 255]);
  expect(peaksOf(new DataView(new ArrayBuffer(0)), 4)).toEqual([0, 0, 0, 0]);
});

test("MD320: no refusal above was a fault of ours", () => {
  expect(media.house.broken).toEqual([]);
});
