import type { Bus } from "#ports/bus/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Head, Portion, Reader } from "#systems/realtime/reader.ts";

import type { Time } from "./time.ts";

/** What was committed: the database of the simulation, and who is in which room. */
export interface Truth {
  epoch: string;
  streams: Map<string, Committed[]>;
  members: Map<string, Set<string>>;
  /** Who was taken out by which item, and when they were let in again. */
  removals: { stream: string; person_id: string; seq: number; back_at: number }[];
  commit(stream: string, item: NewCommitted): Committed & { dup: boolean };
}

export interface NewCommitted {
  kind: string;
  data: string;
  sender_id: string | null;
  cid: string | null;
  recheck_id: string | null;
}

export interface Committed extends NewCommitted {
  seq: number;
  id: string;
  text: string;
}

export function createTruth(time: Time): Truth {
  const truth: Truth = {
    epoch: "e1",
    streams: new Map(),
    members: new Map(),
    removals: [],
    commit(stream, item) {
      const items = truth.streams.get(stream) ?? [];
      truth.streams.set(stream, items);
      const before =
        item.cid === null ? undefined : items.find((i) => i.cid === item.cid && i.sender_id === item.sender_id);
      if (before) return { ...before, dup: true };
      const seq = items.length + 1;
      const id = String(1_000 + items.length);
      const wire = {
        id,
        kind: item.kind,
        at: new Date(1_750_000_000_000 + time.now()).toISOString(),
        ...(item.sender_id === null ? {} : { sender_id: item.sender_id }),
        ...(item.cid === null ? {} : { cid: item.cid }),
        data: item.data,
      };
      const committed = { ...item, seq, id, text: JSON.stringify(wire) };
      items.push(committed);
      return { ...committed, dup: false };
    },
  };
  return truth;
}

/** Reads take their time and fail now and then; each sees one moment of the truth. */
export function createTruthReader(truth: Truth, time: Time, clock: Clock, trouble: () => boolean): Reader {
  async function read<T>(look: () => T): Promise<T> {
    await clock.sleep(time.between(0.5, 8));
    if (trouble() && time.chance(0.05)) throw new Error("the database is away");
    const seen = look();
    await clock.sleep(time.between(0.5, 8));
    return seen;
  }
  const itemsOf = (stream: string) => truth.streams.get(stream) ?? [];
  const portion = (items: readonly Committed[]): Portion => ({
    first: items[0]?.seq ?? 0,
    items: items.map(({ text, recheck_id }) => ({ text, recheck_id })),
  });
  return {
    heads: (streams) =>
      read(() => new Map(streams.map((s): [string, Head] => [s, { epoch: truth.epoch, seq: itemsOf(s).length }]))),
    after: (stream, seq, most) => read(() => portion(itemsOf(stream).slice(seq, seq + most))),
    before: (stream, seq, most) =>
      read(() => portion(itemsOf(stream).slice(Math.max(0, seq - 1 - most), Math.max(0, seq - 1)))),
    floor: () => read(() => 1),
  };
}

export interface Air {
  /** A node's end. It hears nothing more once `alive` says no. */
  bus(alive: () => boolean): Bus;
  stats: { lost: number; repeated: number; late: number };
}

/** Messages between nodes, of which one in ten is lost, one in ten comes twice, and one in ten much later. */
export function createAir(time: Time, trouble: () => boolean): Air {
  type Ear = { subject: string; alive: () => boolean; hear: (message: never, subject: string) => void };
  const ears = new Set<Ear>();
  const stats = { lost: 0, repeated: 0, late: 0 };
  return {
    stats,
    bus: (alive) => ({
      publish(subject, message) {
        if (!alive()) return;
        for (const ear of ears) {
          if (ear.subject !== subject) continue;
          if (trouble() && time.chance(0.1)) {
            stats.lost += 1;
            continue;
          }
          const times = trouble() && time.chance(0.1) ? 2 : 1;
          stats.repeated += times - 1;
          for (let i = 0; i < times; i++) {
            const late = trouble() && time.chance(0.1);
            if (late) stats.late += 1;
            time.after(late ? time.between(5, 400) : time.between(0.1, 3), () => {
              if (ear.alive() && ears.has(ear)) ear.hear(message as never, subject);
            });
          }
        }
      },
      subscribe(subject, hear) {
        const ear: Ear = { subject, alive, hear };
        ears.add(ear);
        return {
          [Symbol.dispose]() {
            ears.delete(ear);
          },
        };
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
}
