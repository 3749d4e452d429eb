import { LIMIT_WAIT_MS_MAX } from "./bounds.ts";
import type { Standing } from "./standing.ts";
import type { CounterTerms, Terms } from "./terms.ts";

/**
 * Counts of the last slices of the window, and of the one that is leaving it by the part that is still inside. All is
 * multiplied by the slice's length, so that nothing is ever rounded.
 */
export class CounterStanding implements Standing {
  terms: CounterTerms;
  /** Of the newest slice. */
  start: number;
  /** The newest first; the last is the one that is leaving. */
  counts: number[];

  constructor(terms: CounterTerms, now: number) {
    this.terms = terms;
    this.start = now;
    this.counts = Array.from({ length: terms.slices + 1 }, () => 0);
  }

  adopt(terms: Terms): boolean {
    if (terms.layout !== this.terms.layout || terms.kind !== "counter") return false;
    this.terms = terms;
    return true;
  }

  wait(cost: number, now: number): number {
    this.bring(now);
    if (cost === 0 || this.isEmpty()) return 0;
    const { capacity, slice_ms, slices } = this.terms;
    const ahead = Math.max(0, this.start - now);
    let inside = this.inside();
    for (let slice = 0; slice <= slices; slice++) {
      const leaving = this.counts[slices - slice]!;
      const room = (capacity - cost - inside) * slice_ms;
      const from = slice === 0 ? now + ahead - this.start : 0;
      if (room >= 0) {
        const into = leaving === 0 ? from : Math.max(from, Math.ceil((leaving * slice_ms - room) / leaving));
        if (into < slice_ms) return this.start + slice * slice_ms + into - now;
      }
      if (slice < slices) inside -= this.counts[slices - slice - 1]!;
    }
    return this.start + (slices + 1) * slice_ms - now;
  }

  spend(cost: number, at: number): void {
    if (cost === 0) return;
    this.shift(at);
    if (this.isEmpty()) this.start = at;
    this.counts[0]! += cost;
  }

  giveBack(cost: number, now: number): void {
    this.bring(now);
    for (let i = 0, left = cost; i < this.counts.length && left > 0; i++) {
      const part = Math.min(left, this.counts[i]!);
      this.counts[i]! -= part;
      left -= part;
    }
  }

  fine(cost: number, now: number): void {
    this.bring(now);
    const most = Math.min(cost, 2 * this.terms.capacity - this.inside());
    if (most > 0) this.spend(most, Math.max(now, this.start));
  }

  left(now: number): number {
    this.bring(now);
    const { capacity, slice_ms, slices } = this.terms;
    const into = Math.max(0, now - this.start);
    return ((capacity - this.inside()) * slice_ms - this.counts[slices]! * (slice_ms - into)) / slice_ms;
  }

  reset(now: number): number {
    this.bring(now);
    const newest = this.counts.findIndex((count) => count > 0);
    return newest < 0 ? 0 : this.start + (this.terms.slices - newest + 1) * this.terms.slice_ms - now;
  }

  private isEmpty(): boolean {
    return this.counts.every((count) => count === 0);
  }

  private inside(): number {
    let sum = 0;
    for (let i = 0; i < this.terms.slices; i++) sum += this.counts[i]!;
    return sum;
  }

  private bring(now: number): void {
    if (this.start - now > LIMIT_WAIT_MS_MAX) this.start = now;
    else this.shift(now);
  }

  private shift(now: number): void {
    const { slice_ms, slices } = this.terms;
    const passed = Math.floor((now - this.start) / slice_ms);
    if (passed <= 0) return;
    if (passed > slices) {
      this.counts.fill(0);
      this.start = now;
      return;
    }
    this.counts.copyWithin(passed, 0);
    this.counts.fill(0, 0, passed);
    this.start += passed * slice_ms;
  }
}
