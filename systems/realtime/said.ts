import { z } from "zod";

import { Problem } from "#kernel/errors.ts";
import { BIGINT_MAX } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";

import { CID_CHARS_MAX, STREAM_CHARS_MAX } from "./bounds.ts";
import { type ClientFrame, PULL_ITEMS_MAX, RESUME_STREAMS_MAX } from "./contract.ts";
import { partsOf } from "./streams.ts";

const zStream = z
  .string()
  .max(STREAM_CHARS_MAX)
  .refine((text) => partsOf(text) !== null);
/** 0 is before the first. Numbers are bigint in SQL and far below 2^53. */
const zSeq = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,15})$/)
  .refine((text) => BigInt(text) <= BIGINT_MAX && Number.isSafeInteger(Number(text)));
const zEpoch = z.string().regex(/^[0-9A-Za-z]{1,32}$/);
const zCursor = z.tuple([zEpoch, zSeq]);
const zJson = z.unknown().transform((value) => value as Json);
const zStreams = <T extends z.ZodType>(of: T) =>
  z.record(zStream, of).refine((record) => Object.keys(record).length <= RESUME_STREAMS_MAX);

const FRAMES: { [name in ClientFrame[0]]: z.ZodType } = {
  identify: z.tuple([z.literal("identify"), z.string().min(1).max(256)]),
  resume: z.tuple([z.literal("resume"), zStreams(z.nullable(zCursor))]),
  leave: z.tuple([z.literal("leave"), z.array(zStream).max(RESUME_STREAMS_MAX)]),
  send: z.tuple([
    z.literal("send"),
    zStream,
    z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/)
      .max(CID_CHARS_MAX),
    zJson,
  ]),
  pull: z.tuple([
    z.literal("pull"),
    zStream,
    z.union([z.strictObject({ after: zSeq }), z.strictObject({ before: zSeq })]),
    z.number().int().min(1).max(PULL_ITEMS_MAX),
  ]),
  ack: z.tuple([z.literal("ack"), zStream, zSeq]),
  read: z.tuple([z.literal("read"), zStream, zSeq]),
  eph: z.tuple([z.literal("eph"), zStream, z.string().regex(/^[a-z][a-z0-9_]{0,31}$/), zJson]),
  active: z.tuple([z.literal("active"), z.boolean()]),
  ping: z.tuple([z.literal("ping"), z.union([z.number(), z.string().max(64), z.null()])]),
};

/** @throws Problem 400 `realtime.broken_frame` */
export function readFrame(text: string): ClientFrame {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    throw brokenFrame();
  }
  const name: unknown = Array.isArray(said) ? said[0] : null;
  if (typeof name !== "string" || !Object.hasOwn(FRAMES, name)) throw brokenFrame();
  const read = FRAMES[name as ClientFrame[0]].safeParse(said);
  if (!read.success) throw brokenFrame();
  return read.data as ClientFrame;
}

const brokenFrame = () => new Problem(400, "realtime.broken_frame", "This is no frame of the line. See PROTOCOL.md.");
