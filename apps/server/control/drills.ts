import { randomUUID } from "node:crypto";

import type { Logger } from "pino";

import { Problem } from "#kernel/errors.ts";

import type { Cut, CutHow, Guest } from "./contract.ts";
import type { CutCalls } from "./cut.ts";
import { createLease } from "./lease.ts";
import type { SteppedClock } from "./stepped-clock.ts";

/** Who is here for a drill and removed after it. */
export interface Guests {
  make(count: number): Promise<Guest[]>;
  /** Also those that an earlier process made. @returns how many are still to be removed */
  removeAll(): Promise<number>;
  areHere(): Promise<boolean>;
}

/**
 * The house's side of a game day: one drill at a time, held by whoever runs it. A hold that is not renewed ends, and with it
 * everything that was done under it, so a doctor who dies leaves nothing.
 */
export interface Drills extends AsyncDisposable {
  /** The name of the drill that is under way. */
  current(): string | null;
  /** What is being done to the house now, in words; null when nothing is. */
  notice(): string | null;
  /** @throws Problem 409 `control.held` */
  hold(drill: string, lease_s: number): string;
  /**
   * @param drill the next one, under the same hold
   * @throws Problem 409 `control.not_held`, as all that follow
   */
  renew(hold: string, lease_s: number, drill?: string): void;
  /** Undoes everything. */
  release(hold: string): Promise<void>;
  stepClock(hold: string, by_ms: number, lease_s: number): void;
  /** @param how null mends it before its time */
  cut(hold: string, what: Cut, how: CutHow | null, lease_s: number): void;
  /** @returns how many caches were emptied */
  wipeCaches(hold: string): Promise<number>;
  makeGuests(hold: string, count: number): Promise<Guest[]>;
}

export interface DrillsNeeds {
  clock: SteppedClock;
  lines: Logger;
  guests: Guests;
  calls: Pick<CutCalls, "cut" | "mendAll">;
  /** Throws everything hot away. @returns how many caches there were */
  wipe: () => Promise<number>;
  /** Lets the house's database go on where a drill has stopped its processes. */
  letGo: () => Promise<void>;
}

/** Guests of a process that was killed in the middle of a drill: so long may the doctor take to come back to them. */
const ORPHANS_MS = 60_000;

export function createDrills({ clock, lines, guests, calls, wipe, letGo }: DrillsNeeds): Drills {
  let held: { hold: string; drill: string } | null = null;
  let leaving: Promise<unknown> = Promise.resolve();

  const right = createLease(clock, () => {
    clock.setOff(0);
    lines.warn("the drill's time is over: the house's clock is right again");
  });
  const mended = createLease(clock, () => {
    calls.mendAll();
    lines.warn("the drill's time is over: nothing is cut off any more");
  });
  const holding = createLease(clock, () => {
    lines.warn({ drill: held?.drill }, "nobody holds the drill any more: everything of it is undone");
    end();
  });
  const orphans = createLease(clock, () => removeGuests());

  function removeGuests() {
    leaving = leaving.then(async () => {
      try {
        const left = await guests.removeAll();
        if (left > 0) orphans.extend(ORPHANS_MS);
      } catch (err) {
        lines.warn({ err: String(err) }, "the guests of a drill could not be removed; it is tried again in a minute");
        orphans.extend(ORPHANS_MS);
      }
    });
  }
  function end() {
    held = null;
    holding.drop();
    right.drop();
    clock.setOff(0);
    mended.drop();
    calls.mendAll();
    // Before the guests, who leave by the database. A doctor lets go what it stopped; this is for one that was killed with its helper.
    leaving = leaving.then(() =>
      letGo().catch((err: unknown) => lines.error({ err: String(err) }, "the database could not be let go on")),
    );
    removeGuests();
  }
  const mine = (hold: string) => {
    if (held?.hold !== hold)
      throw new Problem(409, "control.not_held", "This drill is over: its hold was not renewed in time.");
    return held;
  };
  // Whoever was killed in a drill left them; a doctor who is still at it holds the house again before that.
  leaving = guests.areHere().then(
    (here) => {
      if (here && held === null) orphans.extend(ORPHANS_MS);
    },
    (err: unknown) => lines.warn({ err: String(err) }, "whether guests of a drill are left could not be read"),
  );

  return {
    current: () => held?.drill ?? null,
    notice() {
      if (held === null) return null;
      const off_ms = clock.off_ms();
      const clock_says = off_ms === 0 ? "" : ` The house's clock is off by ${Math.round(off_ms / 1000)} s.`;
      return `A drill is under way: ${held.drill}.${clock_says} It ends by itself.`;
    },
    hold(drill, lease_s) {
      if (held !== null)
        throw new Problem(409, "control.held", `Another drill is under way: ${held.drill}. It ends by itself.`);
      held = { hold: randomUUID(), drill };
      orphans.drop();
      holding.extend(lease_s * 1_000);
      lines.warn({ drill, lease_s }, "a drill begins");
      return held.hold;
    },
    renew(hold, lease_s, drill) {
      const held_now = mine(hold);
      if (drill !== undefined && drill !== held_now.drill) {
        held_now.drill = drill;
        lines.warn({ drill, lease_s }, "a drill begins");
      }
      holding.extend(lease_s * 1_000);
    },
    async release(hold) {
      const { drill } = mine(hold);
      end();
      await leaving;
      lines.warn({ drill }, "a drill is over");
    },
    stepClock(hold, by_ms, lease_s) {
      mine(hold);
      clock.setOff(by_ms);
      lines.warn({ by_ms, lease_s }, "a drill sets the house's clock off");
      if (by_ms === 0) right.drop();
      else right.extend(lease_s * 1_000);
    },
    cut(hold, what, how, lease_s) {
      mine(hold);
      calls.cut(what, how);
      lines.warn(
        { what, how, lease_s },
        how === null ? "a drill has mended what it cut off" : "a drill cuts the house off",
      );
      if (how === null) mended.drop();
      else mended.extend(lease_s * 1_000);
    },
    async wipeCaches(hold) {
      mine(hold);
      const caches = await wipe();
      lines.warn({ caches }, "a drill has thrown the caches away");
      return caches;
    },
    async makeGuests(hold, count) {
      mine(hold);
      return guests.make(count);
    },
    async [Symbol.asyncDispose]() {
      // A house that stops takes its guests along, where it still can.
      if (held !== null) end();
      orphans.drop();
      await leaving;
      orphans.drop();
    },
  };
}
