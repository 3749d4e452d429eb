/** How often one of many was counted, and how they stood over time. */
export interface Followed {
  key: string;
  /** At least so often, and at most `error` more. */
  count: number;
  error: number;
  first_ms: number;
  last_ms: number;
  /** Since when they have been refused without a request that passed; null while they pass. */
  out_since_ms: number | null;
  longest_out_ms: number;
}

/**
 * Who was refused most, among any number, in bounded memory. Up to `followed_max` all of them are counted exactly. Then the less busy half
 * goes, and whoever comes anew may have been counted before, at most as often as the busiest who went: that is their `error`.
 */
export interface Busiest {
  refused(key: string, at_ms: number): void;
  passed(key: string, at_ms: number): void;
  /** Whether they were refused at all, as far as it is remembered. */
  has(key: string): boolean;
  /** Of all, also of those who were forgotten. */
  readonly longest_out_ms: number;
  /** The busiest first. */
  top(count: number): Followed[];
  /** How many are followed; all there were where `forgotten` is 0. */
  readonly size: number;
  readonly forgotten: number;
}

export function createBusiest(followed_max: number): Busiest {
  const all = new Map<string, Followed>();
  let floor = 0;
  let forgotten = 0;
  let longest_out_ms = 0;
  const most = (one: Followed) => one.count + one.error;

  function makeRoom(): void {
    const ordered = [...all.values()].sort((a, b) => most(b) - most(a));
    const kept = Math.max(1, followed_max >> 1);
    floor = Math.max(floor, most(ordered[kept]!));
    for (const { key } of ordered.slice(kept)) all.delete(key);
    forgotten += ordered.length - kept;
  }

  const endOf = (one: Followed, at_ms: number) => {
    if (one.out_since_ms === null) return;
    one.longest_out_ms = Math.max(one.longest_out_ms, at_ms - one.out_since_ms);
    longest_out_ms = Math.max(longest_out_ms, one.longest_out_ms);
  };

  return {
    refused(key, at_ms) {
      let one = all.get(key);
      if (!one) {
        if (all.size >= followed_max) makeRoom();
        one = { key, count: 0, error: floor, first_ms: at_ms, last_ms: at_ms, out_since_ms: null, longest_out_ms: 0 };
        all.set(key, one);
      }
      one.count++;
      one.last_ms = at_ms;
      one.out_since_ms ??= at_ms;
      endOf(one, at_ms);
    },
    passed(key, at_ms) {
      const one = all.get(key);
      if (!one || one.out_since_ms === null) return;
      endOf(one, at_ms);
      one.out_since_ms = null;
    },
    has: (key) => all.has(key),
    get longest_out_ms() {
      return longest_out_ms;
    },
    top: (count) => [...all.values()].sort((a, b) => b.count - a.count || a.first_ms - b.first_ms).slice(0, count),
    get size() {
      return all.size;
    },
    get forgotten() {
      return forgotten;
    },
  };
}
