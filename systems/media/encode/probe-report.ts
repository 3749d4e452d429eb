import { z } from "zod";

import { LANGUAGE_CHARS_MAX, SOUND_TITLE_CHARS_MAX } from "./bounds.ts";

/** How a film's YUV was made of RGB: one that every player knows, or `other`, which is brought to BT.709. */
export type Matrix = "bt709" | "smpte170m" | "bt470bg" | "other";

export interface StreamReport {
  index: number;
  kind: "video" | "audio" | "other";
  codec: string;
  profile: string;
  level: number;
  pixel_format: string;
  width: number;
  height: number;
  /** Width of a pixel by its height. */
  pixel_aspect: number;
  rotation_deg: number;
  fps_average: number;
  fps_smallest: number;
  duration_ms: number;
  /** The file's own time of its first frame or sound. */
  start_s: number;
  interlaced: boolean;
  hdr: boolean;
  matrix: Matrix;
  channels: number;
  sample_rate_hz: number;
  /** BCP 47, or null for what says nothing that a player could use. */
  language: string | null;
  title: string | null;
  is_cover: boolean;
  is_default: boolean;
}

export interface Report {
  container: string;
  duration_ms: number;
  /** The file's own time of its first frame or sound, which ffmpeg makes its zero. */
  start_s: number;
  streams: StreamReport[];
}

const zStream = z.object({
  index: z.int(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  profile: z.string().optional(),
  level: z.number().optional(),
  pix_fmt: z.string().optional(),
  width: z.int().optional(),
  height: z.int().optional(),
  sample_aspect_ratio: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  r_frame_rate: z.string().optional(),
  duration: z.string().optional(),
  start_time: z.string().optional(),
  field_order: z.string().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  channels: z.int().optional(),
  sample_rate: z.string().optional(),
  disposition: z.record(z.string(), z.number()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
});

const zReport = z.object({
  format: z.object({ format_name: z.string(), duration: z.string().optional(), start_time: z.string().optional() }),
  streams: z.array(zStream).default([]),
});

/** ffprobe's JSON as ours, or null for anything else. Numbers that a file made up become 0, never NaN. */
export function parseReport(json: string): Report | null {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch {
    return null;
  }
  const parsed = zReport.safeParse(raw);
  if (!parsed.success) return null;
  const { format, streams } = parsed.data;
  return {
    container: format.format_name,
    duration_ms: msOf(format.duration),
    start_s: Number(format.start_time) || 0,
    streams: streams.map(streamOf),
  };
}

function streamOf(raw: z.output<typeof zStream>): StreamReport {
  const transfer = raw.color_transfer ?? "";
  return {
    index: raw.index,
    kind: raw.codec_type === "video" || raw.codec_type === "audio" ? raw.codec_type : "other",
    codec: raw.codec_name ?? "",
    profile: raw.profile ?? "",
    level: raw.level ?? 0,
    pixel_format: raw.pix_fmt ?? "",
    width: raw.width ?? 0,
    height: raw.height ?? 0,
    pixel_aspect: ratioOf(raw.sample_aspect_ratio) || 1,
    rotation_deg: rotationOf(raw),
    fps_average: ratioOf(raw.avg_frame_rate),
    fps_smallest: ratioOf(raw.r_frame_rate),
    // Matroska says a stream's length as a tag.
    duration_ms: msOf(raw.duration) || clockMs(raw.tags?.DURATION),
    start_s: Number(raw.start_time) || 0,
    interlaced: ["tt", "bb", "tb", "bt"].includes(raw.field_order ?? ""),
    hdr: transfer === "smpte2084" || transfer === "arib-std-b67",
    matrix: matrixOf(raw.color_space, raw.height ?? 0),
    channels: raw.channels ?? 0,
    sample_rate_hz: Number(raw.sample_rate) || 0,
    language: languageOf(raw.tags?.language),
    title: titleOf(raw.tags?.title),
    is_cover: raw.disposition?.attached_pic === 1,
    is_default: raw.disposition?.default === 1,
  };
}

/** A file that says nothing means what players take it for: HD's matrix from 720 lines on, SD's below. */
function matrixOf(said: string | undefined, height: number): Matrix {
  if (said === "bt709" || said === "smpte170m" || said === "bt470bg") return said;
  if (said !== undefined && said !== "unknown" && said !== "reserved") return "other";
  return height >= 720 ? "bt709" : "smpte170m";
}

/** The display matrix is counter-clockwise; players and we turn clockwise. Only quarter turns are known. */
function rotationOf(raw: z.output<typeof zStream>): number {
  const said =
    raw.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? -(Number(raw.tags?.rotate) || 0);
  return (((Math.round(-said / 90) * 90) % 360) + 360) % 360;
}

/** `und` is how containers say that nobody knows. */
function languageOf(said: string | undefined): string | null {
  const tag = (said ?? "").toLowerCase();
  const plain = tag.length <= LANGUAGE_CHARS_MAX && /^[a-z]{2,3}(?:-[a-z0-9]{1,8})*$/.test(tag) && tag !== "und";
  return plain ? tag : null;
}

const titleOf = (said: string | undefined): string | null =>
  (said ?? "")
    .toWellFormed()
    .replace(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, SOUND_TITLE_CHARS_MAX) || null;

const finite = (n: number) => (Number.isFinite(n) && n > 0 ? n : 0);
const msOf = (seconds: string | undefined) => Math.round(finite(Number(seconds)) * 1000);

function ratioOf(text: string | undefined): number {
  const [num, den] = (text ?? "").split(/[:/]/).map(Number);
  return finite((num ?? 0) / (den ?? 0));
}

function clockMs(text: string | undefined): number {
  const match = /^(\d{1,4}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text ?? "");
  return match ? Math.round((Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1000) : 0;
}
