import { type Redis, RedisAway } from "./client.ts";
import { DECIDE_MANY } from "./limiter-many.ts";

/** As many requests are decided by one script: below a third of a ms of Redis's time. */
export const BATCH_MAX = 32;

export type Numbers = number[];

interface Waiting {
  head: string;
  keys: string[];
  numbersAt: (i: number) => string;
  since_ms: number;
  resolve: (answer: unknown) => void;
  reject: (error: unknown) => void;
}

interface Line {
  waiting: Waiting[];
  is_asking: boolean;
}

export interface Batches {
  /** @param numbersAt of the claim of each key: cost, a, b, c and how much more to borrow. @throws RedisAway */
  ask(tag: number, head: string, keys: string[], numbersAt: (i: number) => string): Promise<unknown>;
}

/**
 * Who comes while a script is under way waits for its answer, and then all of them go together: alone nobody waits, and the
 * more there are the less each costs.
 */
export function createBatches(needs: {
  script: Redis["script"];
  time: () => string;
  epochOf: (tag: number) => { key: string; epoch: string };
  monotonic: () => number;
  /** Who has waited for so long is not asked for any more. */
  stale_ms: number;
}): Batches {
  const lines = new Map<number, Line>();

  async function go(tag: number, line: Line): Promise<void> {
    line.is_asking = true;
    while (line.waiting.length > 0) {
      const now = needs.monotonic();
      const batch: Waiting[] = [];
      for (const one of line.waiting.splice(0, BATCH_MAX)) {
        if (now - one.since_ms < needs.stale_ms) batch.push(one);
        else one.reject(new RedisAway("it was not asked in time"));
      }
      if (batch.length > 0) await send(tag, batch);
    }
    line.is_asking = false;
  }

  async function send(tag: number, batch: Waiting[]): Promise<void> {
    const { key, epoch } = needs.epochOf(tag);
    const keys = [key];
    const places = new Map<string, number>();
    const asked = batch.map(({ head, keys: mine, numbersAt }) => {
      let text = `[${head}`;
      for (let i = 0; i < mine.length; i++) {
        let place = places.get(mine[i]!);
        if (place === undefined) places.set(mine[i]!, (place = keys.push(mine[i]!)));
        text += `,${place},${numbersAt(i)}`;
      }
      return `${text}]`;
    });
    try {
      const answers = await needs.script(DECIDE_MANY, [needs.time(), epoch, `[${asked.join(",")}]`], keys);
      // One number for all says that it has forgotten; anything else that is no list of answers is not believed there.
      const is_list = Array.isArray(answers) && answers.length === batch.length && Array.isArray(answers[0]);
      for (const [i, one] of batch.entries()) one.resolve(is_list ? (answers as unknown[])[i] : answers);
    } catch (error) {
      for (const one of batch) one.reject(error);
    }
  }

  return {
    ask: (tag, head, keys, numbersAt) =>
      new Promise((resolve, reject) => {
        let line = lines.get(tag);
        if (!line) lines.set(tag, (line = { waiting: [], is_asking: false }));
        line.waiting.push({ head, keys, numbersAt, since_ms: needs.monotonic(), resolve, reject });
        // It ends when nobody waits, and hands every failure to who asked.
        if (!line.is_asking) void go(tag, line);
      }),
  };
}
