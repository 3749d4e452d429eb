import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import pino from "pino";

import { createLocalCaches } from "#ports/cache/index.ts";
import { createCalls } from "#ports/calls/index.ts";
import { createVirtualClock } from "#ports/clock/index.ts";

import { COMMAND_BYTES_MAX, controlFolder, FAULT_S_MAX, HOLD_S_MAX, STEP_MS_MAX } from "./contract.ts";
import { cuttable, SLOWER_MS } from "./cut.ts";
import { createDrills, createSteppedClock, openControl } from "./index.ts";
import { wipeable } from "./wiped.ts";

const folder = await mkdtemp(join(tmpdir(), "folkhus-control-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
const lines = pino({ level: "silent" });

/** The house's side on a clock that stands; what is asked of guests and caches is noted. */
function house() {
  const machine = createVirtualClock(1_000_000);
  const clock = createSteppedClock(machine);
  const did: string[] = [];
  let here = 0;
  const drills = createDrills({
    clock,
    lines,
    guests: {
      async make(count) {
        here += count;
        return Array.from({ length: count }, (_, i) => ({ handle: `guest_${i}`, password: "a password of theirs" }));
      },
      async removeAll() {
        did.push(`removed ${here}`);
        here = 0;
        return 0;
      },
      areHere: async () => here > 0,
    },
    wipe: async () => did.push("wiped"),
    calls: { cut: (what, how) => void did.push(`${what} ${how}`), mendAll: () => void did.push("mended") },
    letGo: async () => void did.push("let go"),
  });
  return { machine, clock, drills, did, guests: () => here };
}

const codeOf = (work: () => unknown) => {
  try {
    work();
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a drill in the house", () => {
  test("DR1: one drill at a time: another is refused until the first lets go or is not renewed in time", async () => {
    const { drills, machine } = house();
    const hold = drills.hold("clock-back", 15);
    expect(codeOf(() => drills.hold("hot-key", 15))).toBe("control.held");
    await drills.release(hold);
    const second = drills.hold("hot-key", 15);
    await machine.advance(14_000);
    drills.renew(second, 15);
    await machine.advance(14_000);
    expect(drills.current()).toBe("hot-key");
    await machine.advance(2_000);
    expect(drills.current()).toBeNull();
    expect(codeOf(() => drills.renew(second, 15))).toBe("control.not_held");
    drills.hold("disk-full", 1);
  });

  test("DR2: what a drill did is undone when it is let go, when its own time is over, and when nobody holds it", async () => {
    const { drills, machine, clock, did, guests } = house();
    expect(codeOf(() => drills.stepClock("made up", 1, 1))).toBe("control.not_held");
    const hold = drills.hold("clock-forward", 60);
    await drills.makeGuests(hold, 3);
    drills.stepClock(hold, 600_000, 10);
    expect([clock.off_ms(), clock.now() - machine.now()]).toEqual([600_000, 600_000]);
    expect(drills.notice()).toContain("clock is off by 600 s");
    await machine.advance(10_000);
    expect([clock.off_ms(), drills.current()]).toEqual([0, "clock-forward"]);
    drills.stepClock(hold, -600_000, 60);
    await drills.release(hold);
    expect([clock.off_ms(), guests(), drills.notice()]).toEqual([0, 0, null]);

    const left = drills.hold("clock-back", 15);
    await drills.makeGuests(left, 2);
    drills.stepClock(left, -600_000, 120);
    await machine.advance(15_000);
    await drills[Symbol.asyncDispose]();
    expect([clock.off_ms(), guests(), did]).toEqual([
      0,
      0,
      ["mended", "let go", "removed 3", "mended", "let go", "removed 2"],
    ]);
  });

  test("DR3: a step of the clock moves what it says and no duration, so leases end when they should", async () => {
    const { drills, machine, clock } = house();
    const hold = drills.hold("clock-back", 20);
    const before = clock.monotonic();
    drills.stepClock(hold, -STEP_MS_MAX, 5);
    expect([clock.now(), clock.monotonic()]).toEqual([machine.now() - STEP_MS_MAX, before]);
    await machine.advance(5_000);
    expect(clock.off_ms()).toBe(0);
  });

  test("DR4: guests whom a killed house left are removed a minute after the next start, unless their drill comes back", async () => {
    const machine = createVirtualClock();
    let removed = 0;
    const begin = () =>
      createDrills({
        clock: createSteppedClock(machine),
        lines,
        guests: {
          make: async () => [],
          removeAll: async () => ((removed += 1), 0),
          areHere: async () => true,
        },
        wipe: async () => 0,
        calls: { cut() {}, mendAll() {} },
        letGo: async () => {},
      });
    /** Time, and then all that was waiting for it. */
    const pass = async (ms: number) => {
      await machine.advance(ms);
      await Bun.sleep(0);
    };
    await using _ = begin();
    await Bun.sleep(0);
    await pass(59_000);
    expect(removed).toBe(0);
    await pass(2_000);
    expect(removed).toBe(1);
    await using again = begin();
    await Bun.sleep(0);
    await pass(1_000);
    const hold = again.hold("node-killed", 60);
    for (let i = 0; i < 3; i++) {
      await pass(30_000);
      again.renew(hold, 60);
    }
    expect(removed).toBe(1);
    await again.release(hold);
    expect(removed).toBe(2);
  });

  test("DR5: all caches are wiped, each as it was made", () => {
    const caches = wipeable(createLocalCaches({ clock: createVirtualClock() }));
    const made = ["a", "b"].map((name) => caches.create<string>({ name, version: 1, entries_max: 9, ttl_ms: 1_000 }));
    for (const cache of made) cache.set("key", "value");
    expect([caches.wipe(), ...made.map((cache) => cache.peek("key"))]).toEqual([2, undefined, undefined]);
    expect(caches.stats().map(({ name, entries }) => [name, entries])).toEqual([
      ["a", 0],
      ["b", 0],
    ]);
  });
});

test("DR33: what a drill cuts off fails, stalls or is slow as it was told, and is mended when its time is over and when nobody holds it", async () => {
  const clock = createVirtualClock();
  const calls = cuttable(createCalls({ clock }), clock);
  const mail = calls.to({ name: "mail", away: "Letters wait.", failures_max: 100 });
  const drills = createDrills({
    clock: createSteppedClock(clock),
    lines,
    guests: { make: async () => [], removeAll: async () => 0, areHere: async () => false },
    calls,
    wipe: async () => 0,
    letGo: async () => {},
  });
  const ask = () =>
    mail
      .call(async () => "taken")
      .then(
        (word) => word,
        (error: unknown) => String(error),
      );
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await Bun.sleep(0);
  };
  const hold = drills.hold("mail-gone", 60);
  drills.cut(hold, "store", "gone", 10);
  expect(await ask()).toBe("taken");
  drills.cut(hold, "mail", "gone", 10);
  expect(await ask()).toContain("has cut mail off");
  drills.cut(hold, "mail", "slow", 10);
  const slow = ask();
  await pass(0);
  await pass(SLOWER_MS);
  expect(await slow).toBe("taken");
  drills.cut(hold, "mail", "stalls", 10);
  const stalled = ask();
  await pass(0);
  await pass(5_000);
  drills.cut(hold, "mail", null, 10);
  expect(await stalled).toContain("broke");
  expect(await ask()).toBe("taken");

  drills.cut(hold, "mail", "gone", 10);
  await pass(10_000);
  expect(await ask()).toBe("taken");
  drills.cut(hold, "mail", "gone", 10);
  await drills.release(hold);
  expect(await ask()).toBe("taken");
  drills.cut(drills.hold("mail-gone", 5), "mail", "gone", 60);
  await pass(5_000);
  expect(await ask()).toBe("taken");
});

describe("the control socket", () => {
  const about = () => ({
    version: "1",
    url: null,
    embedded_database: true,
    redis: false,
    mail: false,
    store: false,
    free_bytes_min: 1,
    keeps_database: true,
    lines_open: 0,
    world: null,
  });
  async function open(name: string) {
    const data_folder = join(folder, name);
    const { drills } = house();
    const control = await openControl({ data_folder, lines, drills, about });
    const path = join(controlFolder(data_folder), `${process.pid}.sock`);
    const send = async (body: unknown, method = "POST") => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const answer = await fetch("http://control/", {
        unix: path,
        method,
        ...(method === "GET" ? {} : { body: text }),
      });
      const read = (await answer.json().catch(() => ({}))) as { code?: string; hold?: string; drill?: string };
      return { status: answer.status, ...read };
    };
    return { control, path, data_folder, send };
  }

  test("DR6: it is there for its account alone: 0600 in a folder of 0700, also where the folder was open before; gone at the end", async () => {
    const data_folder = join(folder, "open");
    await mkdir(controlFolder(data_folder), { recursive: true });
    await chmod(controlFolder(data_folder), 0o777);
    const { control, path } = await open("open");
    const modeOf = async (at: string) => ((await stat(at)).mode & 0o777).toString(8);
    expect([await modeOf(path), await modeOf(controlFolder(data_folder))]).toEqual(["600", "700"]);
    await control?.[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(false);
  });

  test("DR6: where its name would be too long, there is none, and the house goes on", async () => {
    expect((await open("x".repeat(100))).control).toBeNull();
  });

  test("DR6: where the folder cannot be made, as on a disk that may only be read, there is none, and the house goes on", async () => {
    await Bun.write(join(folder, "no-folder"), "a file");
    expect((await open("no-folder")).control).toBeNull();
  });

  test("DR7: nothing but its few commands within their bounds is done", async () => {
    const { control, send } = await open("bounds");
    await using _ = control;
    const bad = [
      "no json",
      { command: "shell" },
      { command: "hello", more: 1 },
      { command: "hold", drill: "../up", lease_s: 5 },
      { command: "hold", drill: "hot-key", lease_s: HOLD_S_MAX + 1 },
      { command: "hold", drill: "hot-key", lease_s: 0.5 },
    ];
    for (const body of bad) expect([body, (await send(body)).code]).toEqual([body, "control.unknown_command"]);
    expect((await send("", "GET")).code).toBe("control.wrong_method");
    expect((await send(" ".repeat(COMMAND_BYTES_MAX + 1))).status).toBe(413);
    const { hold } = await send({ command: "hold", drill: "clock-back", lease_s: 5 });
    const step = { command: "step_clock", hold, by_ms: 1, lease_s: 1 };
    for (const wrong of [{ by_ms: STEP_MS_MAX + 1 }, { lease_s: FAULT_S_MAX + 1 }, { by_ms: 0.5 }, { hold: "" }])
      expect((await send({ ...step, ...wrong })).code).toBe("control.unknown_command");
    expect((await send({ ...step, hold: "another" })).code).toBe("control.not_held");
    expect((await send({ command: "make_guests", hold, count: 9 })).code).toBe("control.unknown_command");
    expect((await send(step)).status).toBe(200);
    expect((await send({ command: "hello" })).drill).toBe("clock-back");
    expect((await send({ command: "release", hold })).status).toBe(200);
  });
});
