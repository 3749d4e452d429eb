import type { Json } from "#kernel/json.ts";
import type { ClientFrame, Cursor, Page, Readiness, WireItem } from "#systems/realtime/contract.ts";

/** An item with its number. */
export interface LiveItem extends WireItem {
  seq: number;
}

/** What somebody who follows a stream is told. All of these are called in order, and none after `ended`. */
export interface Follower {
  /** What comes next: in order, without a gap, each once. `cursor` is behind the last of them; keep both together. */
  items(items: readonly LiveItem[], cursor: Cursor): void;
  /** What came before this is another history, or is not kept any more: take the state anew. What comes next is behind it. */
  anew(cursor: Cursor): void;
  /** Everything up to the head was told. */
  settled?(): void;
  ephemeral?(slot: string, person_id: string | null, data: Json): void;
  /** It is not for them any more, or there is no such stream. */
  ended(code: string): void;
}

export interface FollowedNeeds {
  stream: string;
  /** @returns false where no line is open */
  say(frame: ClientFrame): boolean;
  /** A stream that could not be opened is asked for again a little later. */
  later(work: () => void): void;
  follower: Follower;
}

/** One stream as a client has it: applies in order, notices gaps, and pulls what lacks. Pure; frames in, frames out. */
export interface Followed {
  /** For `resume`. */
  cursor(): Cursor | null;
  readied(readiness: Readiness): void;
  items(epoch: string, first: number, items: readonly WireItem[]): void;
  page(page: Page): void;
  lag(head: number): void;
  gone(code: string): void;
  ephemeral(slot: string, person_id: string | null, data: Json): void;
  /** The line is gone. */
  lost(): void;
}

/** Items that came before one that lacks. Beyond it they are pulled again. */
const HELD_ITEMS_MAX = 1_000;
const PULL_ITEMS = 200;

export function createFollowed(needs: FollowedNeeds, from: Cursor | null): Followed {
  const { stream, say, follower } = needs;
  let epoch = from?.[0] ?? null;
  let pos = from === null ? 0 : Number(from[1]);
  /** The highest number that is known to be. */
  let head = pos;
  let pulling = false;
  /** It is pushed no more: once everything was pulled, it is resumed. */
  let lagging = false;
  let ended = false;
  const held = new Map<number, WireItem>();

  const cursorNow = (): Cursor => [epoch!, String(pos)];

  function apply(first: number, items: readonly WireItem[]): void {
    const next: LiveItem[] = [];
    const take = (item: WireItem) => {
      pos += 1;
      next.push({ ...item, seq: pos });
    };
    for (const [i, item] of items.entries()) {
      const seq = first + i;
      if (seq > head) head = seq;
      if (seq <= pos) continue;
      if (seq === pos + 1) take(item);
      else if (held.size < HELD_ITEMS_MAX) held.set(seq, item);
    }
    for (let item = held.get(pos + 1); item; item = held.get(pos + 1)) take(item);
    for (const seq of held.keys()) if (seq <= pos) held.delete(seq);
    if (next.length > 0) follower.items(next, cursorNow());
  }

  /** Something lacks: one pull at a time, until nothing does. */
  function mend(): void {
    if (ended || pulling) return;
    if (pos < head) pulling = say(["pull", stream, { after: String(pos) }, PULL_ITEMS]);
    else if (lagging) {
      if (say(["resume", { [stream]: cursorNow() }])) lagging = false;
    } else follower.settled?.();
  }

  function anew(to_epoch: string, at: number): void {
    epoch = to_epoch;
    pos = at;
    head = at;
    held.clear();
    pulling = false;
    follower.anew(cursorNow());
  }

  function end(code: string): void {
    if (ended) return;
    ended = true;
    held.clear();
    follower.ended(code);
  }

  return {
    cursor: () => (epoch === null ? null : cursorNow()),
    readied(readiness) {
      if (ended) return;
      if (readiness[0] === "refused") {
        if (readiness[1] !== "realtime.unavailable") return end(readiness[1]);
        return needs.later(() => {
          if (!ended) say(["resume", { [stream]: epoch === null ? null : cursorNow() }]);
        });
      }
      const [state, at_epoch, at_head] = readiness;
      const at = Number(at_head);
      lagging = false;
      if (state === "reset" || (epoch !== null && epoch !== at_epoch)) return anew(at_epoch, at);
      if (epoch === null) {
        epoch = at_epoch;
        pos = at;
        head = at;
        return follower.anew(cursorNow());
      }
      // What lies up to the head comes by itself; of a gap, it does not.
      if (state === "gap") {
        head = Math.max(head, at);
        mend();
      } else if (pos >= at) follower.settled?.();
    },
    items(of_epoch, first, items) {
      if (ended) return;
      // Of another history: the house says in a moment which one holds.
      if (of_epoch !== epoch) return void say(["resume", { [stream]: epoch === null ? null : cursorNow() }]);
      apply(first, items);
      mend();
    },
    page(page) {
      if (ended || !pulling) return;
      pulling = false;
      const at = Number(page.head);
      if (page.epoch !== epoch) return anew(page.epoch, at);
      // What lacks is not kept any more.
      if (Number(page.floor) > pos + 1) return anew(page.epoch, at);
      if (at > head) head = at;
      if (page.first_seq !== null) apply(Number(page.first_seq), page.items);
      mend();
    },
    lag(at) {
      if (ended) return;
      lagging = true;
      head = Math.max(head, at);
      mend();
    },
    gone: end,
    ephemeral(slot, person_id, data) {
      if (!ended) follower.ephemeral?.(slot, person_id, data);
    },
    lost() {
      pulling = false;
      lagging = false;
      held.clear();
      head = pos;
    },
  };
}
