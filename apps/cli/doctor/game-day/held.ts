import { Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import { type Guest, zGuests, zHeld } from "../../../server/control/contract.ts";
import { HOLD_S, RENEW_MS } from "./bounds.ts";
import { findProcesses, type HouseProcess, zNothing } from "./node.ts";

/** The house, held for drills: all its processes on this machine, and the people who were made for them. */
export interface Held extends AsyncDisposable {
  /** Where it answers; the first process that does. */
  url: string;
  processes(): readonly HeldProcess[];
  guests: readonly Guest[];
  /** Another drill begins under the same hold. */
  next(drill: string): Promise<void>;
  /** Looks for the house again until one answers: it was killed and somebody started it. */
  again(signal: AbortSignal): Promise<void>;
}

export interface HeldProcess extends HouseProcess {
  hold: string;
}

/** @throws Problem when there is no house here, when it is not this account's, when another drill is under way */
export async function holdHouse(
  data_folder: string,
  clock: Clock,
  first_drill: string,
  guests_wanted: number,
): Promise<Held> {
  await using opened = new AsyncDisposableStack();
  let drill = first_drill;
  let held = await holdAll(data_folder, drill);
  opened.defer(() => releaseAll(held));
  const front = held.find(({ hello }) => hello.url !== null);
  if (front?.hello.url == null) {
    throw new Problem(
      409,
      "game_day.no_house",
      "No house of this account answers HTTP on this machine with this data folder. Start it first; FOLKHUS_DATA says where its data are.",
    );
  }
  const { url } = front.hello;
  const renew = async () => {
    // Whoever was killed is found again by `again`, so a renewal that does not reach it is no failure.
    for (const { send, hold } of held)
      await send({ command: "renew", hold, lease_s: HOLD_S, drill }, zNothing).catch(() => {});
  };
  opened.use(asAsync(clock.every(RENEW_MS, renew)));
  const { guests } = await front.send({ command: "make_guests", hold: front.hold, count: guests_wanted }, zGuests);
  if (guests.length < guests_wanted)
    throw new Problem(
      503,
      "game_day.no_guests",
      `The house made ${guests.length} of ${guests_wanted} guests: those of drills that were killed are still to be removed. Try again in a few minutes.`,
    );
  const owned = opened.move();
  return {
    url,
    guests,
    processes: () => held,
    async next(name) {
      drill = name;
      await renew();
    },
    async again(signal) {
      for (;;) {
        signal.throwIfAborted();
        const now = await holdAll(data_folder, drill).catch(() => []);
        if (now.some(({ hello }) => hello.url !== null)) {
          held = now;
          return;
        }
        await clock.sleep(100, signal);
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function holdAll(data_folder: string, drill: string): Promise<HeldProcess[]> {
  const held: HeldProcess[] = [];
  try {
    for (const one of await findProcesses(data_folder)) {
      const { hold } = await one.send({ command: "hold", drill, lease_s: HOLD_S }, zHeld);
      held.push({ ...one, hold });
    }
  } catch (error) {
    await releaseAll(held);
    throw error;
  }
  return held;
}

/** A process that is gone, or that has let go by itself, has undone everything already or does so at its next start. */
const releaseAll = async (held: readonly HeldProcess[]) => {
  for (const { send, hold } of held) await send({ command: "release", hold }, zNothing).catch(() => {});
};

const asAsync = (disposable: Disposable): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => disposable[Symbol.dispose](),
});
