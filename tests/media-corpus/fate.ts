import { createVideo, deleteVideo, type Video } from "#systems/media/contract.ts";
import { good, type MediaHouse, uploadBytes, videoWhen } from "#systems/media/testing.ts";

import type { Entry } from "./entry.ts";
import { decodedTrack, Fault, heardFrom, tracksAt } from "./played.ts";

/** What became of an entry, and what of it is not as it should be: nothing, if all is well. */
export interface Met {
  fate: string;
  faults: string[];
  seconds: number;
}

const MEDIA_TYPE = "video/mp4";

/** Sends an entry by the way that every film takes, watches all of it, and holds it against its fate. */
export async function meet(media: MediaHouse, token: string, entry: Entry): Promise<Met> {
  const bytes = await entry.make();
  const began = performance.now();
  const { filename = "film.mp4", media_type = MEDIA_TYPE } = entry;
  const upload_id = await uploadBytes(media, token, bytes, { filename, media_type });
  const body = { upload_id, title: entry.name.slice(0, 100), audience: "public" as const };
  const { id } = good(await media.client.call(createVideo, { token, body }));
  const first = await videoWhen(media, token, id, ({ status, hls_url }) => hls_url !== null || status === "failed");
  const met: Met = { fate: "", faults: [], seconds: 0 };
  if (first.status !== "failed") await watch(media, first, entry, met);
  // What lasts for hours is not waited for until all of it is made.
  const last = await videoWhen(media, token, id, ({ status }) => entry.sampled === true || status !== "processing");
  if (last.status === "failed") await refused(media, last, upload_id, entry, met);
  await media.client.call(deleteVideo, { token, params: { video_id: id } });
  met.seconds = (performance.now() - began) / 1000;
  return met;
}

async function refused(media: MediaHouse, video: Video, upload_id: string, { fate }: Entry, met: Met) {
  const code = video.failure?.code ?? "nothing";
  // What was not whole was seen before it was refused; now it counts only that it says why, and leaves nothing.
  met.faults = [];
  met.fate = `refused: ${code}: ${video.failure?.detail}`;
  const codes = "refused" in fate ? fate.refused : "either" in fate ? fate.either : [];
  if (!codes.includes(code)) met.faults.push(`it is refused with ${code}`);
  if ((video.failure?.detail.length ?? 0) < 20) met.faults.push("it does not say why");
  if (video.failure?.can_retry !== false) met.faults.push("it offers to try again what stays as it is");
  if (video.hls_url !== null) met.faults.push("it still has an address");
  await media.settled();
  const left = (await media.stored()).filter((name) => name.includes(video.id) || name.includes(upload_id));
  if (left.length > 0) met.faults.push(`it leaves ${left.join(", ")}`);
}

async function watch(media: MediaHouse, video: Video, entry: Entry, met: Met) {
  const { fate } = entry;
  const { ask } = media;
  const master = new URL(video.hls_url!, "http://house.test").href;
  const note = (wrong: boolean, words: string) => void (wrong && met.faults.push(words));
  try {
    const tracks = await tracksAt(ask, master);
    const copied = await copiedTracks(media, video.id);
    const pictures = tracks.filter(({ kind }) => kind === "picture");
    const sounds = tracks.filter(({ kind }) => kind === "sound");
    const top = pictures.at(-1)!;
    const seconds = (video.duration_ms ?? 0) / 1000;
    met.fate = `plays: ${video.width}×${video.height}, ${seconds} s, ${sounds.length} sounds, ${pictures.map(({ name }) => name).join(" ")}${copied.length > 0 ? `, copied ${copied.join(" ")}` : ""}`;
    note(pictures.length < 3, `it has ${pictures.length} rungs`);
    const made = tracks.filter(({ name }) => !copied.includes(name));
    const counts = new Set(made.map(({ segments }) => segments.length));
    note(counts.size > 1, `lists of ${[...counts].join(" and ")} segments`);
    for (const { name, seconds: listed } of tracks)
      note(
        Math.abs(listed - seconds) > Math.max(0.1, 1 / (top.fps ?? 1)),
        `${name} is listed with ${listed} s of ${seconds} s`,
      );
    if ("plays" in fate) {
      const { size, sounds: wanted = 1, within_s = 0.1, copied: is_copied, rungs, fps, heard_from_s } = fate.plays;
      note(video.width !== size[0] || video.height !== size[1], `it is ${video.width}×${video.height}`);
      note(Math.abs(seconds - fate.plays.seconds) > within_s, `it lasts ${seconds} s`);
      note(sounds.length !== wanted, `it has ${sounds.length} sounds`);
      note(
        is_copied !== undefined && copied.includes(top.name) !== is_copied,
        `copied: ${copied.join(" ") || "nothing"}`,
      );
      note(rungs !== undefined && rungs.join() !== pictures.map(({ name }) => name).join(), "it has other rungs");
      note(fps !== undefined && Math.abs(fps - top.fps!) > 0.01, `it has ${top.fps} frames a second`);
      if (heard_from_s !== undefined) {
        const heard_s = await heardFrom(ask, sounds[0]!);
        note(Math.abs(heard_s - heard_from_s) > 0.1, `it is heard from ${heard_s} s on`);
      }
    } else note("refused" in fate, "it plays");
    // As players do: the picture and its sound at once.
    const watched = await Promise.allSettled(
      [pictures, sounds].map(async (some) => {
        for (const track of some) await decodedTrack(ask, track, copied.includes(track.name), entry.sampled ?? false);
      }),
    );
    for (const one of watched) if (one.status === "rejected") throw one.reason;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    met.faults.push(error.message);
  }
}

/** What is the source's own, as the plan says. */
async function copiedTracks(media: MediaHouse, id: string): Promise<string[]> {
  const [row] = await media.house.db.sql.pool<
    { ladder: { rungs: { name: string; copied?: unknown }[]; sounds: { name: string; copied?: unknown }[] } | null }[]
  >`SELECT ladder FROM media_videos WHERE id = ${id}`;
  return [...(row?.ladder?.rungs ?? []), ...(row?.ladder?.sounds ?? [])]
    .filter(({ copied }) => copied)
    .map(({ name }) => name);
}
