import { CLAIMED, type Level, LEVELS } from "./levels.ts";

export interface Waiter {
  level: Level;
  /** From where it came: who sends much waits behind its own. */
  from: string;
  since: number;
  /** Its deadline: later than this nobody waits for it. */
  until: number;
  come: () => void;
  refuse: (error: Error) => void;
}

/**
 * Who waits at the gate: the most important first. Within one level each place that requests come from has its turn (as fair queueing
 * does with flows; Nagle, RFC 970), and of one place who came first: so a flood from one address waits behind itself.
 */
export interface Line {
  readonly length: number;
  of(level: Level): number;
  /** How many go before one that comes now: of more important levels, and of its own. */
  ahead(level: Level, from: string): { above: number; beside: number };
  push(waiter: Waiter): void;
  /** @returns the next of this level, taken out */
  take(level: Level): Waiter | undefined;
  /** The youngest of whoever has most waiting: of the least important level below `level`, else of its own where that is more than `from` has. */
  pushOut(level: Level, from: string): Waiter | undefined;
  /** The youngest of whoever has most waiting at this level, where that is more than `from` has. */
  pushOutBeside(level: Level, from: string): Waiter | undefined;
  /** Takes out all that `is_over` says. */
  sweep(is_over: (waiter: Waiter) => boolean): Waiter[];
}

export function createLine(): Line {
  /** By where they came from, in the order of their turns. */
  const lanes: Map<string, Waiter[]>[] = Array.from({ length: LEVELS }, () => new Map<string, Waiter[]>());
  const lengths = new Int32Array(LEVELS);
  let length = 0;

  const fattest = (level: Level): [string, Waiter[]] | null => {
    let most: [string, Waiter[]] | null = null;
    for (const entry of lanes[level]!) if (most === null || entry[1].length > most[1].length) most = entry;
    return most;
  };
  const popYoungest = (level: Level, [from, queue]: [string, Waiter[]]): Waiter | undefined => {
    const out = queue.pop();
    if (queue.length === 0) lanes[level]!.delete(from);
    lengths[level]! -= 1;
    length -= 1;
    return out;
  };
  const pushOutBeside = (level: Level, from: string) => {
    const most = fattest(level);
    const own = lanes[level]!.get(from)?.length ?? 0;
    return most && most[1].length > own + 1 ? popYoungest(level, most) : undefined;
  };

  return {
    get length() {
      return length;
    },
    of: (level) => lengths[level]!,
    ahead(level, from) {
      const lane = lanes[level]!;
      const own = lane.get(from)?.length ?? 0;
      const others = lane.size - (own > 0 ? 1 : 0);
      const beside = Math.min(lengths[level]!, own + others * (own + 1));
      let above = 0;
      for (let i = 0; i < level; i++) if (i !== CLAIMED) above += lengths[i]!;
      // What is claimed goes first, and yet has no more places than all others: one of it for each of them.
      if (level > CLAIMED) above += Math.min(lengths[CLAIMED]!, above + beside + 1);
      return { above, beside };
    },
    push(waiter) {
      const lane = lanes[waiter.level]!;
      const queue = lane.get(waiter.from);
      if (queue) queue.push(waiter);
      else lane.set(waiter.from, [waiter]);
      lengths[waiter.level]! += 1;
      length += 1;
    },
    take(level) {
      const lane = lanes[level]!;
      for (const [from, queue] of lane) {
        // At most some hundreds wait, so moving them costs less than a ring would take to read.
        const next = queue.shift();
        lane.delete(from);
        if (queue.length > 0) lane.set(from, queue);
        lengths[level]! -= 1;
        length -= 1;
        return next;
      }
      return undefined;
    },
    pushOut(level, from) {
      for (let i = (LEVELS - 1) as Level; i > level; i--) {
        const most = fattest(i as Level);
        if (most) return popYoungest(i as Level, most);
      }
      return pushOutBeside(level, from);
    },
    pushOutBeside,
    sweep(is_over) {
      const gone: Waiter[] = [];
      for (const [level, lane] of lanes.entries()) {
        for (const [from, queue] of lane) {
          if (!queue.some(is_over)) continue;
          const stay: Waiter[] = [];
          for (const waiter of queue) (is_over(waiter) ? gone : stay).push(waiter);
          lengths[level]! -= queue.length - stay.length;
          if (stay.length > 0) lane.set(from, stay);
          else lane.delete(from);
        }
      }
      length -= gone.length;
      return gone;
    },
  };
}
