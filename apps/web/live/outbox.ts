import type { Json } from "#kernel/json.ts";
import type { ClientFrame, Refusal } from "#systems/realtime/contract.ts";

/** Something that was sent and is not answered yet. It is kept, so that a page that was closed sends it again. */
export interface Waiting {
  cid: string;
  stream: string;
  data: Json;
  /** The order of sending, also over restarts. */
  place: number;
}

export interface SentAnswer {
  id: string;
  seq: string;
  at: string;
  dup: boolean;
}

export interface OutboxNeeds {
  /** @returns false where no line is open */
  say(frame: ClientFrame): boolean;
  after(ms: number, work: () => void): void;
  /** Kept before it is said, and forgotten when it is answered. */
  keep(waiting: Waiting): void;
  forget(cid: string): void;
  sent(waiting: Waiting, answer: SentAnswer): void;
  /** It will not be: the person decides. */
  refused(waiting: Waiting, refusal: Refusal): void;
}

/**
 * What a device sends, exactly once and in its order: each under a name of its own, the next one of a stream when the one
 * before is answered, all that is unanswered again on every new line. Pure.
 */
export interface Outbox {
  add(stream: string, cid: string, data: Json): void;
  /** There is a line: everything unanswered goes. */
  opened(): void;
  lost(): void;
  answered(stream: string, cid: string, answer: SentAnswer): void;
  turnedDown(stream: string, cid: string, refusal: Refusal): void;
  all(): readonly Waiting[];
}

/** What the house could not do now, it may do later. */
const isPassing = ({ status }: Refusal) => status === 429 || status === 503;
const PASSING_MS = 2_000;

export function createOutbox(needs: OutboxNeeds, kept: readonly Waiting[] = []): Outbox {
  const queues = new Map<string, Waiting[]>();
  /** Of each stream, what is under way. */
  const said = new Map<string, string>();
  let place = 0;
  for (const waiting of [...kept].sort((a, b) => a.place - b.place)) push(waiting);

  function push(waiting: Waiting): void {
    place = Math.max(place, waiting.place);
    const queue = queues.get(waiting.stream);
    if (queue) queue.push(waiting);
    else queues.set(waiting.stream, [waiting]);
  }

  function next(stream: string): void {
    const first = queues.get(stream)?.[0];
    if (!first || said.has(stream)) return;
    if (needs.say(["send", stream, first.cid, first.data])) said.set(stream, first.cid);
  }

  /** @returns what was answered, once */
  function take(stream: string, cid: string): Waiting | null {
    const queue = queues.get(stream);
    if (said.get(stream) === cid) said.delete(stream);
    const at = queue?.findIndex((waiting) => waiting.cid === cid) ?? -1;
    if (!queue || at < 0) return null;
    const [waiting] = queue.splice(at, 1);
    if (queue.length === 0) queues.delete(stream);
    needs.forget(cid);
    return waiting!;
  }

  return {
    add(stream, cid, data) {
      const waiting = { cid, stream, data, place: place + 1 };
      push(waiting);
      needs.keep(waiting);
      next(stream);
    },
    opened() {
      said.clear();
      for (const stream of queues.keys()) next(stream);
    },
    lost: () => said.clear(),
    answered(stream, cid, answer) {
      const waiting = take(stream, cid);
      if (waiting) needs.sent(waiting, answer);
      next(stream);
    },
    turnedDown(stream, cid, refusal) {
      if (isPassing(refusal)) {
        // Those behind it wait too: what was written first stands first.
        const mine = said.get(stream) === cid;
        needs.after((refusal.retry_after_s ?? 0) * 1_000 || PASSING_MS, () => {
          if (!mine || said.get(stream) !== cid) return;
          said.delete(stream);
          next(stream);
        });
        return;
      }
      const waiting = take(stream, cid);
      if (waiting) needs.refused(waiting, refusal);
      next(stream);
    },
    all: () => [...queues.values()].flat().sort((a, b) => a.place - b.place),
  };
}
