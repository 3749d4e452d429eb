import { expect, test } from "bun:test";

import { createVirtualClock } from "#ports/clock/index.ts";
import type { HouseFrame } from "#systems/realtime/contract.ts";

import { connectionWords } from "./connection-words.ts";
import type { LiveItem } from "./followed.ts";
import { KEPT_ITEMS_MAX, mergeKept } from "./kept.ts";
import { createLine, type LineState } from "./line.ts";
import type { Waiting } from "./outbox.ts";

/** A house that says what a test says, and time that stands until it is moved. */
function stage(kept: Waiting[] = []) {
  const clock = createVirtualClock(0, 7);
  const disk = new Map(kept.map((waiting) => [waiting.cid, waiting]));
  const sockets: { said: unknown[][]; heard(frame: HouseFrame): void; closed(code: number): void; open: boolean }[] =
    [];
  const states: LineState[] = [];
  const outcomes: string[] = [];
  let made = 0;
  const line = createLine({
    open({ heard, closed }) {
      const socket = {
        said: [] as unknown[][],
        heard: (frame: HouseFrame) => heard(JSON.stringify(frame)),
        closed,
        open: true,
      };
      sockets.push(socket);
      return {
        say: (text) => void socket.said.push(JSON.parse(text) as unknown[]),
        close: () => (socket.open = false),
      };
    },
    after(ms, work) {
      const ended = new AbortController();
      clock.sleep(ms, ended.signal).then(work, () => {});
      return () => ended.abort();
    },
    now: clock.monotonic,
    random: clock.random,
    makeCid: () => `c${made++}`,
    kept,
    keep: (waiting) => void disk.set(waiting.cid, waiting),
    forget: (cid) => void disk.delete(cid),
    sent: ({ cid }, { seq }) => void outcomes.push(`${cid} sent ${seq}`),
    refused: ({ cid }, { code }) => void outcomes.push(`${cid} refused ${code}`),
    changed: (state) => void states.push(state),
  });
  const newest = () => sockets.at(-1)!;
  const hello = () =>
    newest().heard(["hello", { version: 1, heartbeat_ms: 25_000, frame_bytes_max: 65_536, person_id: "7" }]);
  return { clock, disk, sockets, states, outcomes, line, newest, hello };
}
const answer = (seq: string, dup = false) => ({ id: "1", seq, at: "2026-01-01T00:00:00.000Z", dup });

test("WEB150: what waits goes in its order, is kept until it is answered, and goes again on a new line under the same name", async () => {
  const { line, hello, newest, disk, outcomes, clock, sockets } = stage();
  line.start();
  line.send("chat:1", "a");
  line.send("chat:1", "b");
  line.send("chat:2", "c");
  expect([...disk.keys()]).toEqual(["c0", "c1", "c2"]);
  hello();
  expect(newest().said).toEqual([
    ["send", "chat:1", "c0", "a"],
    ["send", "chat:2", "c2", "c"],
  ]);
  newest().closed(1006);
  while (sockets.length < 2) await clock.advance(1_000);
  hello();
  expect(newest().said.map(([, , cid]) => cid)).toEqual(["c0", "c2"]);
  newest().heard(["sent", "chat:1", "c0", answer("5", true)]);
  expect(newest().said.at(-1)).toEqual(["send", "chat:1", "c1", "b"]);
  newest().heard(["unsent", "chat:1", "c1", { status: 429, code: "slow", detail: "", retry_after_s: 3 }]);
  await clock.advance(2_900);
  expect(newest().said).toHaveLength(3);
  await clock.advance(200);
  expect(newest().said.at(-1)).toEqual(["send", "chat:1", "c1", "b"]);
  newest().heard(["unsent", "chat:1", "c1", { status: 403, code: "no", detail: "" }]);
  newest().heard(["sent", "chat:2", "c2", answer("9")]);
  expect(outcomes).toEqual(["c0 sent 5", "c1 refused no", "c2 sent 9"]);
  expect([disk.size, line.state().unsent]).toEqual([0, 0]);
});

test("WEB237: what has arrived here is said once and forward only, and its newest again on a new line", async () => {
  const { line, hello, newest, clock, sockets } = stage();
  line.start();
  hello();
  line.ack("chat:1", "4");
  line.ack("chat:1", "4");
  line.ack("chat:1", "9");
  line.ack("chat:1", "7");
  line.read("chat:1", "4");
  expect(newest().said).toEqual([
    ["ack", "chat:1", "4"],
    ["ack", "chat:1", "9"],
    ["read", "chat:1", "4"],
  ]);
  newest().closed(1006);
  while (sockets.length < 2) await clock.advance(1_000);
  hello();
  expect(newest().said).toEqual([
    ["ack", "chat:1", "9"],
    ["read", "chat:1", "4"],
  ]);
});

test("WEB150: a page that was closed goes on where it was, in the order of before", () => {
  const waiting = (cid: string, place: number): Waiting => ({ cid, stream: "chat:1", data: cid, place });
  const { line, hello, newest } = stage([waiting("late", 9), waiting("early", 3)]);
  line.start();
  line.send("chat:1", "new");
  hello();
  expect(newest().said).toEqual([["send", "chat:1", "early", "early"]]);
  newest().heard(["sent", "chat:1", "early", answer("1")]);
  newest().heard(["sent", "chat:1", "late", answer("2")]);
  expect(newest().said.map(([, , cid]) => cid)).toEqual(["early", "late", "c0"]);
});

test("WEB151: items are applied in order and once; what lacks is pulled, and a hole for ever is told", () => {
  const { line, hello, newest } = stage();
  const told: unknown[] = [];
  line.start();
  line.follow("chat:1", ["e", "2"], {
    items: (items, cursor) => void told.push([items.map(({ seq }) => seq), cursor[1]]),
    anew: (cursor) => void told.push(["anew", ...cursor]),
    ended: (code) => void told.push(["ended", code]),
  });
  hello();
  expect(newest().said).toEqual([["resume", { "chat:1": ["e", "2"] }]]);
  const item = (n: number) => ({ id: String(n), kind: "m", at: "", data: n });
  newest().heard(["ready", { "chat:1": ["gap", "e", "6"] }]);
  expect(newest().said.at(-1)).toEqual(["pull", "chat:1", { after: "2" }, 200]);
  newest().heard(["items", "chat:1", "e", "7", [item(7)]]);
  expect(told).toEqual([]);
  newest().heard([
    "page",
    "chat:1",
    { asked: { after: "2" }, epoch: "e", head: "7", floor: "1", first_seq: "2", items: [2, 3, 4, 5, 6].map(item) },
  ]);
  newest().heard(["items", "chat:1", "e", "6", [item(6), item(7), item(8)]]);
  expect(told).toEqual([
    [[3, 4, 5, 6, 7], "7"],
    [[8], "8"],
  ]);
  newest().heard(["lag", "chat:1", "9"]);
  newest().heard([
    "page",
    "chat:1",
    { asked: { after: "8" }, epoch: "e", head: "30", floor: "20", first_seq: "20", items: [item(20)] },
  ]);
  newest().heard(["ready", { "chat:1": ["reset", "f", "4"] }]);
  newest().heard(["gone", "chat:1", "realtime.not_yours"]);
  newest().heard(["items", "chat:1", "f", "5", [item(5)]]);
  expect(told.slice(2)).toEqual([
    ["anew", "e", "30"],
    ["anew", "f", "4"],
    ["ended", "realtime.not_yours"],
  ]);
});

test("WEB152: it comes back after a wait by chance that grows, at once when it is told to, and not by itself where it must not", async () => {
  const { line, newest, hello, sockets, states, clock } = stage();
  line.start();
  const waits: number[] = [];
  for (let i = 0; i < 12; i++) {
    const before = clock.monotonic();
    const count = sockets.length;
    newest().closed(1006);
    while (sockets.length === count) await clock.advance(10);
    waits.push(clock.monotonic() - before);
  }
  for (const [i, wait] of waits.entries()) expect(wait).toBeLessThanOrEqual(Math.min(30_000, 500 * 2 ** i) + 10);
  expect(Math.max(...waits)).toBeGreaterThan(5_000);
  newest().closed(1006);
  const count = sockets.length;
  line.start();
  expect(sockets).toHaveLength(count + 1);
  hello();
  newest().heard(["move", 1_000]);
  const old = newest();
  await clock.advance(1_001);
  expect([sockets.length, old.open]).toEqual([count + 2, false]);
  newest().closed(4001);
  await clock.advance(120_000);
  expect([sockets.length, states.at(-1)!.connection]).toEqual([count + 2, "signed_out"]);
  line.start();
  newest().closed(4003);
  await clock.advance(120_000);
  expect(states.at(-1)!.connection).toBe("shut_out");
});

test("WEB152: a line that is dead without a word is noticed by its silence", async () => {
  const { line, newest, hello, states, clock } = stage();
  line.start();
  hello();
  await clock.advance(24_999);
  expect(newest().said).toEqual([]);
  await clock.advance(2);
  expect(newest().said).toEqual([["ping", null]]);
  newest().heard(["pong", null]);
  await clock.advance(30_000);
  expect(newest().said).toHaveLength(2);
  await clock.advance(10_001);
  expect(states.some(({ connection }) => connection === "waiting")).toBe(true);
});

test("WEB153: what is said of the connection is true, and nothing is said while all is well", () => {
  const words = (connection: LineState["connection"], unsent: number, tries: number) =>
    connectionWords({ connection, unsent, tries });
  expect(words("open", 0, 0)).toBeNull();
  expect(words("connecting", 0, 0)).toBeNull();
  expect(words("waiting", 0, 3)).toBe("Reconnecting. What others write comes when the line is back.");
  expect(words("waiting", 3, 1)).toBe("Reconnecting. 3 messages wait here and go out then.");
  expect(words("connecting", 1, 1)).toBe("Reconnecting. 1 message waits here and goes out then.");
  expect(words("signed_out", 2, 0)).toBe("You are signed out. Sign in, and the 2 messages that wait go out.");
});

test("WEB155: what waits beside the line is counted with what waits for it", () => {
  const words = (connection: LineState["connection"], unsent: number, beside: number) =>
    connectionWords({ connection, unsent, tries: 2 }, beside);
  expect(words("waiting", 0, 0)).toBe("Reconnecting. What others write comes when the line is back.");
  expect(words("waiting", 1, 2)).toBe("Reconnecting. 3 messages wait here and go out then.");
  expect(words("connecting", 0, 1)).toBe("Reconnecting. 1 message waits here and goes out then.");
  expect(words("signed_out", 0, 2)).toBe("You are signed out. Sign in, and the 2 messages that wait go out.");
  expect(words("open", 0, 2)).toBeNull();
});

test("WEB154: what a browser keeps has no hole, is bounded, and never goes back, whichever of its pages writes", () => {
  const items = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i): LiveItem => ({
      seq: from + i,
      id: String(from + i),
      kind: "m",
      at: "",
      data: null,
    }));
  const seqs = (kept: ReturnType<typeof mergeKept>) => kept && [kept.items[0]?.seq, kept.items.length, kept.cursor[1]];
  const first = mergeKept(null, items(5, 9), ["e", "9"]);
  expect(seqs(first)).toEqual([5, 5, "9"]);
  expect(mergeKept(first, items(7, 8), ["e", "8"])).toBeNull();
  expect(seqs(mergeKept(first, items(8, 12), ["e", "12"]))).toEqual([5, 8, "12"]);
  expect(seqs(mergeKept(first, items(15, 16), ["e", "16"]))).toEqual([15, 2, "16"]);
  expect(seqs(mergeKept(first, items(1, 2), ["f", "2"]))).toEqual([1, 2, "2"]);
  expect(seqs(mergeKept(first, items(10, 900), ["e", "900"]))).toEqual([601, KEPT_ITEMS_MAX, "900"]);
});
