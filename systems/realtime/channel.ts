import type { Bus } from "#ports/bus/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import * as b from "./bounds.ts";
import { PULL_ITEMS_MAX } from "./contract.ts";
import { type News, newsOf } from "./news.ts";
import type { Head, Reader } from "./reader.ts";
import { createRecent, fitting, type Kept, type RecentBudget } from "./recent.ts";
import { subjectOf } from "./streams.ts";
import type { Pushed, PushedEphemeral, PushedItems } from "./wire.ts";

/** One connection's listening to one stream. */
export interface Ear {
  person_id: string;
  /** It has everything up to here. */
  pos: number;
  /** Told at once of what comes; otherwise it is catching up, being asked about, or has lagged. */
  live: boolean;
  /** @returns false where it is too far behind and is told no more */
  hear(news: News): boolean;
  /** May they still? Nothing is told until that is known. */
  hold(): void;
  /** The stream is another one now; it is at this number. */
  renewed(head: Head): void;
  hearEphemeral(message: PushedEphemeral): void;
}

/** A stream on this node: one subscription on the bus, and one read per gap, for all who listen here. */
export interface Channel extends Disposable {
  readonly stream: string;
  readonly epoch: string;
  /** Everything up to here was told to who is live. */
  readonly told: number;
  readonly ears: Set<Ear>;
  /** Resolves when it knows where the stream is. @throws what reading threw */
  opened: Promise<void>;
  readonly is_open: boolean;
  /** What the database says; read after `asked_at_head`, which was the head when the question was asked. */
  isAt(head: Head, asked_at_head: number): void;
  /** The head as far as it is known without a hole. */
  readonly head: number;
  /** Tells what has come. */
  flush(): void;
  /** What is at hand above `after`, or is read once for all who ask. Null: it is not kept any more. */
  take(after: number): Promise<Kept[] | null>;
  /** What is at hand alone. */
  atHand(after: number, to: number): Kept[] | null;
  /** Resolves when no gap is being read. */
  filled(): Promise<void>;
  /** Goes up when the epoch changes. */
  readonly turn: number;
}

export interface ChannelNeeds {
  clock: Clock;
  bus: Bus;
  reader: Reader;
  budget: RecentBudget;
  /** Asks for a flush at the end of this turn. */
  dirty(channel: Channel): void;
  /** Asks the database where the stream is. */
  look(stream: string): Promise<void>;
  onFailure(error: unknown): void;
}

export function openChannel(stream: string, needs: ChannelNeeds): Channel {
  const { bus, clock, reader } = needs;
  const ears = new Set<Ear>();
  const ahead = new Map<number, Kept>();
  const recent = createRecent(needs.budget, 0);
  /** Heard before it is known where the stream is. */
  let early: PushedItems[] | null = [];
  let epoch = "";
  let head = 0;
  let told = 0;
  let known = 0;
  let turn = 0;
  let filling: Promise<void> | null = null;
  let loading: Promise<void> | null = null;
  const reads = new Map<number, Promise<Kept[] | null>>();
  const ephemeral = new Map<string, PushedEphemeral>();
  let ephemeral_due = false;
  let closed = false;
  /** Words at hand may be old since; what is being read meanwhile is not kept. */
  let redactions = 0;

  function add(item: Kept): void {
    recent.push(item);
    head += 1;
  }
  function drainAhead(): void {
    for (let next = ahead.get(head + 1); next; next = ahead.get(head + 1)) {
      ahead.delete(head + 1);
      add(next);
    }
    if (known < head) known = head;
  }
  function place(seq: number, item: Kept): void {
    if (seq <= head) return;
    if (seq > known) known = seq;
    if (seq === head + 1) add(item);
    else if (ahead.size < b.AHEAD_ITEMS_MAX) ahead.set(seq, item);
  }
  function settle(): void {
    drainAhead();
    if (head > told) needs.dirty(channel);
    if (known > head) filling ??= fill().finally(() => (filling = null));
  }

  function heard(message: PushedItems): void {
    if (early) {
      if (early.length < b.AHEAD_ITEMS_MAX) early.push(message);
      return;
    }
    // Another epoch: which of the two holds, the database says.
    if (message.epoch !== epoch) return void needs.look(stream);
    const rechecks = new Map(message.rechecks);
    const first = Number(message.first_seq);
    for (const [i, text] of message.items.entries())
      place(first + i, { text, recheck_id: rechecks.get(String(first + i)) ?? null });
    settle();
  }

  /** One at a time, whoever noticed. What was only overtaken on the bus comes by itself meanwhile. */
  async function fill(): Promise<void> {
    await clock.sleep(b.GAP_WAIT_MS);
    try {
      while (known > head && !closed) {
        const [at, began] = [head, turn];
        const { first, items } = await reader.after(stream, at, PULL_ITEMS_MAX);
        if (began !== turn) continue;
        // Not there, although somebody said so: the database knows best where the stream ends.
        if (items.length === 0) {
          known = head;
          await needs.look(stream);
          return;
        }
        // What lay between is not kept any more: whoever still needs it reads so in a page.
        if (first > head + 1) jump(first - 1);
        for (const [i, item] of items.entries()) place(first + i, item);
        drainAhead();
        if (head > told) needs.dirty(channel);
      }
    } catch (error) {
      // The next look at the heads finds it again.
      needs.onFailure(error);
      known = head;
    }
  }

  function jump(to: number): void {
    channel.flush();
    recent.clear(to);
    head = to;
    told = to;
    for (const seq of ahead.keys()) if (seq <= to) ahead.delete(seq);
    // Nobody knows what was said there of who may read.
    for (const ear of ears) ear.hold();
  }

  function renew(to: Head): void {
    turn += 1;
    epoch = to.epoch;
    head = to.seq;
    told = to.seq;
    known = to.seq;
    ahead.clear();
    recent.clear(to.seq);
    for (const ear of ears) {
      ear.pos = to.seq;
      ear.renewed(to);
      // The rules were restored with the streams.
      ear.hold();
    }
  }

  /** Everybody up to `to`; whoever must be asked again is held just before it. */
  function tell(from: number, to: number): void {
    const items = recent.slice(from - 1, to)!;
    const news = newsOf(stream, epoch, from, items);
    for (const ear of ears) {
      if (!ear.live || ear.pos !== from - 1) continue;
      if (ear.hear(news)) ear.pos = to;
      else ear.live = false;
    }
  }

  function tellEphemeral(): void {
    ephemeral_due = false;
    for (const message of ephemeral.values()) for (const ear of ears) ear.hearEphemeral(message);
    ephemeral.clear();
  }
  function heardEphemeral(message: PushedEphemeral): void {
    const name = `${message.person_id ?? ""} ${message.slot}`;
    ephemeral.delete(name);
    ephemeral.set(name, message);
    if (ephemeral.size > b.EPHEMERAL_WAITING_MAX) ephemeral.delete(ephemeral.keys().next().value!);
    if (ephemeral_due) return;
    ephemeral_due = true;
    void clock.sleep(b.EPHEMERAL_EVERY_MS).then(tellEphemeral);
  }

  const subscription = bus.subscribe(subjectOf(stream), (message) => {
    const pushed = message as unknown as Pushed;
    if (pushed.type === "items") heard(pushed);
    else if (pushed.type === "eph") heardEphemeral(pushed);
    else if (pushed.type === "redacted") {
      redactions += 1;
      // What was not told yet is told as it was said; whoever comes later reads it as it is now.
      channel.flush();
      recent.clear(head);
    }
  });

  /** The newest that may be kept, so that all who come back a little behind are served by one read. */
  async function load(): Promise<void> {
    const [began, before] = [turn, redactions];
    const { first, items } = await reader.before(stream, recent.first, b.RECENT_ITEMS_MAX);
    if (began === turn && before === redactions && items.length > 0) recent.extend(first, items);
  }

  async function readAfter(after: number, to: number): Promise<Kept[] | null> {
    const { first, items } = await reader.after(stream, after, PULL_ITEMS_MAX);
    return first === after + 1 ? items.slice(0, to - after) : null;
  }

  const channel: Channel = {
    stream,
    get epoch() {
      return epoch;
    },
    get told() {
      return told;
    },
    get head() {
      return head;
    },
    get turn() {
      return turn;
    },
    ears,
    opened: Promise.resolve(),
    get is_open() {
      return early === null;
    },
    isAt(at, asked_at_head) {
      if (early) {
        epoch = at.epoch;
        head = at.seq;
        told = at.seq;
        known = at.seq;
        recent.clear(at.seq);
        const waiting = early;
        early = null;
        for (const message of waiting) heard(message);
        return;
      }
      // Behind what was there when it was asked: a copy of the files was put back.
      if (at.epoch !== epoch || at.seq < asked_at_head) return renew(at);
      if (at.seq > known) known = at.seq;
      settle();
    },
    flush() {
      for (let from = told + 1; from <= head; from = told + 1) {
        const items = fitting(recent.slice(told, Math.min(head, told + PULL_ITEMS_MAX))!);
        const rechecked = items[0]!.recheck_id;
        if (rechecked !== null)
          for (const ear of ears) if (rechecked === "0" || rechecked === ear.person_id) ear.hold();
        const until = items.findIndex((item, i) => i > 0 && item.recheck_id !== null);
        const to = until < 0 ? told + items.length : told + until;
        tell(from, to);
        told = to;
      }
      recent.trim(told);
    },
    atHand: (after, to) => recent.slice(after, to),
    async take(after) {
      const to = told;
      const here = recent.slice(after, to);
      if (here) return here;
      if (to - after <= b.RECENT_ITEMS_MAX) {
        await (loading ??= load().finally(() => (loading = null)));
        const loaded = recent.slice(after, told);
        if (loaded) return loaded;
      }
      // Too much to be kept at hand.
      const reading = reads.get(after) ?? readAfter(after, to).finally(() => reads.delete(after));
      reads.set(after, reading);
      return reading;
    },
    async filled() {
      await filling;
    },
    [Symbol.dispose]() {
      closed = true;
      subscription[Symbol.dispose]();
      recent.clear(head);
    },
  };
  return channel;
}
