import { LIMIT_WAIT_MS_MAX } from "./bounds.ts";
import type { Standing } from "./standing.ts";
import type { LinearTerms, Terms } from "./terms.ts";

/** Token bucket and GCRA: a level that comes back evenly. Below zero it is booked ahead, or a debt. */
export class LinearStanding implements Standing {
  terms: LinearTerms;
  level: number;
  at: number;

  constructor(terms: LinearTerms, now: number) {
    this.terms = terms;
    this.level = terms.cap;
    this.at = now;
  }

  adopt(terms: Terms): boolean {
    if (terms.layout !== this.terms.layout || terms.kind !== "linear") return false;
    this.terms = terms;
    return true;
  }

  wait(cost: number, now: number): number {
    const { unit, per_ms } = this.terms;
    const missing = cost * unit - this.bring(now);
    return cost === 0 || missing <= 0 ? 0 : Math.ceil(missing / per_ms);
  }

  spend(cost: number, at: number): void {
    if (cost > 0) this.level = this.bring(at) - cost * this.terms.unit;
  }

  giveBack(cost: number, now: number): void {
    this.level = Math.min(this.terms.cap, this.bring(now) + cost * this.terms.unit);
  }

  fine(cost: number, now: number): void {
    const level = this.bring(now);
    this.level = Math.min(level, Math.max(-this.terms.cap, level - cost * this.terms.unit));
  }

  left(now: number): number {
    return this.bring(now) / this.terms.unit;
  }

  reset(now: number): number {
    return Math.ceil((this.terms.cap - this.bring(now)) / this.terms.per_ms);
  }

  /** What is booked ahead owes what comes back until then. A clock that was set back brings nothing. */
  private bring(now: number): number {
    const { cap, per_ms } = this.terms;
    // Where this product is no whole number any more it is far above what is missing.
    const gain = (now - this.at) * per_ms;
    if (gain >= cap - this.level) this.level = cap;
    else if (this.at - now <= LIMIT_WAIT_MS_MAX) this.level += gain;
    this.at = now;
    return this.level;
  }
}
