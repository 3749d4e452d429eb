import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, readFile, statfs } from "node:fs/promises";
import { join } from "node:path";

import { REDIS_SERVER, testRedis } from "#engines/redis/testing.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { stopProcesses } from "#ports/sql/postmaster.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { drillNamed, DRILLS } from "../apps/cli/doctor/game-day/drills.ts";
import { postmasterOf } from "../apps/cli/doctor/game-day/faults/postgres.ts";
import { gameDay } from "../apps/cli/doctor/game-day/index.ts";
import { findProcesses, zNothing } from "../apps/cli/doctor/game-day/node.ts";
import { beginDay, type DrillNeeds, type DrillReport, obstacleOf, runDrill } from "../apps/cli/doctor/game-day/run.ts";
import { main } from "../apps/cli/main.ts";
import { readConfig } from "../apps/server/config.ts";
import { zHeld } from "../apps/server/control/contract.ts";
import { personOf, startHouse } from "./house.ts";

const MINUTE = 60_000;
/** A drill heals within a minute or fails; what was not acknowledged is settled in less. */
const DRILLS_MS_MAX = 4 * MINUTE;
const MIB = 2 ** 20;
/** Of the free room, which others take and give back meanwhile; what is left is far from what they keep free. */
const BALLAST_SHARE = 0.5;
/** More cannot be set. */
const RESERVE_MIB_MAX = 1024 * 1024;

/** The drills in short form on a real house. What is asserted holds on any machine: nothing here rests on how fast it was. */
describe("game day", async () => {
  const opened = new AsyncDisposableStack();
  afterAll(() => opened.disposeAsync(), MINUTE);
  const redis = REDIS_SERVER === null ? null : opened.use(await testRedis());
  const { bavail, bsize } = await statfs("/tmp");
  const free_mib = Math.floor((bavail * bsize) / MIB);
  const env: Record<string, string> = {
    FOLKHUS_FREE_MIB_MIN: String(Math.min(RESERVE_MIB_MAX, Math.max(1, Math.floor(free_mib * BALLAST_SHARE)))),
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
  };
  const house = opened.use(await startHouse(env));
  const { config, secrets } = readConfig({ ...env, FOLKHUS_DATA: house.data_folder });
  const needs = {
    config,
    secrets,
    clock: createSystemClock(),
    seconds: 0.5,
    supervised: true,
    say: () => {},
    pace: {
      warm_up_ms: 100,
      baseline_ms: 300,
      // Well is whoever is answered, however slowly: this machine may be doing other things.
      health: { well_ms: 300, times: 1_000, more_ms: MINUTE },
      probes: ["home", "post", "line", "notifications"],
      every_ms: 200,
      storm_clients: 6,
      guests_max: 2,
    },
  } satisfies DrillNeeds;
  const with_uploads = {
    ...needs,
    // A picture is made for each upload, so they come less often.
    pace: {
      ...needs.pace,
      probes: ["home", "post", "upload"],
      every_ms: 500,
      baseline_ms: 600,
      health: { ...needs.pace.health, well_ms: 600 },
    },
  } satisfies DrillNeeds;
  const token = await personOf(house, "astrid");

  const day = await beginDay(DRILLS, needs);
  opened.use(day);

  function keepsAll(report: DrillReport) {
    const { kept, healed_ms, skipped, during } = report;
    expect({ skipped, ...kept }).toMatchObject({ skipped: null, lost: 0, doubled: 0, open: 0 });
    expect([report.drill, during.failed, report.reasons]).toEqual([report.drill, 0, expect.anything()]);
    expect(kept.acknowledged).toBe(kept.written);
    expect(healed_ms).not.toBeNull();
  }
  async function isLeftAsItWas() {
    const listed = await house.client.call(peopleRoutes.suggestPeople, { token, query: { q: "game_day" } });
    expect(listed.body.items).toEqual([]);
    expect(existsSync(join(house.data_folder, "control/guests.json"))).toBe(false);
    const [there] = await findProcesses(house.data_folder);
    expect(there?.hello.drill).toBeNull();
  }

  test.skipIf(redis === null)(
    "DR20: Redis gone: everybody has an answer, nothing is lost, the house says so (needs redis-server)",
    async () => {
      const report = await runDrill(drillNamed("redis-gone"), { ...needs, seconds: 2 }, day);
      keepsAll(report);
      expect(report.during.unanswered).toBe(0);
      expect(report.told).toContain("limits");
    },
    DRILLS_MS_MAX,
  );

  test(
    "DR21: Postgres slow, gone and killed: nothing acknowledged is lost or doubled, and all comes back by itself",
    async () => {
      for (const name of ["postgres-slow", "postgres-gone", "postgres-killed"])
        keepsAll(await runDrill(drillNamed(name), needs, day));
    },
    DRILLS_MS_MAX,
  );

  test(
    "DR22: the disk nearly full: uploads are refused with the reason, and the room is free again",
    async () => {
      const drill = drillNamed("disk-full");
      const [there] = await findProcesses(house.data_folder);
      const obstacle = await obstacleOf(drill, needs, there!.hello);
      // Only where there is no disk to fill: then it says so, and does nothing.
      if (obstacle !== null) return expect(obstacle).toMatch(/tmpfs|fallocate|reserve|nearly full|no room in advance/);
      const report = await runDrill(drill, with_uploads, day);
      keepsAll(report);
      expect(report.told).toContain("disk");
      expect(report.reasons.map(({ because }) => because)).toContain("upload: upload.no_space");
      expect((await readdir(join(house.data_folder, "blobs"))).filter((name) => name.includes("game-day"))).toEqual([]);
    },
    DRILLS_MS_MAX,
  );

  test(
    "DR23: the clock set off: everybody has an answer, the house says so, and no name is given twice",
    async () => {
      const report = await runDrill(drillNamed("clock-forward"), needs, day);
      keepsAll(report);
      expect([report.during.unanswered, report.told.includes("database")]).toEqual([0, true]);
    },
    DRILLS_MS_MAX,
  );

  test(
    "DR24: a storm of retries, a hot post, caches wiped: others are answered",
    async () => {
      for (const name of ["retry-storm", "hot-key", "cache-wiped"]) {
        const report = await runDrill(drillNamed(name), needs, day);
        keepsAll(report);
        expect(report.storm).toMatch(/asked \d+ times/);
      }
    },
    DRILLS_MS_MAX,
  );

  test(
    "DR25: a house that is killed is found again where something starts it; its guests go with the drill",
    async () => {
      const [there] = await findProcesses(house.data_folder);
      const supervising = (async () => {
        while (isAlive(there!.hello.pid)) await Bun.sleep(10);
        await house.restart();
      })();
      const [report] = await Promise.all([runDrill(drillNamed("node-killed"), needs, day), supervising]);
      keepsAll(report);
      expect(report.during.unanswered).toBeGreaterThan(0);
      await day[Symbol.asyncDispose]();
      await isLeftAsItWas();
    },
    DRILLS_MS_MAX,
  );

  test(
    "DR26: the command asks first, runs what is named, and tells programs the same as people",
    async () => {
      let [said, wrong] = ["", ""];
      const terminal = {
        out: (line: string) => void (said += `${line}\n`),
        err: (line: string) => void (wrong += `${line}\n`),
        env: { ...env, FOLKHUS_DATA: house.data_folder },
        interactive: false,
      };
      expect(await main(["doctor", "--game-day", "clock-back"], terminal)).toBe(1);
      expect([said.includes("clock-back sets the house's own clock"), wrong.includes("--yes")]).toEqual([true, true]);
      const [there] = await findProcesses(house.data_folder);
      expect(there?.hello.drill).toBeNull();
      said = "";
      const asked = { names: ["clock-back"], seconds: "1", yes: true, supervised: false, json: true };
      const code = await gameDay(asked, terminal, needs.pace);
      const told = JSON.parse(said) as { drills: DrillReport[]; passed: boolean };
      expect(told.drills.map(({ drill, kept }) => [drill, kept.lost])).toEqual([["clock-back", 0]]);
      expect(code).toBe(told.passed ? 0 : 1);
      await isLeftAsItWas();
    },
    DRILLS_MS_MAX,
  );

  test.skipIf(process.platform !== "linux")(
    "DR27: a Ctrl-C heals at once: the database goes on, the guests leave, and the exit code says so (needs Linux)",
    async () => {
      let wrong = "";
      const terminal = {
        out: () => {},
        err: (line: string) => void (wrong += `${line}\n`),
        env: { ...env, FOLKHUS_DATA: house.data_folder },
        interactive: false,
      };
      const asked = { names: ["postgres-gone"], seconds: "60", yes: true, supervised: false, json: false };
      const running = gameDay(asked, terminal, needs.pace);
      const postmaster = await postmasterOf(config);
      while (!(await isStopped(postmaster!))) await Bun.sleep(20);
      process.emit("SIGINT");
      expect([await running, wrong.includes("as it was before")]).toEqual([130, true]);
      expect(await isStopped(postmaster!)).toBe(false);
      await isLeftAsItWas();
    },
    DRILLS_MS_MAX,
  );

  test.skipIf(process.platform !== "linux")(
    "DR29: a database that stands because the doctor and its helper were both killed goes on when nobody holds the drill (needs Linux)",
    async () => {
      const [there] = await findProcesses(house.data_folder);
      const { hold } = await there!.send({ command: "hold", drill: "postgres-gone", lease_s: 60 }, zHeld);
      const postmaster = (await postmasterOf(config))!;
      stopProcesses(postmaster);
      // A signal is taken when the process is next looked at.
      while (!(await isStopped(postmaster))) await Bun.sleep(2);
      // As it is when its lease is over.
      await there!.send({ command: "release", hold }, zNothing);
      while (await isStopped(postmaster)) await Bun.sleep(2);
      expect((await fetch(`${house.url}/readyz`)).status).toBe(200);
    },
    DRILLS_MS_MAX,
  );
});

const isStopped = async (pid: number) =>
  (await readFile(`/proc/${pid}/stat`, "latin1")).split(")").at(-1)!.trim().startsWith("T");

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
