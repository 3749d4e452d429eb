import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";

import { ANSWERS_MIN, type Calls, createAsker, createCalls } from "#ports/calls/index.ts";
import { pass } from "#ports/calls/testing.ts";
import { createVirtualClock, type VirtualClock } from "#ports/clock/index.ts";

import { STALL_MS_MAX } from "./body.ts";
import { BODIES_AT_ONCE_MAX, CALL_MS_MAX, createS3Client, type S3Client } from "./client.ts";
import { createS3Blobs } from "./index.ts";
import { parseS3Url } from "./url.ts";

/** What the store does with a request: nothing, hang up, or say something and, where it is `open`, never the rest. */
type Manner = "silent" | "hangs up" | { says: string; open?: boolean };

const answer = (body: string, promised = body.length, status = "200 OK") =>
  `HTTP/1.1 ${status}\r\ncontent-length: ${promised}\r\n\r\n${body}`;

let manner: () => Manner;
let asked = 0;
const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  socket.on("data", () => {
    asked += 1;
    const now = manner();
    if (now === "hangs up") socket.destroy();
    else if (now === "silent") return;
    else if (now.open) socket.write(now.says);
    else socket.end(now.says);
  });
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const { port } = server.address() as { port: number };
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

const place = parseS3Url(`s3://k:s@127.0.0.1:${port}/bucket?tls=0`);
let clock: VirtualClock;
let calls: Calls;
let client: S3Client;
beforeEach(() => {
  asked = 0;
  manner = () => ({ says: answer("") });
  clock = createVirtualClock();
  calls = createCalls({ clock });
  client = createS3Client(place, clock, calls);
});
const named = (work: Promise<unknown>) =>
  work.then(
    () => "answered",
    (error: unknown) => (error as Error).name,
  );
const head = () => named(client.call({ method: "HEAD", name: "a" }));
const list = () => named(client.call({ method: "GET", query: { "list-type": "2" } }));
/**
 * Time passes until this has ended, but only while nothing is under way: what goes over a socket takes as long as this machine
 * needs, and no call must be late for that. `always`: where a store says nothing, time is all that ends it.
 */
async function over<T>(work: Promise<T>, always_step_ms = 0): Promise<T> {
  let ended = false;
  const end = () => (ended = true);
  work.then(end, end);
  while (!ended) {
    await Bun.sleep(1);
    const under_way = calls.stats().some(({ in_flight }) => in_flight > 0);
    if (always_step_ms > 0) await pass(clock, always_step_ms, always_step_ms);
    else if (!under_way) await pass(clock, 50, 50);
  }
  return work;
}
/** So many requests have come to the store. */
async function reached(requests: number): Promise<void> {
  while (asked < requests) await Bun.sleep(1);
}
const stats = (name = "s3") => calls.stats().find((one) => one.name === name)!;

describe("a store that is gone", () => {
  test("ES1: is tried a few times, then left alone, and the house says so; when it is back all goes on", async () => {
    manner = () => "hangs up";
    const first = await over(head());
    const second = await over(head());
    expect([first, second, asked]).toEqual(["Transient", "DependencyAway", 5]);
    expect(calls.away()).toMatchObject([{ name: "s3", because: expect.stringContaining("S3") }]);
    expect([await head(), asked]).toEqual(["DependencyAway", 5]);
    manner = () => ({ says: answer("") });
    await pass(clock, 2_000, 500);
    expect([await over(head()), calls.away()]).toEqual(["answered", []]);
  });

  test("ES1: further tries are a share of the first ones, however many ask", async () => {
    let turn = 0;
    // One of three fails, so that it never counts as away.
    manner = () => (turn++ % 3 === 0 ? { says: answer("", 0, "500 No") } : { says: answer("") });
    await over(Promise.all(Array.from({ length: 60 }, head)));
    const { first_tries, further_tries, hedges } = stats();
    expect(first_tries).toBe(60);
    expect(further_tries + hedges).toBeLessThanOrEqual(10);
  });

  test("ES1: what it refuses is an answer, and what it wants less of is not a store that is gone", async () => {
    for (const [status, name] of [
      ["403 Forbidden", "S3Refusal"],
      ["404 Not Found", "S3Refusal"],
      ["429 Slow Down", "Throttled"],
    ] as const) {
      manner = () => ({ says: answer("", 0, status) });
      for (let i = 0; i < 6; i++) expect(await over(head())).toBe(name);
    }
    expect(calls.away()).toEqual([]);
  });
});

describe("a store that is slow", () => {
  test("ES2: is given up by each try's time, and the call within two of them", async () => {
    manner = () => "silent";
    const began = clock.monotonic();
    expect(await over(head(), 1_000)).toMatch(/TooSlow|DeadlinePassed/);
    expect(clock.monotonic() - began).toBeLessThanOrEqual(2 * CALL_MS_MAX + 1_000);
    while (stats().in_flight > 0) await Bun.sleep(1);
  });

  test("ES2: a read that is slower than 95 of 100 is asked for a second time, and the first answer counts", async () => {
    for (let i = 0; i < ANSWERS_MIN; i++) await head();
    let turn = 0;
    manner = () => (turn++ === 0 ? "silent" : { says: answer("") });
    const slow = head();
    await reached(ANSWERS_MIN + 1);
    expect(await over(slow, 1)).toBe("answered");
    expect([turn, stats().hedges, stats().hedges_won]).toEqual([2, 1, 1]);
  });

  test("ES2: uploads have places of their own, so that they make no read wait", async () => {
    manner = () => "silent";
    const put = Array.from({ length: 40 }, () => named(client.call({ method: "PUT", name: "a", body: "x" })));
    await reached(BODIES_AT_ONCE_MAX);
    manner = () => ({ says: answer("") });
    expect([await head(), stats("s3_bodies").waiting]).toEqual(["answered", 40 - BODIES_AT_ONCE_MAX]);
    for (const socket of sockets) socket.destroy();
    await over(Promise.all(put));
  });
});

describe("a store that lies", () => {
  const read = async () => (await client.call({ method: "GET", name: "a" })).text();

  test("ES3: a body that ends before its promise, or stalls, is broken and never taken for the whole", async () => {
    manner = () => ({ says: answer("half", 8) });
    expect(await over(named(read()))).toBe("Transient");
    manner = () => ({ says: answer("half", 8), open: true });
    const stalls = await client.call({ method: "GET", name: "a" });
    const began = clock.monotonic();
    expect(await over(named(stalls.text()), 5_000)).toBe("Transient");
    expect(clock.monotonic() - began).toBeGreaterThanOrEqual(STALL_MS_MAX);
    manner = () => ({ says: answer("whole") });
    expect(await read()).toBe("whole");
  });

  test("ES3: half a list is tried again, and is no list", async () => {
    let turn = 0;
    manner = () => ({ says: turn++ === 0 ? answer("<R><Contents>", 900) : answer("<R></R>") });
    expect([await over(list()), turn]).toEqual(["answered", 2]);
  });

  const xml = (body: string) => answer(`<?xml version="1.0"?>\n${body}`);
  const blobs = () =>
    createS3Blobs({
      url: place,
      clock,
      calls: createCalls({ clock }),
      secret: "s".repeat(32),
      base_path: "/blobs",
      onError() {},
    });

  test("ES4: a failure that comes as a 200 is a failure: tried again where it passes, and told where it does not", async () => {
    let turn = 0;
    const complete = () => named(client.call({ method: "POST", name: "a", query: { uploadId: "u" }, body: "<C/>" }));
    const error = (code: string) => xml(`<Error><Code>${code}</Code></Error>`);
    manner = () => ({ says: turn++ === 0 ? error("InternalError") : xml("<CompleteMultipartUploadResult/>") });
    expect([await over(complete()), turn]).toEqual(["answered", 2]);
    manner = () => ({ says: error("InvalidPart") });
    expect(await over(complete())).toBe("S3Refusal");
    // Blanks that keep the line open come first.
    manner = () => ({ says: answer(`  \n <Error><Code>SlowDown</Code></Error>`) });
    expect(await over(complete())).toBe("Throttled");
  });

  test("ES4: what is no list is never a list of nothing", async () => {
    for (const says of [
      answer("<html>Sign in to this network</html>"),
      answer(""),
      xml("<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key>"),
      xml("<ListBucketResult></ListBucketResult>"),
    ]) {
      manner = () => ({ says });
      const store = blobs();
      expect(await named(store.list(""))).toBe("Transient");
      expect(await named(store.deletePrefix("a/"))).toBe("Transient");
      expect(await named(store.multipart.listParts("a", "u"))).toBe("Transient");
      expect(await named(store.multipart.listOpen(0))).toBe("Transient");
    }
  });

  test("ES4: the whole of a blob, or another part of it, is never taken for the part that was asked for", async () => {
    const part = () => over(named(blobs().get("a", { start: 4, end_exclusive: 8 })));
    const says = (range: string) =>
      `HTTP/1.1 206 Partial Content\r\ncontent-range: bytes ${range}\r\ncontent-length: 4\r\n\r\nhalf`;
    manner = () => ({ says: answer("all of it") });
    expect(await part()).toBe("Transient");
    manner = () => ({ says: says("0-3/9") });
    expect(await part()).toBe("Transient");
    manner = () => ({ says: says("4-7/9") });
    expect(await part()).toBe("answered");
  });

  test("ES4: a store that still lists what it deleted is not asked for ever", async () => {
    let deletions = 0;
    manner = () => ({
      says: xml(
        "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a/1</Key></Contents></ListBucketResult>",
      ),
    });
    const store = blobs();
    await named(store.deletePrefix("a/").finally(() => (deletions = asked)));
    expect(deletions).toBe(3);
  });

  test("ES5: a body that is read for somebody breaks off when they give up, and one that was handed on does not", async () => {
    manner = () => ({ says: answer("half", 8), open: true });
    const gone = createAsker({ clock });
    const reading = gone.run(async () => (await client.call({ method: "GET", name: "a" })).text());
    await reached(1);
    while (stats().in_flight > 0) await Bun.sleep(1);
    gone.giveUp(new Error("they left"));
    await expect(reading).rejects.toThrow("they left");

    manner = () => ({ says: answer("whole") });
    const served = createAsker({ clock });
    const handed = await served.run(() => client.call({ method: "GET", name: "a" }));
    served.end();
    served.giveUp(new Error("too late"));
    expect(await handed.text()).toBe("whole");
  });

  test("ES3: what speaks no HTTP is a store that does not answer", async () => {
    manner = () => ({ says: "220 I am a mail server\r\n" });
    expect(await over(head())).toMatch(/Transient|DependencyAway/);
  });
});
