import { isId } from "#kernel/ids.ts";

/** What a blob's name says that it is. Whether anything still names it is for the rows to say. */
export type Named =
  | { of: "upload"; id: string }
  | { of: "image" | "sound"; id: string; place: string }
  | { of: "video"; id: string; place: string; file: VideoFile }
  | { of: "nothing" };

export type VideoFile =
  | { kind: "segment"; folder: string; track: string; k: number }
  | { kind: "init"; folder: string; track: string }
  | { kind: "list" | "poster" | "captions" | "storyboard" | "other"; file: string };

const PLACED = /^(?<place>(?:public\/)?(?<of>videos|images|sounds)\/(?<id>\d{1,19})\/[^/]+\/)(?<file>.+)$/;
const MADE = /^(?<folder>[0-9a-f]{12}\/(?<track>[a-z0-9-]{1,32})\/)(?:init\.mp4|(?<k>0|[1-9]\d{0,5})\.m4s)$/;

export function readBlobName(name: string): Named {
  if (name.startsWith("uploads/")) {
    const id = name.slice("uploads/".length);
    return isId(id) ? { of: "upload", id } : { of: "nothing" };
  }
  const { place, of, id, file } = PLACED.exec(name)?.groups ?? {};
  if (place === undefined || id === undefined || file === undefined || !isId(id)) return { of: "nothing" };
  if (of === "images" || of === "sounds") return { of: of === "images" ? "image" : "sound", id, place };
  return { of: "video", id, place, file: readVideoFile(file) };
}

export function readVideoFile(file: string): VideoFile {
  const { folder, track, k } = MADE.exec(file)?.groups ?? {};
  if (folder !== undefined && track !== undefined)
    return k === undefined ? { kind: "init", folder, track } : { kind: "segment", folder, track, k: Number(k) };
  if (/\.(?:m3u8|mpd)$/.test(file)) return { kind: "list", file };
  if (/^poster[^/]*\.(?:jpg|webp)$/.test(file)) return { kind: "poster", file };
  if (file.startsWith("storyboard/")) return { kind: "storyboard", file };
  if (file.endsWith(".vtt")) return { kind: "captions", file };
  return { kind: "other", file };
}
