import type { Json } from "#kernel/json.ts";
import type { End, PullAsked } from "#systems/realtime/index.ts";

import * as b from "./bounds.ts";
import type { Command } from "./commands.ts";
import { HISTORY_ITEMS_MAX } from "./contract.ts";
import { refusal } from "./refusals.ts";
import type { Words } from "./words.ts";

type Of<M extends Command["method"]> = Extract<Command, { method: M }>;

const CID = /^[A-Za-z0-9_-]+$/;

/** `{ cid, data }` and nothing else is a publication that may be sent again under its name; whatever else is the data itself. */
function letterOf(said: Json | undefined): { cid: string; data: Json } {
  const data = said ?? null;
  if (data !== null && typeof data === "object" && !Array.isArray(data)) {
    const { cid, data: inner, ...rest } = data;
    const is_letter = typeof cid === "string" && inner !== undefined && Object.keys(rest).length === 0;
    if (is_letter && cid.length <= b.CID_CHARS_MAX && CID.test(cid)) return { cid, data: inner };
  }
  return { cid: crypto.randomUUID(), data };
}

/** Answered after the commit. */
export async function publish(end: End, words: Words, { id, asked }: Of<"publish">): Promise<void> {
  if ((asked.type ?? 0) !== 0)
    return end.say(words.refuse(id, refusal("not_available", "channels are streams here, and no maps")));
  const { cid, data } = letterOf(asked.data);
  await end.send(asked.channel, cid, data);
  end.say(words.reply(id, "publish", {}));
}

/** Pages go both ways, and have fewer than were asked for where publications are large. */
export async function history(end: End, words: Words, { id, asked }: Of<"history">): Promise<void> {
  const { channel, limit = 0, since, reverse = false } = asked;
  await end.mayRead(channel);
  // One page waits at most: whoever reads slowly pages slowly.
  await end.drained();
  const offset = since?.offset ?? 0;
  const pull: PullAsked = reverse
    ? { before: String(since ? offset : Number.MAX_SAFE_INTEGER) }
    : { after: String(offset) };
  const most = limit < 0 ? HISTORY_ITEMS_MAX : Math.min(limit, HISTORY_ITEMS_MAX);
  const page = await end.page(channel, pull, Math.max(1, most));
  const is_other = since?.epoch !== undefined && since.epoch !== "" && since.epoch !== page.epoch;
  // What lay between is not kept any more.
  const is_gone = since !== undefined && !reverse && offset + 1 < page.floor;
  if (is_other || is_gone || (since !== undefined && offset > page.head + (reverse ? 1 : 0)))
    return end.say(words.refuse(id, refusal("unrecoverable_position")));
  const publications = most === 0 ? [] : page.items.map((item, i) => ({ offset: (page.first ?? 0) + i, item }));
  end.say(words.history(id, page.epoch, page.head, reverse ? publications.toReversed() : publications));
}

/** Of people, not of their connections: one entry for each who is here. */
export async function presence(
  end: End,
  words: Words,
  { id, method, asked }: Of<"presence"> | Of<"presence_stats">,
): Promise<void> {
  await end.mayRead(asked.channel);
  const { key, rules } = end.spokenFor(asked.channel, "here");
  const here = await rules.here!(end.viewer!, key);
  if (here === null)
    return end.say(words.refuse(id, refusal("not_available", "too many read this channel to say who of them is here")));
  end.say(
    method === "presence_stats"
      ? words.reply(id, method, { num_clients: here.length, num_users: here.length })
      : words.reply(id, method, {
          presence: Object.fromEntries(here.map((person) => [person, { client: person, user: person }])),
        }),
  );
}
