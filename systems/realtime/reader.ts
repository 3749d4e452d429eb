import type { Sql } from "#ports/sql/index.ts";

import type { Kept } from "./recent.ts";
import * as store from "./store.ts";
import { encodeItem } from "./wire.ts";

/** What the gateway reads of the durable streams; a simulation has one of its own. */
export interface Reader {
  heads(streams: readonly string[]): Promise<Map<string, Head>>;
  /** The nearest on that side, ascending and without a hole among them. */
  after(stream: string, seq: number, items_max: number): Promise<Portion>;
  before(stream: string, seq: number, items_max: number): Promise<Portion>;
  floor(stream: string): Promise<number>;
}

export interface Head {
  epoch: string;
  seq: number;
}

export interface Portion {
  /** The number of the first; 0 where there are none. */
  first: number;
  items: Kept[];
}

export function createReader({ sql }: { sql: Sql }): Reader {
  return {
    async heads(streams) {
      const rows = await store.heads(sql.pool, streams);
      return new Map(rows.map((row) => [row.stream, { epoch: row.epoch, seq: Number(row.last_seq) }]));
    },
    async after(stream, seq, items_max) {
      const rows = await store.itemsBeside(sql.pool, stream, { after: String(seq) }, items_max);
      return portionOf(rows, "first");
    },
    async before(stream, seq, items_max) {
      const rows = await store.itemsBeside(sql.pool, stream, { before: String(seq) }, items_max);
      return portionOf(rows, "last");
    },
    floor: async (stream) => Number(await store.floor(sql.pool, stream)),
  };
}

/** Retention takes whole slots away; if it were ever to leave a hole, what lies beyond it is not handed out as if there were none. */
function portionOf(rows: readonly store.ItemRow[], from: "first" | "last"): Portion {
  const whole = (i: number) => i <= 0 || Number(rows[i]!.seq) === Number(rows[i - 1]!.seq) + 1;
  let kept = rows;
  if (from === "first") {
    const hole = rows.findIndex((_, i) => !whole(i));
    if (hole > 0) kept = rows.slice(0, hole);
  } else {
    const hole = rows.findLastIndex((_, i) => !whole(i));
    if (hole > 0) kept = rows.slice(hole);
  }
  return {
    first: kept.length === 0 ? 0 : Number(kept[0]!.seq),
    items: kept.map((row) => ({ text: encodeItem(row), recheck_id: row.recheck_id })),
  };
}
