import type { Clock } from "#ports/clock/index.ts";
import {
  type Conversation,
  type Dialect,
  type End,
  type Known,
  LINE_CLOSE,
  mayListen,
} from "#systems/realtime/index.ts";

import { history, presence, publish } from "./asking.ts";
import * as b from "./bounds.ts";
import { type Command, readCommands, readMessages } from "./commands.ts";
import { DISCONNECT, MESSAGE_BYTES_MAX, PING_S, PONG_S_MAX } from "./contract.ts";
import { ofFailure, refusal } from "./refusals.ts";
import { createSubscriptions } from "./subscriptions.ts";
import { JSON_WORDS } from "./words-json.ts";
import { PROTOBUF_WORDS } from "./words-protobuf.ts";
import type { Words } from "./words.ts";

type Of<M extends Command["method"]> = Extract<Command, { method: M }>;

export interface TalkNeeds {
  clock: Clock;
  /** When a token ends; null for one that does not. */
  tokenEnd(token: string): Promise<Date | null>;
  /** What the house says of itself in its answer to `connect`. */
  version: string;
}

/** How Centrifugo's client protocol is written down. */
export type Script = "json" | "protobuf";

/** Centrifugo's client protocol: commands and replies, as lines of JSON or as messages of Protocol Buffers. */
export function createDialect(script: Script, needs: TalkNeeds): Dialect<Command> {
  const words: Words = script === "json" ? JSON_WORDS : PROTOBUF_WORDS;
  return {
    wording: words,
    bounds: { message_chars_max: MESSAGE_BYTES_MAX, waiting_max: b.COMMANDS_WAITING_MAX },
    closing: (code, reason) => CLOSING[code] ?? { code, reason },
    begin: (end) => talk(end, words, script, needs),
  };
}

const CLOSING: { [code: number]: { code: number; reason: string } } = {
  [LINE_CLOSE.going_away]: { code: DISCONNECT.shutdown, reason: "shutdown" },
  [LINE_CLOSE.unauthorized]: { code: DISCONNECT.expired, reason: "connection expired" },
  [LINE_CLOSE.forbidden]: { code: DISCONNECT.force_no_reconnect, reason: "force disconnect" },
  [LINE_CLOSE.slow]: { code: DISCONNECT.slow, reason: "slow" },
  [LINE_CLOSE.broken]: { code: DISCONNECT.bad_request, reason: "bad request" },
  [LINE_CLOSE.too_many]: { code: DISCONNECT.too_many_requests, reason: "too many requests" },
  [LINE_CLOSE.internal]: { code: DISCONNECT.server_error, reason: "internal server error" },
};

function talk(end: End, words: Words, script: Script, needs: TalkNeeds): Conversation<Command> {
  const { clock, version } = needs;
  const subscriptions = createSubscriptions(end, words);
  let known: Known | null = null;
  let tried = false;
  /** When the last `{}` was said, and whether it was answered. */
  let pinged = { at_ms: clock.monotonic(), answered: true };

  async function connect({ id, asked }: Of<"connect">): Promise<void> {
    if (tried) return end.close(DISCONNECT.bad_request, "bad request");
    tried = true;
    const { token } = asked;
    let who = known;
    if (token) {
      const viewer = await end.authenticate(token);
      // Whether it ended or never was, another one is what helps.
      if (!viewer) return end.say(words.refuse(id, refusal("token_expired")));
      who = { viewer, token };
    }
    if (!who) return end.say(words.refuse(id, refusal("unauthorized")));
    if (!mayListen(who.viewer)) return end.close(LINE_CLOSE.forbidden, "not for you");
    const expiry = await expiryOf(token);
    if (end.closed || !end.enter(who)) return;
    const client = crypto.randomUUID();
    end.say(words.reply(id, "connect", { client, version, ping: PING_S, pong: true, ...expiry }));
  }

  async function expiryOf(token: string | undefined): Promise<{ expires: true; ttl: number } | Record<string, never>> {
    const until = token ? await needs.tokenEnd(token) : null;
    if (!until) return {};
    const left_s = Math.floor((until.getTime() - clock.now()) / 1_000) - b.REFRESH_EARLY_S;
    return { expires: true, ttl: Math.min(Math.max(1, left_s), b.TTL_S_MAX) };
  }

  async function refresh({ id, asked }: Of<"refresh">): Promise<void> {
    const token = asked.token ?? "";
    const viewer = token === "" ? null : await end.authenticate(token);
    // The client asks for another one in a while, and has the time for it.
    if (!viewer) return end.say(words.refuse(id, { ...refusal("token_expired"), temporary: true }));
    if (viewer.person_id !== end.viewer?.person_id) return end.close(DISCONNECT.invalid_token, "invalid token");
    if (!mayListen(viewer)) return end.close(LINE_CLOSE.forbidden, "not for you");
    const expiry = await expiryOf(token);
    if (end.closed || !end.enter({ viewer, token })) return;
    end.say(words.reply(id, "refresh", expiry));
  }

  async function handle(command: Exclude<Command, { method: "pong" | "subscribe" }>): Promise<void> {
    const { id } = command;
    switch (command.method) {
      case "connect":
        return connect(command);
      case "refresh":
        return refresh(command);
      case "unsubscribe":
        subscriptions.unsubscribe(command.asked.channel);
        return end.say(words.reply(id, "unsubscribe", {}));
      case "publish":
        return publish(end, words, command);
      case "history":
        return history(end, words, command);
      case "presence":
      case "presence_stats":
        return presence(end, words, command);
      case "ping":
        return end.say(words.reply(id, "ping", {}));
      case "rpc":
        return end.say(
          words.refuse(id, refusal("method_not_found", "nothing is called here: the house's API is at /v1")),
        );
      case "sub_refresh":
        return end.say(words.refuse(id, refusal("not_available", "subscriptions have no tokens here")));
      case "send":
        // It has no answer that could say so.
        return end.close(DISCONNECT.not_available, "not available");
    }
  }

  return {
    ...subscriptions,
    opened(by) {
      known = by;
      void clock.sleep(b.CONNECT_MS_MAX).then(() => {
        if (!end.viewer) end.close(DISCONNECT.stale, "stale");
      });
    },
    read(said) {
      if ((typeof said === "string") !== (script === "json")) throw new Error("not what was agreed on");
      const commands = typeof said === "string" ? readCommands(said) : readMessages(said);
      pinged.answered = true;
      return commands.filter(({ method }) => method !== "pong");
    },
    together(waiting) {
      const channels = new Set<string>();
      for (const command of waiting) {
        if (command.method !== "subscribe" || channels.size >= b.SUBSCRIBED_AT_ONCE_MAX) break;
        channels.add(command.asked.channel);
      }
      return Math.max(1, channels.size);
    },
    async handle(commands) {
      await end.turn();
      const [first] = commands;
      if (!first || first.method === "pong") return;
      if (!end.viewer && first.method !== "connect") return end.close(DISCONNECT.bad_request, "bad request");
      if (first.method === "subscribe")
        return subscriptions.subscribe(commands.filter((command) => command.method === "subscribe"));
      try {
        await handle(first);
      } catch (error) {
        if (!end.closed) end.say(words.refuse(first.id, ofFailure(end, error)));
      }
    },
    move(wait_ms) {
      void clock.sleep(wait_ms).then(() => end.close(LINE_CLOSE.going_away, "the house closes"));
    },
    look(now_ms) {
      if (!end.viewer) return;
      const silent_ms = now_ms - pinged.at_ms;
      if (!pinged.answered) {
        if (silent_ms >= PONG_S_MAX * 1_000) end.close(DISCONNECT.no_pong, "no pong");
      } else if (silent_ms >= PING_S * 1_000) {
        pinged = { at_ms: now_ms, answered: false };
        end.say(words.ping);
      }
    },
    ended() {},
  };
}
