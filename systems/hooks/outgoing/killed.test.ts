import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";

import { hooksRoutes as r } from "../contract.ts";
import { testHooks } from "../testing.ts";

const h = await testHooks();
const { house } = h.t;
const { client, db } = house;
const sql = db.sql.pool;
const workers = new Set<Bun.Subprocess>();
afterAll(async () => {
  for (const worker of workers) worker.kill("SIGKILL");
  await h[Symbol.asyncDispose]();
});

const PINGS = 12;

function startWorker() {
  const receiver = `127.0.0.1:${new URL(h.url()).port}`;
  const file = join(import.meta.dirname, "testing-worker.ts");
  const worker = Bun.spawn([process.execPath, file, JSON.stringify(db.target), receiver, h.needs.secret], {
    stdout: "ignore",
    stderr: "inherit",
  });
  workers.add(worker);
  return worker;
}

test("HK31: processes that are killed with SIGKILL, between commit and delivery, lose no delivery, and what comes again has the same id", async () => {
  const owner = await house.person("owner");
  await house.space("glade", owner);
  const made = await client.call(r.createOutgoing, {
    token: owner.token,
    body: { space: "glade", name: "Receiver", url: h.url(), events: ["post.created"] },
  });
  expect(made.status).toBe(201);
  // Committed with their jobs; nobody has sent any yet.
  const wanted: string[] = [];
  for (let n = 0; n < PINGS; n++) {
    const { body } = await client.call(r.pingOutgoing, { token: owner.token, params: { id: made.body.id } });
    wanted.push(body.webhook_id);
  }
  const states = async () =>
    (await sql`SELECT webhook_id, state, tries FROM hooks_deliveries ORDER BY id`) as {
      webhook_id: string;
      state: string;
      tries: number;
    }[];
  expect((await states()).map(({ state }) => state)).toEqual(Array(PINGS).fill("waiting"));

  const idOf = (one: { headers: Headers }) => one.headers.get("webhook-id")!;
  const cut: string[] = [];
  for (const taken_before of [0, 4]) {
    const at = h.got.length + taken_before;
    const worker = startWorker();
    let dies = false;
    // The one at which it dies is answered to nobody.
    h.answer = async (one) => {
      if (h.got.length > at && !dies) {
        dies = true;
        cut.push(idOf(one));
        worker.kill("SIGKILL");
      }
      if (dies) await worker.exited;
      return new Response("thanks");
    };
    await worker.exited;
    // What was cut off is not written down: whoever comes next finds it waiting.
    const waiting = (await states()).filter(({ state }) => state === "waiting");
    expect(waiting.map(({ webhook_id }) => webhook_id)).toContain(cut.at(-1)!);
  }
  expect(cut.length).toBe(2);
  h.answer = () => new Response("thanks");
  const last = startWorker();
  while ((await states()).some(({ state }) => state !== "taken")) await Bun.sleep(20);
  last.kill("SIGKILL");
  await last.exited;
  const got = h.got.map(idOf);
  expect([...new Set(got)].toSorted()).toEqual(wanted.toSorted());
  const times = (id: string) => got.filter((one) => one === id).length;
  // What was cut off came again under its id; and no more tries are written down than were made.
  for (const { webhook_id, tries } of await states()) {
    if (cut.includes(webhook_id)) expect(times(webhook_id)).toBeGreaterThan(tries);
    expect(times(webhook_id)).toBeGreaterThanOrEqual(tries);
  }
});
