import { LIMIT_WAIT_MS_MAX } from "./bounds.ts";
import type { Standing } from "./standing.ts";
import type { Terms, WindowTerms } from "./terms.ts";

/** Every grant of the last window with its time: no span of that length ever holds more than the limit. */
export class LogStanding implements Standing {
  terms: WindowTerms;
  private times: number[] = [];
  private costs: number[] = [];
  /** Before it are those that left the window; cut off when they are the larger part. */
  private first = 0;
  private sum = 0;

  constructor(terms: WindowTerms) {
    this.terms = terms;
  }

  adopt(terms: Terms): boolean {
    if (terms.kind !== "log" || terms.layout !== this.terms.layout) return false;
    this.terms = terms;
    return true;
  }

  wait(cost: number, now: number): number {
    this.bring(now);
    if (cost === 0 || this.sum === 0) return 0;
    const { capacity, window_ms } = this.terms;
    const { times, costs } = this;
    // Nobody passes before what is booked.
    let at = Math.max(now, times.at(-1)!);
    let used = this.sum;
    for (let i = this.first; i < times.length; i++) {
      const leaves = times[i]! + window_ms;
      if (leaves > at) {
        if (used + cost <= capacity) break;
        at = leaves;
      }
      used -= costs[i]!;
    }
    return at - now;
  }

  spend(cost: number, at: number): void {
    if (cost === 0) return;
    this.sum += cost;
    if (this.times.at(-1) === at && this.times.length > this.first) this.costs[this.costs.length - 1]! += cost;
    else {
      this.times.push(at);
      this.costs.push(cost);
    }
  }

  giveBack(cost: number, now: number): void {
    this.bring(now);
    for (let left = cost; left > 0 && this.times.length > this.first;) {
      const last = this.costs.length - 1;
      const part = Math.min(left, this.costs[last]!);
      left -= part;
      this.sum -= part;
      if ((this.costs[last]! -= part) === 0) {
        this.costs.pop();
        this.times.pop();
      }
    }
  }

  fine(cost: number, now: number): void {
    this.bring(now);
    const part = Math.min(cost, 2 * this.terms.capacity - this.sum);
    if (part > 0) this.spend(part, Math.max(now, this.times.at(-1) ?? now));
  }

  left(now: number): number {
    this.bring(now);
    return this.terms.capacity - this.sum;
  }

  reset(now: number): number {
    this.bring(now);
    return this.sum === 0 ? 0 : this.times.at(-1)! + this.terms.window_ms - now;
  }

  private bring(now: number): void {
    const { times, costs } = this;
    while (this.first < times.length && times[this.first]! + this.terms.window_ms <= now)
      this.sum -= costs[this.first++]!;
    if (this.first > 32 && this.first * 2 > times.length) {
      times.splice(0, this.first);
      costs.splice(0, this.first);
      this.first = 0;
    } else if (this.first === times.length && this.first > 0) {
      times.length = costs.length = this.first = 0;
    }
    if (times.length > 0 && times.at(-1)! - now > LIMIT_WAIT_MS_MAX)
      for (let i = this.first; i < times.length; i++) times[i] = Math.min(times[i]!, now);
  }
}
