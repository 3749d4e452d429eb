import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, writeSync } from "node:fs";
import { chown, mkdir, mkdtemp, readdir, readFile, readlink, rm, statfs, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RedisClient } from "bun";
import pino from "pino";

import { REDIS_SERVER, testRedis } from "#engines/redis/testing.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import { readConfig } from "../../../server/config.ts";
import { controlFolder, type Hello } from "../../../server/control/contract.ts";
import { createDrills, createSteppedClock, openControl, worldOfProcess } from "../../../server/control/index.ts";
import { main } from "../../main.ts";
import { DRILLS } from "./drills.ts";
import type { Outlook, Scene } from "./fault.ts";
import { openNameless } from "./faults/disk.ts";
import { findProcesses } from "./node.ts";

const folder = await mkdtemp(join(tmpdir(), "folkhus-game-day-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function folk(data: string, ...argv: string[]) {
  const told = { said: "", wrong: "" };
  const code = await main(["doctor", ...argv], {
    out: (line) => void (told.said += `${line}\n`),
    err: (line) => void (told.wrong += `${line}\n`),
    env: { FOLKHUS_DATA: join(folder, data) },
    interactive: false,
  });
  return { code, ...told };
}

/** A process of a house that is only its control socket. */
async function house(data: string, more: Partial<Hello> = {}) {
  const drills = createDrills({
    clock: createSteppedClock(createSystemClock()),
    lines: pino({ level: "silent" }),
    guests: { make: async () => [], removeAll: async () => 0, areHere: async () => false },
    wipe: async () => 0,
    calls: { cut() {}, mendAll() {} },
    letGo: async () => {},
  });
  const control = await openControl({
    data_folder: join(folder, data),
    lines: pino({ level: "silent" }),
    drills,
    about: () => ({
      version: "1",
      url: "http://127.0.0.1:1",
      embedded_database: false,
      redis: false,
      mail: false,
      store: false,
      free_bytes_min: 1,
      keeps_database: false,
      lines_open: 0,
      world: worldOfProcess(),
      ...more,
    }),
  });
  return {
    drills,
    async [Symbol.asyncDispose]() {
      await control?.[Symbol.asyncDispose]();
      await drills[Symbol.asyncDispose]();
    },
  };
}

describe("a game day is refused", () => {
  test("DR8: by 2 and a sentence where it was asked wrongly", async () => {
    const wrong: [string[], RegExp][] = [
      [["--game-day", "earthquake"], /no drill "earthquake".*redis-gone/],
      [["redis-gone"], /--game-day/],
      [["--yes"], /--game-day/],
      [["--game-day", "--seconds", "0"], /from 1 to 60/],
      [["--game-day", "--seconds", "61"], /from 1 to 60/],
      [["--game-day", "--seconds", "ten"], /from 1 to 60/],
    ];
    for (const [argv, says] of wrong) {
      const { code, wrong: said } = await folk("none", ...argv);
      expect([argv, code]).toEqual([argv, 2]);
      expect(said).toMatch(says);
    }
  });

  test("DR8: where no house of this account answers on this machine", async () => {
    const { code, wrong } = await folk("none", "--game-day", "--yes");
    expect([code, wrong.includes("Start it first")]).toEqual([1, true]);
  });

  test("DR8: where another drill is under way", async () => {
    await using one = await house("held");
    const hold = one.drills.hold("hot-key", 60);
    const { code, wrong } = await folk("held", "--game-day", "clock-back", "--yes");
    expect([code, wrong]).toEqual([1, expect.stringContaining("hot-key")]);
    await one.drills.release(hold);
  });

  test("DR8: where the house runs in a container and the doctor beside it: its process numbers are others' there", async () => {
    await using one = await house("contained", { world: "pid:[1] net:[1]" });
    const { code, wrong } = await folk("contained", "--game-day", "clock-back", "--yes");
    expect([code, wrong]).toEqual([1, expect.stringMatching(/in a container.*inside it/)]);
    expect(one.drills.current()).toBeNull();
  });

  test("DR30: where people are connected, unless it is said that they may be disturbed", async () => {
    await using one = await house("visited", { lines_open: 3 });
    const { code, wrong } = await folk("visited", "--game-day", "clock-back", "--yes");
    expect([code, wrong]).toEqual([1, expect.stringMatching(/3 pages or apps.*--with-people/)]);
    expect(one.drills.current()).toBeNull();
    const told = await folk("visited", "--game-day", "clock-back", "--yes", "--with-people");
    // This house is only a socket and makes no guests, but it was held.
    expect(told.wrong).toContain("made 0 of");
  });

  test("DR8: where nobody is there to be asked; nothing was held", async () => {
    await using one = await house("asked");
    const { code, wrong, said } = await folk("asked", "--game-day", "clock-back", "redis-gone");
    expect([code, wrong.includes("--yes")]).toEqual([1, true]);
    expect(said).toContain("clock-back sets the house's own clock");
    expect(said).toContain("redis-gone is left out: this house has no Redis");
    expect(one.drills.current()).toBeNull();
  });

  test.skipIf(process.getuid?.() !== 0)("DR8: on a house of another account (needs root, to make one)", async () => {
    const data = join(folder, "theirs");
    await mkdir(controlFolder(data), { recursive: true });
    await chown(controlFolder(data), 12_345, 12_345);
    const { code, wrong } = await folk("theirs", "--game-day", "--yes");
    expect([code, wrong.includes("another account")]).toEqual([1, true]);
  });

  test("DR8: by each drill that does not fit the house, with the reason", async () => {
    const { config, secrets } = readConfig({ FOLKHUS_DATA: join(folder, "none") });
    await mkdir(config.data_folder, { recursive: true });
    const hello = {
      pid: 1,
      version: "1",
      url: null,
      drill: null,
      embedded_database: false,
      redis: true,
      mail: false,
      store: false,
      free_bytes_min: 1,
      keeps_database: false,
      lines_open: 0,
      world: null,
    };
    const at: Outlook = { hello, config, secrets, supervised: false };
    const of = async (name: string, more: Partial<Outlook> = {}) =>
      DRILLS.find((drill) => drill.name === name)!.fault.obstacle({ ...at, ...more });
    expect(await of("redis-gone")).toContain("REDIS_URL is not set here");
    const elsewhere = { ...secrets, redis_url: "redis://cache.example:6379" };
    expect(await of("redis-gone", { secrets: elsewhere })).toContain("another machine");
    for (const name of ["postgres-slow", "postgres-gone"]) expect(await of(name)).toContain("not the embedded one");
    expect(await of("disk-full", { secrets: { ...secrets, s3_url: "s3://b" } })).toContain("S3");
    expect(await of("disk-full", { config: { ...config, free_bytes_min: 1 } })).not.toBeNull();
    expect(await of("disk-full", { config: { ...config, free_bytes_min: 2 ** 60 } })).not.toBeNull();
    expect(await of("node-killed")).toContain("--supervised");
  });

  test("DR8: a socket of a process that is gone is no house, and the next start takes it away", async () => {
    const data = join(folder, "dead");
    await mkdir(controlFolder(data), { recursive: true, mode: 0o700 });
    await Bun.write(join(controlFolder(data), "999999999.sock"), "");
    expect(await findProcesses(data)).toEqual([]);
    await using _ = await house("dead");
    expect(await readdir(controlFolder(data))).toEqual([`${process.pid}.sock`]);
  });
});

const { bavail, bsize, type } = await statfs(folder);
const GIB = 2 ** 30;
test.skipIf(
  process.platform !== "linux" || !Bun.which("fallocate") || bavail * bsize < 4 * GIB || Number(type) === 0x01021994,
)(
  "DR10: the file that takes the room has no name, is as large as it must be, and goes with whoever holds it (needs Linux, fallocate, a disk with 4 GiB free)",
  async () => {
    const { config, secrets } = readConfig({ FOLKHUS_DATA: join(folder, "full") });
    await mkdir(config.data_folder, { recursive: true });
    // Far below what is free, so that nobody beside this test notices.
    const reserved = { ...config, free_bytes_min: bavail * bsize - 2 * GIB };
    const clock = createSystemClock();
    const held = async () => {
      const names = await readdir("/proc/self/fd");
      const links = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")));
      return links.filter((link) => link.startsWith(config.data_folder));
    };
    const scene = { config: reserved, secrets, clock } as unknown as Scene;
    {
      await using _ = await DRILLS.find(({ name }) => name === "disk-full")!.fault.begin(scene);
      expect(await held()).toEqual([expect.stringMatching(/ \(deleted\)$/)]);
      expect(await readdir(config.data_folder)).toEqual([]);
    }
    expect(await held()).toEqual([]);
  },
);

test("DR10: it follows no link that somebody laid where it goes, and leaves no name where a file system knows no nameless files", async () => {
  const at = join(folder, "laid");
  await mkdir(at);
  const theirs = join(folder, "theirs.txt");
  await Bun.write(theirs, "what was there before");
  await symlink(theirs, join(at, ".game-day-ballast"));
  for (const flags of [undefined, 0]) {
    const file = openNameless(at, flags);
    writeSync(file, "room");
    closeSync(file);
  }
  expect(await readdir(at)).toEqual([".game-day-ballast"]);
  expect(await readFile(theirs, "utf8")).toBe("what was there before");
});

/** The state of a process as Linux tells it: T is stopped. */
const stateOf = async (pid: number) => (await readFile(`/proc/${pid}/stat`, "latin1")).split(")").at(-1)!.trim()[0]!;

test.skipIf(process.platform !== "linux")(
  "DR9: what was stopped goes on when whoever stopped it is killed (needs Linux)",
  async () => {
    const parent = Bun.spawn(["sh", "-c", "sleep 600 & echo $!; wait"], { stdout: "pipe" });
    const reader = parent.stdout.getReader();
    const child = Number(new TextDecoder().decode((await reader.read()).value));
    const script = join(import.meta.dirname, "faults/freezing.ts");
    // A doctor in small: it holds the other's input, and is killed.
    const doctor = Bun.spawn(
      [
        process.execPath,
        "-e",
        `Bun.spawn([process.execPath, ${JSON.stringify(script)}, "${parent.pid}", "60000", "0", "600"], { stdin: "pipe", stdout: "ignore", detached: true }); await Bun.sleep(600_000);`,
      ],
      { stdout: "ignore" },
    );
    const until = async (wanted: RegExp) => {
      for (const pid of [parent.pid, child]) while (!wanted.test(await stateOf(pid))) await Bun.sleep(10);
    };
    await until(/T/);
    doctor.kill("SIGKILL");
    await until(/[^T]/);
    process.kill(child, "SIGKILL");
    parent.kill("SIGKILL");
    await parent.exited;
  },
  30_000,
);

test.skipIf(REDIS_SERVER === null)(
  "DR28: a paused Redis answers nobody, and again when whoever paused it is killed (needs redis-server)",
  async () => {
    await using redis = await testRedis();
    const script = join(import.meta.dirname, "faults/redis.ts");
    const doctor = Bun.spawn(
      [
        process.execPath,
        "-e",
        `import { redisGone } from ${JSON.stringify(script)}; await redisGone.begin({ secrets: { redis_url: ${JSON.stringify(redis.url)} }, seconds: 60 }); console.log("paused"); await Bun.sleep(600_000);`,
      ],
      { stdout: "pipe" },
    );
    const reader = doctor.stdout.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain("paused");
    const asking = new RedisClient(redis.url, { autoReconnect: false });
    const answers: string[] = [];
    // Several at a time, so that one would get between two links if anybody could.
    const asked = Array.from({ length: 4 }, async () => answers.push(String(await asking.send("PING", []))));
    // Longer than two links of the chain.
    await Bun.sleep(1_200);
    expect(answers).toEqual([]);
    doctor.kill("SIGKILL");
    await Promise.all(asked);
    expect(answers).toEqual(Array.from({ length: 4 }, () => "PONG"));
    asking.close();
  },
  30_000,
);
