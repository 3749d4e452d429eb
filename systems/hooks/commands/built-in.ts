import { Problem } from "#kernel/errors.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { ChannelId, MessageId } from "#systems/chat/index.ts";

import { REMIND_MS_MAX } from "../bounds.ts";
import type { Ground } from "../needs.ts";
import { checkedWords, wordsAsked } from "../words.ts";

/** A command that was given: by whom, where, and what stood after its name. */
export interface Given {
  viewer: SignedIn;
  channel_id: ChannelId;
  root_id: MessageId | null;
  cid: string;
  args: string;
}

export interface Did {
  whisper: string | null;
  message_id: string | null;
}

interface BuiltIn {
  hint: string;
  description: string;
  run(ground: Ground, given: Given): Promise<Did>;
}

const whisper = (text: string): Did => ({ whisper: text, message_id: null });
const usage = (text: string) => new Problem(422, "command.usage", text);

async function say({ chat }: Ground, { viewer, channel_id, cid, root_id }: Given, text: string): Promise<Did> {
  const sent = await chat.send(viewer, channel_id, cid, wordsAsked(checkedWords(text, "command.usage"), root_id));
  return { whisper: null, message_id: sent.id };
}

/** Each is a deed of chat's, with chat's own rules: there is nothing here that could not be done without a command. */
export const BUILT_IN: Readonly<Record<string, BuiltIn>> = {
  me: {
    hint: "what you do",
    description: "Say what you do",
    async run(ground, given) {
      if (given.args === "") throw usage("Say what you do: /me waves");
      const card = (await ground.people.cards([given.viewer.person_id])).get(given.viewer.person_id);
      return say(ground, given, `* ${card?.display_name ?? given.viewer.handle} ${given.args}`);
    },
  },
  shrug: {
    hint: "words",
    description: "Add ¯\\_(ツ)_/¯ to your words",
    run: (ground, given) => say(ground, given, `${given.args} ¯\\_(ツ)_/¯`.trim()),
  },
  topic: {
    hint: "words",
    description: "Set what the channel is about",
    async run({ chat }, { viewer, channel_id, args }) {
      if (args.length > 250) throw usage("A topic has 250 characters at most.");
      await chat.channels.change(viewer, channel_id, { topic: args });
      return whisper(args === "" ? "The topic was taken away." : "The topic was set.");
    },
  },
  invite: {
    hint: "@person …",
    description: "Put people into the channel",
    async run({ chat }, { viewer, channel_id, args }) {
      const handles = args.split(/[\s,]+/).filter((word) => /^@?[A-Za-z][A-Za-z0-9_]{1,29}$/.test(word));
      if (handles.length === 0 || handles.length > 50) throw usage("Name them: /invite @astrid @birger");
      await chat.members.add(viewer, channel_id, handles);
      return whisper(handles.length === 1 ? "They are in." : "All of them are in.");
    },
  },
  leave: {
    hint: "",
    description: "Leave the channel",
    async run({ chat }, { viewer, channel_id }) {
      await chat.members.leave(viewer, channel_id);
      return whisper("You left.");
    },
  },
  mute: {
    hint: "",
    description: "Hear of your own name alone",
    async run({ chat }, { viewer, channel_id }) {
      await chat.members.wish(viewer, channel_id, { muted: true });
      return whisper("Muted. /unmute takes it back.");
    },
  },
  unmute: {
    hint: "",
    description: "Hear of the channel again",
    async run({ chat }, { viewer, channel_id }) {
      await chat.members.wish(viewer, channel_id, { muted: false });
      return whisper("You hear of this channel again.");
    },
  },
  status: {
    hint: "[emoji] words",
    description: "Set what others see beside your name; nothing takes it away",
    async run({ chat }, { viewer, args }) {
      const [first = "", ...rest] = args.split(" ");
      const emoji = /^\p{RGI_Emoji}$/v.test(first) ? first : null;
      const text = emoji === null ? args : rest.join(" ").trim();
      if (text.length > 100) throw usage("A status has 100 characters at most.");
      await chat.presences.set(viewer, { status_text: text, status_emoji: emoji, status_until: null });
      return whisper(text === "" && emoji === null ? "Your status was taken away." : "Your status was set.");
    },
  },
  remind: {
    hint: "20m | 3h | 2d  words",
    description: "Write something to yourself later",
    async run(ground, { viewer, args }) {
      const asked = /^(\d{1,5}) ?(m|min|h|d)\s+(\S[^]*)$/.exec(args);
      if (!asked) throw usage("Say when and what: /remind 20m Look at the oven");
      const [, count = "", unit = "", words = ""] = asked;
      const wait_ms = Number(count) * { m: MINUTE_MS, min: MINUTE_MS, h: HOUR_MS, d: DAY_MS }[unit]!;
      if (wait_ms < MINUTE_MS || wait_ms > REMIND_MS_MAX) throw usage("Between a minute and a year from now.");
      const { id } = await ground.chat.channels.openDirect(viewer, viewer.handle);
      const send_at = rfc3339(ground.clock.now() + wait_ms);
      const body = checkedWords(words, "command.usage");
      await ground.chat.writing.schedule(viewer, id, { body, root_id: null, send_at });
      return whisper(`You will find it among your notes to yourself in ${count} ${unit}.`);
    },
  },
};
