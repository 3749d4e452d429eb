import { createHash } from "node:crypto";

import { notFound, Problem, Transient } from "#kernel/errors.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Channel, ChannelId, MessageId } from "#systems/chat/index.ts";

import {
  ANSWER_MS_MAX,
  ANSWER_USES_MAX,
  COMMAND_ANSWER_BYTES_MAX,
  COMMAND_MS_MAX,
  COMMANDS_PER_HOME_MAX,
} from "../bounds.ts";
import { readBounded } from "../incoming/receive.ts";
import { type Ground, nowOf } from "../needs.ts";
import { personOf } from "../outgoing/payload.ts";
import { addressHash, isAddressSecret, makeAddressSecret, type Signing } from "../secrets.ts";
import { checkedWords, wordsAsked } from "../words.ts";
import { BUILT_IN, type Given } from "./built-in.ts";
import { signerOf } from "./commands.ts";
import type { CommandAnswer, Offer, Whisper } from "./contract.ts";
import * as store from "./store.ts";

export const ANSWER_PATH = "/hooks/answer/";

/** Commands that people give. */
export interface Giving {
  offered(viewer: SignedIn, channel_id: ChannelId): Promise<Offer[]>;
  /** @param origin under which programs reach the house, where nobody said another */
  give(
    viewer: SignedIn,
    channel_id: ChannelId,
    asked: { cid: string; text: string; root_id: MessageId | null },
    origin: string,
    signal: AbortSignal,
  ): Promise<CommandAnswer>;
  /** What a program says later, to the address that it was given. */
  answerLater(secret: string, request: Request): Promise<void>;
}

interface Said {
  text: string;
  in_channel: boolean;
}

export function createGiving(ground: Ground, signing: Signing): Giving {
  const { sql, clock, ids, people, chat, outside } = ground;

  /** The answer of a program: JSON as Slack's, or words. Nothing at all is an answer too. @throws Problem 422 `command.no_answer` */
  function saidOf(text: string): Said | null {
    if (text.trim() === "") return null;
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Words, then.
    }
    const asked = typeof parsed === "object" && parsed !== null ? (parsed as { [key: string]: unknown }) : { text };
    if (typeof asked.text !== "string" || asked.text.trim() === "") return null;
    return { text: checkedWords(asked.text, "command.no_answer"), in_channel: asked.response_type === "in_channel" };
  }

  /** Into the channel where the bot is in it; otherwise to who asked, and to nobody else. */
  async function speak(
    command: store.CommandRow,
    to: Pick<store.AnswerRow, "channel_id" | "root_id">,
    said: Said,
    cid: string,
  ): Promise<{ whisper: string | null; message_id: string | null }> {
    const bot = said.in_channel ? await people.bots.viewer(command.bot_id) : null;
    if (!bot) return { whisper: said.text, message_id: null };
    try {
      const sent = await chat.send(bot, to.channel_id, cid, wordsAsked(said.text, to.root_id));
      return { whisper: null, message_id: sent.id };
    } catch (error) {
      if (error instanceof Problem && (error.status === 404 || error.status === 403))
        return { whisper: said.text, message_id: null };
      throw error;
    }
  }

  async function askProgram(
    command: store.CommandRow,
    channel: Channel,
    given: Given,
    origin: string,
    signal: AbortSignal,
  ): Promise<CommandAnswer> {
    const { viewer, root_id, args, cid } = given;
    const cards = await people.cards([viewer.person_id, command.bot_id, command.owner_id]);
    const [asker, bot, owner] = [cards.get(viewer.person_id), cards.get(command.bot_id), cards.get(command.owner_id)];
    if (!asker || !bot || bot.suspended || !owner || owner.suspended) throw unknown(command.name);
    const { secret, hash } = makeAddressSecret("answer");
    const id = ids.next<"answer">();
    await store.insertAnswer(sql.pool, {
      id,
      hash,
      command_id: command.id,
      channel_id: channel.id,
      root_id,
      person_id: viewer.person_id,
      uses_left: ANSWER_USES_MAX,
      expires_at: new Date(clock.now() + ANSWER_MS_MAX),
    });
    const body = new TextEncoder().encode(
      JSON.stringify({
        type: "command",
        timestamp: rfc3339(clock.now()),
        data: {
          command: `/${command.name}`,
          text: args,
          person: personOf(asker),
          // A private conversation's name is nobody's but its people's.
          channel: {
            id: channel.id,
            kind: channel.kind,
            name: channel.space ? channel.name : null,
            space: channel.space && { id: channel.space.id, slug: channel.space.slug, name: channel.space.name },
          },
          root_id,
          response_url: new URL(ANSWER_PATH + secret, ground.public_url ?? origin).href,
        },
      }),
    );
    let words: string;
    try {
      const got = await outside.sendOutside(command.url, {
        headers: {
          ...signing.headers(signerOf(command), `cmd_${id}`, clock.now(), body),
          "content-type": "application/json",
          accept: "application/json",
        },
        body,
        ms_max: COMMAND_MS_MAX,
        answer_bytes_max: COMMAND_ANSWER_BYTES_MAX,
        signal,
      });
      if (got.status < 200 || got.status >= 300) throw noAnswer(`it answered ${got.status}`);
      words = new TextDecoder("utf-8", { fatal: true }).decode(got.words);
    } catch (error) {
      signal.throwIfAborted();
      const because =
        error instanceof Problem
          ? error.code === "command.no_answer"
            ? error.detail
            : `${error.code}: ${error.detail}`
          : error instanceof Transient
            ? error.message
            : error instanceof TypeError
              ? "It answered with what is no UTF-8."
              : null;
      if (because === null) throw error;
      await store.noteError(sql.pool, command.id, because, nowOf(ground));
      // Where it leads, and why not, is for who looks after it.
      throw error instanceof Problem && error.code === "command.no_answer" ? error : noAnswer("nothing came of it");
    }
    const said = saidOf(words);
    const spoken = said
      ? await speak(command, { channel_id: channel.id, root_id }, said, cidOf(`${viewer.person_id} ${cid}`))
      : { whisper: null, message_id: null };
    return { ...spoken, bot } as CommandAnswer;
  }

  return {
    async offered(viewer, channel_id) {
      const channel = await chat.channels.get(viewer, channel_id);
      const rows = await store.commandsIn(sql.pool, channel.space?.id ?? null, 2 * COMMANDS_PER_HOME_MAX);
      const cards = await people.cards(rows.map((row) => row.bot_id));
      const own = Object.entries(BUILT_IN).map(([name, { hint, description }]): Offer => ({
        name,
        hint,
        description,
        bot: null,
      }));
      const theirs = rows.flatMap(({ name, hint, description, bot_id }): Offer[] => {
        const bot = cards.get(bot_id);
        return bot && !bot.suspended ? [{ name, hint, description, bot }] : [];
      });
      return [...own, ...theirs];
    },

    async give(viewer, channel_id, { cid, text, root_id }, origin, signal) {
      const asked = /^\/([a-z][a-z0-9_-]{0,31})(?:\s+([^]*))?$/i.exec(text);
      if (!asked) throw new Problem(422, "command.usage", "A command is a slash, a name, and what it is about.");
      const channel = await chat.channels.get(viewer, channel_id);
      const name = asked[1]!.toLowerCase();
      const given = { viewer, channel_id, root_id, cid, args: (asked[2] ?? "").trim() };
      const built_in = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
      if (built_in) return { ...(await built_in.run(ground, given)), bot: null } as CommandAnswer;
      const command = await store.commandNamed(sql.pool, channel.space?.id ?? null, name);
      if (!command) throw unknown(name);
      // Who may not write here has no program write for them.
      if (!channel.may.send)
        throw new Problem(403, "command.may_not", channel.may.send_because ?? "You may not write here.");
      if (root_id !== null && (await chat.reading.message(viewer, root_id)).channel_id !== channel_id)
        throw notFound("message");
      return askProgram(command, channel, given, origin, signal);
    },

    async answerLater(secret, request) {
      const body = await readBounded(request, clock);
      const said = saidOf(body);
      if (!said) throw new Problem(422, "hook.no_text", "There is nothing to say: `text` is missing or empty.");
      const row = isAddressSecret(secret, "answer")
        ? await store.useAnswer(sql.pool, addressHash(secret), nowOf(ground))
        : null;
      const command = row && (await store.findCommand(sql.pool, row.command_id));
      if (!row || !command)
        throw new Problem(404, "hook.not_found", "This answer comes too late, or one too many times.");
      const asker = (await people.cards([row.person_id])).get(row.person_id);
      const bot = await people.bots.viewer(command.bot_id);
      if (!asker || asker.suspended || !bot)
        throw new Problem(404, "hook.not_found", "Who asked is here no more, or nobody answers for this program.");
      const { whisper } = await speak(command, row, said, cidOf(`${row.id} ${row.uses_left}`));
      if (whisper === null) return;
      const data: Whisper = {
        channel_id: row.channel_id,
        root_id: row.root_id,
        command: command.name,
        text: whisper,
        bot_id: command.bot_id,
      };
      ground.line.ephemeral(`person:${row.person_id}`, "whisper", command.bot_id, { ...data });
    },
  };
}

/** The same command that was given again is one message. */
const cidOf = (name: string): string => `hc${createHash("sha256").update(name).digest("base64url").slice(0, 40)}`;

const unknown = (name: string) =>
  new Problem(404, "command.unknown", `There is no command /${name} here. Type / to see those that there are.`);
const noAnswer = (why: string) =>
  new Problem(422, "command.no_answer", `The program behind this command was asked, and ${why}.`);
