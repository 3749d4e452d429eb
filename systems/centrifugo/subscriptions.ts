import type { End, Readiness, Voice } from "#systems/realtime/index.ts";
import { partsOf } from "#systems/realtime/index.ts";

import type { Command } from "./commands.ts";
import { UNSUBSCRIBE } from "./contract.ts";
import { notNow, ofStream, refusal } from "./refusals.ts";
import type { Words } from "./words.ts";

type Subscribe = Extract<Command, { method: "subscribe" }>;

/** Of the bits of `flag`: whoever cannot be given all that they missed is refused instead. */
const REJECT_UNRECOVERED = 2;

/** What one connection is subscribed to, and what it is told of that. */
export interface Subscriptions extends Voice {
  subscribe(commands: readonly Subscribe[]): Promise<void>;
  unsubscribe(channel: string): void;
}

/** Asked for, and not yet answered. */
interface Asked {
  id: number;
  /** Where the client is; null: it wants what comes. */
  from: number | null;
  must_recover: boolean;
}

/** What comes next is part of the answer. */
interface Waiting {
  id: number;
  epoch: string;
  from: number;
}

export function createSubscriptions(end: End, words: Words): Subscriptions {
  const asked = new Map<string, Asked>();
  const waiting = new Map<string, Waiting>();

  function take<T>(map: Map<string, T>, channel: string): T | null {
    const found = map.get(channel) ?? null;
    map.delete(channel);
    return found;
  }
  function drop(channel: string, code: number, reason: string): void {
    end.listening?.leave([channel]);
    end.say(words.unsubscribed(channel, code, reason));
  }
  /** It comes back from where it is. */
  const again = (channel: string) => drop(channel, UNSUBSCRIBE.insufficient_state, "insufficient state");

  function answer(channel: string, { id, from, must_recover }: Asked, ready: Readiness): void {
    if (ready[0] === "refused") return end.say(words.refuse(id, ofStream(ready[1])));
    const [state, epoch, head] = ready;
    if (state !== "ok" && must_recover) {
      end.listening?.leave([channel]);
      return end.say(words.refuse(id, refusal("unrecoverable_position")));
    }
    // Its first missed items are on their way here, and go with the answer.
    if (state === "ok" && from !== null && from < Number(head)) return void waiting.set(channel, { id, epoch, from });
    const offset = state === "ok" && from !== null ? from : Number(head);
    end.say(
      words.subscribed(id, { epoch, offset, recovered: from === null ? null : state === "ok", publications: [] }),
    );
  }

  return {
    async subscribe(commands) {
      const resumed = new Map<string, [epoch: string, seq: string] | null>();
      for (const { id, asked: ask } of commands) {
        const { channel, recover = false, offset = 0, epoch = "", flag = 0, type = 0 } = ask;
        if (type !== 0) end.say(words.refuse(id, refusal("not_available", "channels are streams here, and no maps")));
        else if (ask.tf !== undefined)
          end.say(words.refuse(id, refusal("bad_request", "publications are not filtered by tags here")));
        else if (!partsOf(channel)) end.say(words.refuse(id, refusal("unknown_channel")));
        else if (end.listening?.has(channel) || resumed.has(channel))
          end.say(words.refuse(id, refusal("already_subscribed")));
        else {
          resumed.set(channel, recover ? [epoch, String(offset)] : null);
          asked.set(channel, {
            id,
            from: recover ? offset : null,
            must_recover: recover && (flag & REJECT_UNRECOVERED) !== 0,
          });
        }
      }
      if (resumed.size > 0) await end.listening?.resume(resumed);
    },
    unsubscribe(channel) {
      const unanswered = take(waiting, channel);
      if (unanswered) end.say(words.refuse(unanswered.id, notNow("unsubscribed meanwhile")));
      end.listening?.leave([channel]);
    },

    ready(answers) {
      for (const [channel, ready] of Object.entries(answers)) {
        const ask = take(asked, channel);
        if (ask) {
          answer(channel, ask, ready);
          continue;
        }
        // Another history, by itself.
        const unanswered = take(waiting, channel);
        if (unanswered && ready[0] !== "refused")
          end.say(
            words.subscribed(unanswered.id, {
              epoch: ready[1],
              offset: Number(ready[2]),
              recovered: false,
              publications: [],
            }),
          );
        else again(channel);
      }
    },
    items(news) {
      const first = waiting.get(news.stream);
      if (!first) return end.push(news.in(words));
      const publications = news.items.map(({ text }, i) => ({ offset: news.first_seq + i, item: text }));
      const { id, epoch, from } = first;
      if (!end.push(words.subscribed(id, { epoch, offset: from, recovered: true, publications }))) return false;
      waiting.delete(news.stream);
      return true;
    },
    lag(channel) {
      const unanswered = take(waiting, channel);
      if (!unanswered) return again(channel);
      end.listening?.leave([channel]);
      end.say(words.refuse(unanswered.id, notNow("what was missed could not be read just now")));
    },
    gone(channel) {
      const unanswered = take(waiting, channel);
      if (unanswered) end.say(words.refuse(unanswered.id, refusal("permission_denied")));
      else drop(channel, UNSUBSCRIBE.permission_denied, "permission denied");
    },
    ephemeral(channel, { slot, person_id, data }) {
      if (!waiting.has(channel)) end.pushLossy(words.ephemeral(channel, slot, person_id, data));
    },
  };
}
