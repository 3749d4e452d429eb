import type { Clock } from "#ports/clock/index.ts";
import { type ListBounds, ListsAway, type SharedLists } from "#ports/lists/index.ts";

import { type Redis, RedisAway, type Script } from "./client.ts";
import { APPLY, BEGIN, READ, SAVE, STANDING } from "./scripts.ts";

export interface RedisListsNeeds {
  redis: Redis;
  clock: Clock;
  /** Of this house alone: two houses may share one Redis. Letters and digits. */
  house: string;
  bounds: ListBounds;
}

/** Lists that one script changes; other clients of Redis wait for it, so it stops there and is called again. About 20 ms. */
const CHANGES_PER_PORTION_MAX = 4_000;

/** How lists lie there (`scripts.ts`). Raise it with every change, so that in a roll-out each version keeps to its own. */
export const LISTS_LAYOUT = 1;

/** Push lists in Redis: 8 bytes for each key, and one script for each step. */
export function createRedisLists({ redis, clock, house, bounds }: RedisListsNeeds): SharedLists {
  const prefix = `folkhus:${house}:lists@${LISTS_LAYOUT}`;

  async function run(script: Script, args: string[]): Promise<unknown> {
    try {
      return await redis.script(script, [prefix, ...args]);
    } catch (error) {
      if (error instanceof RedisAway) throw new ListsAway(error.message, { cause: error });
      throw error;
    }
  }
  const numbers = (answer: unknown): number[] => {
    if (Array.isArray(answer)) return answer.map(Number);
    throw new ListsAway("it answered what it was not asked");
  };

  return {
    async position() {
      const answer = await run(STANDING, []);
      if (!Array.isArray(answer) || answer.length < 2) return null;
      return { position: String(answer[0]), at_ms: Number(answer[1]) };
    },
    async begin(position, expected) {
      const epoch = Math.floor(clock.random() * 2 ** 48).toString(36);
      return (await run(BEGIN, [position, expected ?? "", epoch, String(clock.now())])) === 1;
    },
    async read(owner, fingerprint, below, keys_max) {
      const bound = Number.isFinite(below) ? wordsOf(below) : ["", ""];
      const answer = await run(READ, [owner, fingerprint, ...bound, String(keys_max)]);
      if (!Array.isArray(answer) || answer.length === 0) return { position: null, list: null };
      const position = String(answer[0]);
      if (answer.length === 1) return { position, list: null };
      const [covers_high, covers_low, older, ...words] = numbers(answer.slice(1));
      const keys: number[] = [];
      for (let i = 0; i < words.length; i += 2) keys.push(keyOf(words[i]!, words[i + 1]!));
      const covers_from = older! > 0 && keys.length > 0 ? Math.abs(keys.at(-1)!) : keyOf(covers_high!, covers_low!);
      return { position, list: { keys, covers_from } };
    },
    async save(owner, { fingerprint, members, keys, covers_from }, at) {
      const args = [at, owner, fingerprint, ...wordsOf(covers_from), String(bounds.list_ms_max), String(keys.length)];
      for (const key of keys) args.push(...wordsOf(key));
      return (await run(SAVE, [...args, ...members])) === 1;
    },
    async apply(changes, from, to) {
      const list = changes.flatMap(({ member, key, gone }) => [member, ...wordsOf(key), gone ? "1" : "0"]);
      const limits = [String(bounds.list_keys_max), String(CHANGES_PER_PORTION_MAX)];
      for (let first = 0; ;) {
        const next = Number(await run(APPLY, [from, to, ...limits, String(first), String(clock.now()), ...list]));
        if (next === -1) return false;
        if (next === -2) return true;
        if (!(next > first)) throw new ListsAway("it answered what it was not asked");
        first = next;
      }
    },
    stats: redis.stats,
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

/** A key's 64 bits as two whole numbers: a reply of Redis has no others, and text would lose some. */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const [HIGH, LOW] = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? [1, 0] : [0, 1];

function wordsOf(key: number): [string, string] {
  double[0] = key;
  return [String(words[HIGH]), String(words[LOW])];
}

function keyOf(high: number, low: number): number {
  words[HIGH] = high;
  words[LOW] = low;
  return double[0]!;
}
