import { LIMIT_WAIT_MS_MAX } from "./bounds.ts";
import type { Standing } from "./standing.ts";
import type { SlotsTerms, Terms } from "./terms.ts";

interface Held {
  hold: string;
  cost: number;
  until: number;
}

/** Who holds how many until when. A wait is told and never booked: a release may come sooner. */
export class SlotsStanding implements Standing {
  terms: SlotsTerms;
  private held: Held[] = [];

  constructor(terms: SlotsTerms) {
    this.terms = terms;
  }

  adopt(terms: Terms): boolean {
    if (terms.kind !== "slots") return false;
    this.terms = terms;
    return true;
  }

  wait(cost: number, now: number): number {
    let used = this.bring(now);
    if (cost === 0 || used + cost <= this.terms.capacity) return 0;
    for (const { cost: freed, until } of this.held.toSorted((a, b) => a.until - b.until)) {
      used -= freed;
      if (used + cost <= this.terms.capacity) return until - now;
    }
    return this.terms.hold_ms;
  }

  spend(cost: number, at: number, hold: string): void {
    if (cost > 0) this.held.push({ hold, cost, until: at + this.terms.hold_ms });
  }

  /** The newest go first. */
  giveBack(cost: number, now: number): void {
    this.bring(now);
    for (let left = cost; left > 0 && this.held.length > 0;) {
      const last = this.held.at(-1)!;
      const part = Math.min(left, last.cost);
      left -= part;
      if ((last.cost -= part) === 0) this.held.pop();
    }
  }

  /** Thrown back before it comes here. */
  fine(): void {}

  left(now: number): number {
    return this.terms.capacity - this.bring(now);
  }

  reset(now: number): number {
    this.bring(now);
    return this.held.reduce((latest, { until }) => Math.max(latest, until), now) - now;
  }

  holders(now: number): readonly Readonly<Held>[] {
    this.bring(now);
    return this.held;
  }

  release(hold: string): void {
    this.held = this.held.filter((one) => one.hold !== hold);
  }

  /** @returns false where it ran out */
  renew(hold: string, now: number): boolean {
    this.bring(now);
    const mine = this.held.filter((one) => one.hold === hold);
    for (const one of mine) one.until = Math.max(one.until, now + this.terms.hold_ms);
    return mine.length > 0;
  }

  private bring(now: number): number {
    let used = 0;
    this.held = this.held.filter((one) => {
      // A clock that was set back prolongs nothing; what is booked ahead is no such thing.
      if (one.until - now > this.terms.hold_ms + LIMIT_WAIT_MS_MAX) one.until = now + this.terms.hold_ms;
      if (one.until <= now) return false;
      used += one.cost;
      return true;
    });
    return used;
  }
}
