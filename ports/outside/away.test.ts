import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";

import { Problem } from "#kernel/errors.ts";
import { type Calls, createCalls, isUnasked } from "#ports/calls/index.ts";
import { settled } from "#ports/calls/testing.ts";
import { createVirtualClock, type VirtualClock } from "#ports/clock/index.ts";

import {
  createOutside,
  HEAD_MS_MAX,
  HOST_AT_ONCE_MAX,
  HOST_AWAY_MS_MIN,
  HOST_WAITING_MAX,
  NAME_MS_MAX,
  type Outside,
} from "./index.ts";

/** What a host does with a request: nothing, hang up, or say something. */
type Manner = "silent" | "hangs up" | (string & {});
const OK = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nok";

let manner: Manner = OK;
let asked = 0;
let came = Promise.withResolvers<void>();
const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  socket.on("data", () => {
    asked += 1;
    came.resolve();
    came = Promise.withResolvers();
    if (manner === "hangs up") socket.destroy();
    else if (manner !== "silent") socket.end(manner);
  });
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const { port } = server.address() as { port: number };
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

let clock: VirtualClock;
let calls: Calls;
let outside: Outside;
beforeEach(() => {
  manner = OK;
  asked = 0;
  clock = createVirtualClock();
  calls = createCalls({ clock });
  outside = createOutside({
    clock,
    calls,
    resolve: async () => ["127.0.0.1"],
    test_addresses: [`127.0.0.1:${port}`],
  });
});

const url = (host = "site.test") => `http://${host}:${port}/`;
/** Longer than this file takes: only the virtual clock ends anything. */
const LONG_MS = 600_000;
const page = { bytes_max: 1_000, ms_max: LONG_MS, accepts: () => true };
const named = (work: Promise<unknown>) =>
  work.then(
    () => "answered",
    (error: unknown) => (error instanceof Problem ? error.code : isUnasked(error) ? error.name : "no answer"),
  );
const get = (host?: string, more = {}) =>
  named(outside.fetchOutside(url(host), { ...page, ...more }).then((answer) => answer.drop()));
const send = (host?: string) =>
  named(outside.sendOutside(url(host), { headers: {}, body: new Uint8Array(1), ms_max: LONG_MS }));
const stats = () => calls.stats()[0]!;

describe("a host that does not answer", () => {
  test("OU9: is not asked after five failures, by anybody, whatever for; others are", async () => {
    manner = "hangs up";
    for (let i = 0; i < 3; i++) expect(await get()).toBe("no answer");
    for (let i = 0; i < 2; i++) expect(await send()).toBe("no answer");
    expect([asked, await get(), await send(), asked]).toEqual([5, "DependencyAway", "DependencyAway", 5]);
    manner = OK;
    expect([await get("other.test"), await send("other.test"), stats().keys_away]).toEqual(["answered", "answered", 1]);
  });

  test("OU9: is tried by one after a while, and when it answers by all", async () => {
    manner = "hangs up";
    for (let i = 0; i < 5; i++) await get();
    await clock.advance(2 * HOST_AWAY_MS_MIN);
    expect([await get(), await get(), asked]).toEqual(["no answer", "DependencyAway", 6]);
    manner = OK;
    await clock.advance(4 * HOST_AWAY_MS_MIN);
    expect([await get(), await get(), await send()]).toEqual(["answered", "answered", "answered"]);
  });

  test("OU9: that is slow counts as one that does not answer, once it had its time", async () => {
    manner = "silent";
    for (let i = 0; i < 5; i++) {
      const began = came.promise;
      const slow = get(undefined, { ms_max: HEAD_MS_MAX - 1_000 });
      await began;
      await clock.advance(HEAD_MS_MAX);
      // It was sent and its answer took too long: that is how it is, and no jitter of the line.
      expect(await slow).toBe("outside.too_slow");
    }
    expect([await get(), asked]).toEqual(["DependencyAway", 5]);
  });

  test("OU9: whatever it says is an answer: a broken path of somebody's stops nobody else's", async () => {
    for (const status of ["500 No", "503 Busy", "429 Slow down", "404 Gone"]) {
      manner = `HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`;
      for (let i = 0; i < 8; i++) expect(await send()).toBe("answered");
    }
    manner = OK;
    expect(await get()).toBe("answered");
  });
});

test("OU10: a host holds so many places, so many wait for one, and one more is refused; others have theirs", async () => {
  manner = "silent";
  const gone = new AbortController();
  const held = Array.from({ length: HOST_AT_ONCE_MAX + HOST_WAITING_MAX }, () =>
    get(undefined, { signal: gone.signal }),
  );
  while (asked < HOST_AT_ONCE_MAX) await came.promise;
  await settled();
  expect(stats().waiting).toBe(HOST_WAITING_MAX);
  expect([await get(), asked]).toEqual(["DependencyBusy", HOST_AT_ONCE_MAX]);
  manner = OK;
  expect(await get("other.test")).toBe("answered");
  gone.abort(new Error("left"));
  await Promise.all(held);
  await settled();
  expect([stats().waiting, await get()]).toEqual([0, "answered"]);
});

describe("names that nobody looks up", () => {
  let looked = 0;
  const slow = (names: (name: string) => Promise<string[]>) =>
    createOutside({
      clock,
      calls: createCalls({ clock }),
      resolve: (name) => ((looked += 1), names(name)),
      test_addresses: [`127.0.0.1:${port}`],
    });
  const never = () => new Promise<never>(() => {});

  test("OU11: a name server that is silent is waited for no longer than who asked has time", async () => {
    const hangs = slow(never);
    const hasty = named(hangs.fetchOutside(url(), { ...page, ms_max: 1_000 }));
    await settled();
    await clock.advance(1_000);
    expect(await hasty).toBe("outside.too_slow");
    const gone = new AbortController();
    const left = named(hangs.fetchOutside(url(), { ...page, signal: gone.signal }));
    await settled();
    gone.abort(new Error("left"));
    expect(await left).toBe("no answer");
    expect(asked).toBe(0);
  });

  test("OU11: after some in a row names are left alone for a while, and what was to go waits; a name of nobody is an answer", async () => {
    let silent = true;
    looked = 0;
    const mended = slow((name) => {
      if (silent) return never();
      return name === "site.test"
        ? Promise.resolve(["127.0.0.1"])
        : Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    });
    for (let i = 0; i < 3; i++) {
      const late = named(mended.sendOutside(url(), { headers: {}, body: new Uint8Array(1), ms_max: LONG_MS }));
      let is_over = false;
      void late.then(() => (is_over = true));
      while (!is_over) {
        await clock.advance(NAME_MS_MAX / 100);
        await settled();
      }
    }
    const before = looked;
    expect(await named(mended.fetchOutside(url(), page))).toBe("DependencyAway");
    expect(looked).toBe(before);
    silent = false;
    await clock.advance(60_000);
    for (let i = 0; i < 8; i++)
      expect(await named(mended.fetchOutside(url("nobody.test"), page))).toBe("outside.address_refused");
    expect(await named(mended.fetchOutside(url(), page).then((answer) => answer.drop()))).toBe("answered");
  });
});
