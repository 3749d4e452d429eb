import { expect, test } from "bun:test";

import { deadlineIn } from "#kernel/deadline.ts";
import { Transient } from "#kernel/errors.ts";
import { backoffMs } from "#kernel/retry.ts";
import { createVirtualClock, type VirtualClock } from "#ports/clock/index.ts";

import { createCalls } from "./index.ts";
import { seedOf, settled } from "./testing.ts";

/**
 * A model of a bad day: another server of ten hands that is asked three times as much as it can do, and fails three of ten.
 * It does what it was asked in order, also for those who have left: nobody tells it. Time is virtual, so this is arithmetic
 * and not a measurement of this machine.
 */
const HANDS = 10;
const SERVICE_MS = 100;
const FAILING_SHARE = 0.3;
const PATIENCE_MS = 1_000;
const SECONDS = 8;
const STEP_MS = 5;
/** What it can answer well in a second. */
const GOOD_PER_S = ((HANDS * 1_000) / SERVICE_MS) * (1 - FAILING_SHARE);

function createServer(clock: VirtualClock) {
  let working = 0;
  let asked = 0;
  const queue: (() => void)[] = [];
  return {
    asked: () => asked,
    async answer(): Promise<void> {
      asked += 1;
      if (working >= HANDS) await new Promise<void>((resolve) => queue.push(resolve));
      else working += 1;
      await clock.sleep(SERVICE_MS * (0.5 + clock.random()));
      const next = queue.shift();
      if (next) next();
      else working -= 1;
      if (clock.random() < FAILING_SHARE) throw new Transient("it failed");
    },
  };
}

type Ask = (work: () => Promise<void>) => Promise<void>;

async function live(load: number, seed: number, make: (clock: VirtualClock) => Ask) {
  const clock = createVirtualClock(0, seed);
  const server = createServer(clock);
  const ask = make(clock);
  const per_step = (load * HANDS * STEP_MS) / SERVICE_MS;
  let calls = 0;
  let good = 0;
  let ended = 0;
  let slowest_ms = 0;
  let due = 0;
  const one = async () => {
    const began = clock.monotonic();
    const came = await ask(() => server.answer()).then(
      () => true,
      () => false,
    );
    const took = clock.monotonic() - began;
    ended += 1;
    slowest_ms = Math.max(slowest_ms, took);
    if (came && took <= PATIENCE_MS) good += 1;
  };
  for (let at = 0; at < SECONDS * 1_000; at += STEP_MS) {
    for (due += per_step; due >= 1; due -= 1) {
      calls += 1;
      void one();
    }
    await clock.advance(STEP_MS);
    await settled();
  }
  return { calls, tries: server.asked(), goodput: good / SECONDS / GOOD_PER_S, slowest_ms, ended };
}

/** As it is often written: three tries, whatever happens elsewhere. */
const naive =
  (clock: VirtualClock): Ask =>
  async (work) => {
    for (let attempt = 0; ; attempt++) {
      const late = new AbortController();
      try {
        const cut = clock.sleep(PATIENCE_MS, late.signal).then(() => Promise.reject(new Transient("late")));
        return await Promise.race([work(), cut]).finally(() => {
          late.abort();
          cut.catch(() => {});
        });
      } catch (error) {
        if (attempt === 2) throw error;
        await clock.sleep(backoffMs(attempt, { base_ms: 50, delay_ms_max: 500 }, () => clock.random()));
      }
    }
  };

/** Of those that were sent: all tries for each first one. */
let amplification = 0;

const withCalls = (clock: VirtualClock): Ask => {
  const calls = createCalls({ clock });
  const server = calls.to({
    name: "server",
    away: "-",
    at_once_max: HANDS,
    waiting_max: 200,
    base_ms: 50,
    delay_ms_max: 500,
    try_ms_max: PATIENCE_MS,
    retry_floor: 3,
  });
  return async (work) => {
    try {
      await server.call(work, { idempotent: true, deadline: deadlineIn(clock.monotonic(), PATIENCE_MS) });
    } finally {
      const { first_tries, further_tries, hedges } = calls.stats()[0]!;
      amplification = (first_tries + further_tries + hedges) / first_tries;
    }
  };
};

test("CL25: at three times what it can do with three of ten failing, tries are 1.1 times the calls and nine tenths of what it can answer well is answered in time", async () => {
  const seed = seedOf("storm");
  const storm = await live(3, seed, withCalls);
  const of_those_sent = amplification;
  const naively = await live(3, seed, naive);
  console.log("with calls", { ...storm, of_those_sent }, "naively", naively);
  expect(of_those_sent).toBeLessThanOrEqual(1.1);
  expect(storm.tries / storm.calls).toBeLessThanOrEqual(1.1);
  expect(storm.goodput).toBeGreaterThanOrEqual(0.9);
  // Nobody waits longer than they said.
  expect(storm.slowest_ms).toBeLessThanOrEqual(PATIENCE_MS + STEP_MS);
  // Or the model would show nothing.
  expect(naively.tries / naively.calls).toBeGreaterThan(1.5);
  expect(naively.goodput).toBeLessThan(0.5);
});

test("CL25: on a good day failures are tried again, and what was lost to them is small", async () => {
  const day = await live(0.5, seedOf("day"), withCalls);
  console.log("a good day", day);
  expect(day.tries / day.calls).toBeLessThanOrEqual(1.1);
  expect(day.tries / day.calls).toBeGreaterThan(1.05);
});
