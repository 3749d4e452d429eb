import { LIMIT_WAIT_MS_MAX } from "./bounds.ts";
import type { Standing } from "./standing.ts";
import type { Terms, WindowTerms } from "./terms.ts";

/** One window after another, each beginning with the first request after the last one ended. */
export class FixedStanding implements Standing {
  terms: WindowTerms;
  /** Ahead of now where the next window is booked. */
  start: number;
  used = 0;

  constructor(terms: WindowTerms, now: number) {
    this.terms = terms;
    this.start = now;
  }

  adopt(terms: Terms): boolean {
    if (terms.kind !== "fixed") return false;
    this.terms = terms;
    return true;
  }

  wait(cost: number, now: number): number {
    this.bring(now);
    if (cost === 0 || this.used === 0) return 0;
    if (this.used + cost <= this.terms.capacity) return Math.max(0, this.start - now);
    return this.start + this.terms.window_ms - now;
  }

  spend(cost: number, at: number): void {
    if (cost === 0) return;
    if (this.used === 0 || at >= this.start + this.terms.window_ms) {
      this.start = at;
      this.used = 0;
    }
    this.used += cost;
  }

  giveBack(cost: number, now: number): void {
    this.bring(now);
    this.used = Math.max(0, this.used - cost);
  }

  fine(cost: number, now: number): void {
    this.bring(now);
    if (this.used === 0) this.start = now;
    this.used = Math.max(this.used, Math.min(2 * this.terms.capacity, this.used + cost));
  }

  left(now: number): number {
    this.bring(now);
    return this.terms.capacity - this.used;
  }

  reset(now: number): number {
    this.bring(now);
    return this.used === 0 ? 0 : this.start + this.terms.window_ms - now;
  }

  private bring(now: number): void {
    if (now >= this.start + this.terms.window_ms) {
      this.start = now;
      this.used = 0;
    } else if (this.start - now > LIMIT_WAIT_MS_MAX) this.start = now;
  }
}
