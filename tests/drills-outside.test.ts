import { afterAll, describe, expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";

import { startTestS3 } from "#engines/s3/testing.ts";
import { testMailServer } from "#engines/smtp/testing.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { notifyRoutes } from "#systems/notify/contract.ts";

import { drillNamed } from "../apps/cli/doctor/game-day/drills.ts";
import { beginDay, type DrillNeeds, type DrillReport, runDrill } from "../apps/cli/doctor/game-day/run.ts";
import { readConfig } from "../apps/server/config.ts";
import { personOf, startHouse } from "./house.ts";

const MINUTE = 60_000;
const DRILLS_MS_MAX = 4 * MINUTE;

type Manner = "open" | "shut" | "silent";

/** A door before a server, which can be shut, or stand open with nobody behind it. */
async function doorTo(port: number) {
  let manner: Manner = "open";
  let came = 0;
  const lines = new Set<Socket>();
  const door = createServer((line) => {
    came += 1;
    lines.add(line);
    line.on("error", () => {}).on("close", () => lines.delete(line));
    if (manner === "shut") return void line.destroy();
    if (manner === "silent") return void line.resume();
    const behind = connect(port, "127.0.0.1");
    behind.on("error", () => line.destroy());
    line.on("close", () => behind.destroy());
    line.pipe(behind).pipe(line);
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  return {
    port: (door.address() as { port: number }).port,
    came: () => came,
    set(to: Manner) {
      manner = to;
      for (const line of lines) line.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const line of lines) line.destroy();
      await new Promise((resolve) => door.close(resolve));
    },
  };
}

/** A house whose letters leave it and whose files are in an S3: what it stands on outside goes away. */
describe("game day of what is outside", async () => {
  const opened = new AsyncDisposableStack();
  afterAll(() => opened.disposeAsync(), MINUTE);
  const post = opened.use(await testMailServer());
  const door = opened.use(await doorTo(post.port));
  const s3 = opened.use(await startTestS3());
  const env = {
    FOLKHUS_URL: "http://house.example",
    SMTP_URL: `smtp://127.0.0.1:${door.port}?tls=0`,
    FOLKHUS_MAIL_FROM: "house@house.example",
    S3_URL: s3.url,
  };
  const house = opened.use(await startHouse(env));
  const { config, secrets } = readConfig({ ...env, FOLKHUS_DATA: house.data_folder });
  const needs = {
    config,
    secrets,
    clock: createSystemClock(),
    seconds: 1,
    supervised: false,
    say: () => {},
    pace: {
      warm_up_ms: 100,
      baseline_ms: 1_200,
      health: { well_ms: 1_200, times: 1_000, more_ms: MINUTE },
      probes: ["home", "post", "line", "upload"],
      every_ms: 1_000,
      storm_clients: 1,
      guests_max: 1,
    },
  } satisfies DrillNeeds;
  const keepsAll = ({ drill, kept, during, healed_ms, still }: DrillReport) => {
    expect({ ...kept, failed: during.failed }).toMatchObject({ lost: 0, doubled: 0, open: 0, failed: 0 });
    expect([drill, healed_ms === null, still]).toEqual([drill, false, []]);
  };
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) await Bun.sleep(20);
  };

  test(
    "DR31: while a real mail server is gone and then says nothing, who asks for a letter is told that it comes; it waits, and comes once",
    async () => {
      await using sql = await house.database();
      const ask = async (handle: string) => {
        const token = await personOf(house, handle);
        const body = { address: `${handle}@example.org` };
        expect((await house.client.call(notifyRoutes.setNotifyEmail, { token, body })).status).toBe(202);
      };
      /** What waits for its next try is tried at once. */
      const hurry = () => sql.pool`UPDATE jobs_queue SET wakes_at = clock_timestamp() WHERE state = 'waiting'`;

      door.set("shut");
      await ask("anna");
      await until(() => door.came() > 0);
      door.set("silent");
      await ask("birger");
      const before = door.came();
      await until(async () => (await hurry(), door.came() > before));
      expect(post.received).toEqual([]);

      door.set("open");
      await until(async () => (await hurry(), post.received.length >= 2));
      // Also what is tried again after that finds that it was sent.
      await until(async () => {
        await hurry();
        const left = await sql.pool`SELECT FROM jobs_living WHERE kind = 'notify.confirm_letter'`;
        return left.length === 0;
      });
      expect(post.received.map(({ to }) => to).toSorted()).toEqual(["anna@example.org", "birger@example.org"]);
    },
    DRILLS_MS_MAX,
  );

  test(
    "DR31, DR32: cut off from its mail server and from its S3 the house serves, refuses uploads with the reason, and is whole after it",
    async () => {
      const drills = ["mail-gone", "store-slow", "store-gone"].map(drillNamed);
      await using day = await beginDay(drills, needs);
      for (const drill of drills) {
        // Four tries and the pauses between them may outlast one second: whoever asks in three of four is refused.
        const seconds = drill.name === "store-gone" ? 4 : 1;
        const report = await runDrill(drill, { ...needs, seconds }, day);
        keepsAll(report);
        if (drill.name === "mail-gone") expect(report.storm).toContain("was told that it comes");
        if (drill.name === "store-gone")
          expect(report.reasons.map(({ because }) => because.split(":")[0])).toEqual(
            expect.arrayContaining(["upload"]),
          );
      }
      expect(post.received.filter(({ to }) => to.includes("game-day"))).toEqual([]);
    },
    DRILLS_MS_MAX,
  );
});
