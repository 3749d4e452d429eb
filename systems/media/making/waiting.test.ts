import { expect, test } from "bun:test";

import { createSystemClock } from "#ports/clock/index.ts";

import { createFlights } from "./flights.ts";
import { createQuiet } from "./quiet.ts";
import { createSlots } from "./slots.ts";

const clock = createSystemClock();
const never = new AbortController().signal;
const codeOf = async (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

test("MD72, MD73: all join one flight; the last one's leaving ends it, and the next one to ask begins anew", async () => {
  const flights = createFlights<string>({ clock });
  const begun: AbortSignal[] = [];
  const landing = Promise.withResolvers<string>();
  const begin = (nobody: AbortSignal) => {
    begun.push(nobody);
    return landing.promise;
  };
  const callers = Array.from({ length: 3 }, () => new AbortController());
  const joined = callers.map(({ signal }) => codeOf(flights.join("a", signal, begin)));
  callers[0]!.abort(new Error("left"));
  expect(await joined[0]).toBe("left");
  callers[1]!.abort(new Error("left"));
  expect(begun.map(({ aborted }) => aborted)).toEqual([false]);
  callers[2]!.abort(new Error("left"));
  await Promise.all(joined);
  expect(begun.map(({ aborted }) => aborted)).toEqual([true]);
  const fresh = flights.join("a", never, begin);
  expect(begun).toHaveLength(2);
  landing.resolve("made");
  expect(await fresh).toBe("made");
  expect(begun.map(({ aborted }) => aborted)).toEqual([true, false]);
});

test("MD72: a failure reaches all who wait and is not kept", async () => {
  const flights = createFlights<string>({ clock });
  let tries = 0;
  const begin = async () => {
    tries += 1;
    throw new Error(`try ${tries}`);
  };
  const failed = await Promise.all([1, 2].map(() => codeOf(flights.join("a", never, begin))));
  expect(failed).toEqual(["try 1", "try 1"]);
  expect(await codeOf(flights.join("a", never, begin))).toBe("try 2");
});

test("MD78: who asks for what a run makes next waits for the run, and makes it himself where the run gives up or takes long", async () => {
  const flights = createFlights<string>({ clock });
  const begin = async () => "own";
  const near = new Set(["a", "b", "c"]);
  using expected = flights.expect(["a", "b", "c", "d"], { isNear: (key) => near.has(key), patience_ms: 50 });
  const asked = ["a", "b", "c", "d"].map((key) => flights.join(key, never, begin));
  expected.made("a", "run");
  expected.drop("b");
  expect(await Promise.all(asked)).toEqual(["run", "own", "own", "own"]);
});

test("MD71: so many are made at once, so many wait, what is needed most goes first, and nobody waits for long", async () => {
  const slots = createSlots({ clock, at_once: 1, waiting_max: 3, wait_ms_max: 60 });
  const first = await slots.take(0, never);
  const order: string[] = [];
  const waiting = [
    ["top", 3],
    ["low", 0],
    ["left", 1],
  ] as const;
  const leaver = new AbortController();
  const taken = waiting.map(([name, rank]) =>
    codeOf(
      slots.take(rank, name === "left" ? leaver.signal : never).then((slot) => {
        order.push(name);
        slot[Symbol.dispose]();
      }),
    ),
  );
  expect(await codeOf(slots.take(0, never))).toBe("media.busy");
  leaver.abort(new Error("left"));
  expect(await taken[2]).toBe("left");
  first[Symbol.dispose]();
  // Given back twice, it is given on once.
  first[Symbol.dispose]();
  await Promise.all(taken);
  expect(order).toEqual(["low", "top"]);
  using _held = await slots.take(0, never);
  expect(await codeOf(slots.take(0, never))).toBe("media.busy");
});

test("MD78: what nobody waits for begins when nobody waits", async () => {
  const quiet = createQuiet({ clock });
  await quiet.wait(never);
  const order: string[] = [];
  const [one, two] = [quiet.disturb(), quiet.disturb()];
  const waiting = quiet.wait(never).then(() => order.push("begun"));
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  await Bun.sleep(0);
  order.push("nobody");
  two[Symbol.dispose]();
  await waiting;
  expect(order).toEqual(["nobody", "begun"]);
  using _again = quiet.disturb();
  expect(await codeOf(quiet.wait(AbortSignal.abort(new Error("left"))))).toBe("left");
});
