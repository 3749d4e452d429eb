import { expect, test } from "bun:test";

import type { Json } from "#kernel/json.ts";

import { messageFrom } from "../chat/from-line.ts";
import { readWhisper } from "./given.ts";

const bot = {
  id: "7",
  handle: "hook_x",
  display_name: "Builds",
  avatar: null,
  suspended: false,
  limited: false,
  private: false,
  bot: true as const,
};
const item = { id: "1", seq: 4, at: "2026-11-21T10:00:00.000Z", sender_id: "7", kind: "message.created" };
const said = { body: "Green", media: false, reply_to_id: null, root_id: null, in_channel: true, mention_ids: [] };
const channel = { id: "3", may: { moderate: false } } as never;
const read = (guise?: Json) =>
  messageFrom(
    item,
    { ...said, mentions_all: null, ...(guise === undefined ? {} : { guise }) } as { [key: string]: Json },
    channel,
    { id: "9" },
    () => bot,
  );

test("WEB222: a program's message has its own name and emoji as it comes over the line, and is a bot's all the same", () => {
  expect(read({ name: "CI", emoji: "🟢" })).toMatchObject({
    guise: { name: "CI", emoji: "🟢" },
    author: { bot: true },
  });
  expect(read({ name: 7, emoji: "🟢" })).toMatchObject({ guise: { name: null, emoji: "🟢" } });
  for (const nothing of [undefined, null, "x", [1]]) expect("guise" in read(nothing)!).toBe(false);
});

test("WEB223: a whisper has a command and words; anything else is none", () => {
  const whole = { channel_id: "3", root_id: null, command: "deploy", text: "Done", bot_id: "7" };
  expect(readWhisper(whole)).toEqual({ command: "deploy", text: "Done" });
  const others: Json[] = [null, "x", [], {}, { command: "x" }, { command: 1, text: "x" }];
  for (const none of others) expect(readWhisper(none)).toBeNull();
});
