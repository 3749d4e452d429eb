import type { History, Message } from "#systems/chat/contract.ts";

/** A piece of a channel as it is held by the page: whole from its first to its last message. */
export interface Held {
  items: readonly Message[];
  more_before: boolean;
  more_after: boolean;
}

export const NOTHING: Held = { items: [], more_before: false, more_after: false };
/** Messages on the page at once. What is beyond is let go on the far side and asked for again when somebody goes there. */
export const HELD_MAX = 240;

const before = (a: string, b: string) => a.length < b.length || (a.length === b.length && a < b);

/** Two lists in order, each message once; of two the newer version. */
function joined(a: readonly Message[], b: readonly Message[]): Message[] {
  const known = new Map(a.map((one) => [one.id, one]));
  for (const one of b) known.set(one.id, one);
  return [...known.values()].sort((x, y) => (x.seq === y.seq ? 0 : before(x.seq, y.seq) ? -1 : 1));
}

/** What stands before the first. The far end is let go. */
export function withOlder(held: Held, page: History): Held {
  const items = joined(page.items, held.items);
  return {
    items: items.slice(0, HELD_MAX),
    more_before: page.more_before,
    more_after: held.more_after || items.length > HELD_MAX,
  };
}

/** What stands after the last. */
export function withNewer(held: Held, page: History): Held {
  const items = joined(held.items, page.items);
  return {
    items: items.slice(-HELD_MAX),
    more_before: held.more_before || items.length > HELD_MAX,
    more_after: page.more_after,
  };
}

/** A message as it stands now. A new one is taken where it follows what is held; elsewhere it is found when somebody goes there. */
export function withMessage(held: Held, message: Message): Held {
  if (held.items.some((one) => one.id === message.id))
    return { ...held, items: held.items.map((one) => (one.id === message.id ? message : one)) };
  const [first] = held.items;
  if (held.more_after || (first && held.more_before && before(message.seq, first.seq))) return held;
  return withNewer(held, { items: [message], more_before: false, more_after: false });
}

/** Of each of the chats that were last looked at, so that they open without a line; the rest is asked for. */
export const KEPT_MESSAGES_MAX = 50;

/** The end of a conversation, as it would be shown again. @returns null where what is held is not its end */
export function endOf({ items, more_before, more_after }: Held): Held | null {
  if (more_after || items.length === 0) return null;
  return {
    items: items.slice(-KEPT_MESSAGES_MAX),
    more_before: more_before || items.length > KEPT_MESSAGES_MAX,
    more_after: false,
  };
}

const SAME_HAND_MS = 5 * 60_000;

export interface Row {
  message: Message;
  /** Written right after one by the same person: without face and name. */
  follows: boolean;
  /** The first of its day, by the reader's own clock. */
  day: boolean;
  /** The first that was not read when the channel was opened. */
  fresh: boolean;
}

/** As they are drawn. What was deleted is left out, unless answers hang on it. */
export function rowsOf(items: readonly Message[], first_unread_seq: string | null): Row[] {
  const rows: Row[] = [];
  let drawn = false;
  for (const message of items) {
    if (message.deleted && message.replies === 0) continue;
    const last = rows.at(-1)?.message;
    const day = !last || dayOf(last.created_at) !== dayOf(message.created_at);
    const fresh = !drawn && first_unread_seq !== null && !before(message.seq, first_unread_seq);
    if (fresh) drawn = true;
    const follows =
      !day &&
      !fresh &&
      last !== undefined &&
      !last.deleted &&
      !message.deleted &&
      last.author?.id === message.author?.id &&
      last.guise?.name === message.guise?.name &&
      message.reply_to === null &&
      Date.parse(message.created_at) - Date.parse(last.created_at) < SAME_HAND_MS;
    rows.push({ message, follows, day, fresh });
  }
  return rows;
}

export const dayOf = (at: string) => new Date(at).toDateString();
export const isBefore = before;
