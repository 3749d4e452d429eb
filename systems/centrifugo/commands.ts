import { z } from "zod";

import type { Json } from "#kernel/json.ts";

import * as b from "./bounds.ts";
import { decode, unframed } from "./protobuf.ts";
import { COMMAND } from "./shapes.ts";

const zChannel = z.string().max(b.CHANNEL_CHARS_MAX);
const zToken = z.string().max(b.TOKEN_CHARS_MAX);
const zEpoch = z.string().max(b.EPOCH_CHARS_MAX);
/** 0 is before the first. Numbers of streams stay below 2^53, so JSON's numbers have them all. */
const zOffset = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const zWhole = z.number().int();
/** Of what nobody here makes use. */
const zJson = z.unknown().transform((value) => value as Json | undefined);
const zOfChannel = z.object({ channel: zChannel });

const zCommand = z.object({
  id: z.number().int().min(0).max(0xffff_ffff).optional(),
  connect: z.object({ token: zToken.optional() }).optional(),
  subscribe: z
    .object({
      channel: zChannel,
      recover: z.boolean().optional(),
      epoch: zEpoch.optional(),
      offset: zOffset.optional(),
      flag: zWhole.optional(),
      type: zWhole.optional(),
      tf: zJson.optional(),
    })
    .optional(),
  unsubscribe: zOfChannel.optional(),
  publish: z.object({ channel: zChannel, data: zJson, type: zWhole.optional() }).optional(),
  presence: zOfChannel.optional(),
  presence_stats: zOfChannel.optional(),
  history: z
    .object({
      channel: zChannel,
      limit: zWhole.optional(),
      since: z.object({ offset: zOffset.optional(), epoch: zEpoch.optional() }).optional(),
      reverse: z.boolean().optional(),
    })
    .optional(),
  ping: z.object({}).optional(),
  send: z.object({}).optional(),
  rpc: z.object({ method: z.string().max(255).optional() }).optional(),
  refresh: z.object({ token: zToken.optional() }).optional(),
  sub_refresh: zOfChannel.optional(),
});

type Fields = z.infer<typeof zCommand>;
export type Method = Exclude<keyof Fields, "id">;
type CommandOf<M extends Method> = { method: M; id: number; asked: NonNullable<Fields[M]> };
/** What a client says; `pong` is the empty one, by which it answers ours. */
export type Command = { [M in Method]: CommandOf<M> }[Method] | { method: "pong" };

const METHODS = [
  "connect",
  "subscribe",
  "unsubscribe",
  "publish",
  "presence",
  "presence_stats",
  "history",
  "ping",
  "send",
  "rpc",
  "refresh",
  "sub_refresh",
] as const satisfies readonly Method[];

/** One object a line. @throws for anything that is none, or none of ours */
export function readCommands(text: string): Command[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => commandOf(zCommand.parse(JSON.parse(line))));
}

/** Each with its length before it. @throws as above */
export function readMessages(bytes: Uint8Array): Command[] {
  return unframed(bytes).map((message) => {
    const said = decode(COMMAND, message);
    const { publish } = said as { publish?: { data?: Uint8Array } };
    // Streams are of JSON, and so is what is told to them.
    const data = publish?.data === undefined ? {} : { data: JSON.parse(utf8.decode(publish.data)) as Json };
    return commandOf(zCommand.parse(publish ? { ...said, publish: { ...publish, ...data } } : said));
  });
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function commandOf(said: Fields): Command {
  const { id = 0 } = said;
  const method = METHODS.find((name) => said[name] !== undefined);
  if (!method) {
    if (id === 0) return { method: "pong" };
    throw new Error("a command asks for something");
  }
  if (id === 0 && method !== "send") throw new Error("a command that is answered has a number");
  return { method, id, asked: said[method] } as Command;
}
