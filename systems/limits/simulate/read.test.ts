import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";

import { LOG_AT_MS_MAX, LOG_LINE_CHARS_MAX } from "./bounds.ts";
import type { LogEntry } from "./entry.ts";
import { members } from "./members.ts";
import { entriesOf, nothingSeen, readLine } from "./read.ts";
import { fileOf, houseLine, START_MS } from "./testing.ts";

const COMBINED = `192.0.2.7 - - [22/Nov/2026:09:00:01 +0100] "GET /v1/feed?limit=20 HTTP/1.1" 200 512 "https://example.org/" "Fire \\"fox\\" [1]"`;

async function all(file: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const seen = nothingSeen();
  const entries: LogEntry[] = [];
  for await (const batch of entriesOf(file, seen)) entries.push(...batch);
  return { seen, entries };
}
const packed = (text: string) => new Uint8Array(gzipSync(text)) as Uint8Array<ArrayBuffer>;

describe("lines that are none of ours", () => {
  test("LM61: a time outside of the years 1970 to 9999 is none, and a report over what is left can be told", () => {
    const line = (more: object) =>
      readLine(JSON.stringify({ method: "GET", route: "/v1/feed", status: 200, time: START_MS, ...more }));
    for (const more of [{ time: 1e300 }, { time: -1 }, { time: LOG_AT_MS_MAX + 1 }, { ms: 1e300 }, { time: 8.64e15 }])
      expect(line(more)).toBe("broken");
    expect(line({ time: LOG_AT_MS_MAX })).toMatchObject({ at_ms: LOG_AT_MS_MAX });
    expect(readLine('192.0.2.7 - - [22/Nov/1969:09:00:01 +0100] "GET / HTTP/1.1" 200 1')).toBe("broken");
  });

  test("LM50: what cannot be read is counted, with the number of the first; what tells of something else is passed over", async () => {
    const log = [
      houseLine(0).trim(),
      '{"level":30,"time":"2026-11-22T08:00:00.000Z","msg":"the house is open"}',
      "",
      "no log at all",
      '{"method":"GET","route":"/v1/feed"',
      '{"method":"GET","route":"/v1/feed","status":200,"time":"once"}',
      '192.0.2.7 - - [32/Nof/2026:09:00:01 +0100] "GET / HTTP/1.1" 200 1',
      '192.0.2.7 - - [22/Nov/2026:09:00:01 +0100] "GET / HTTP/1.1" two 1',
      '192.0.2.7 - - [22/Nov/2026:09:00:01 +0100] "GET / HTTP/1.1',
      "[1,2]",
      COMBINED,
    ].join("\n");
    const { seen, entries } = await all(fileOf(log));
    expect(seen).toMatchObject({ lines: 11, requests: 2, other: 2, broken: 7, first_broken_line: 4, too_long: 0 });
    expect(entries.map(({ at_ms }) => at_ms - START_MS)).toEqual([0, 1_000]);
  });

  test("LM50: a line that is too long is left out, wherever the pieces of the file end", async () => {
    const long = `${"x".repeat(3 * LOG_LINE_CHARS_MAX)}\n`;
    for (const piece_bytes of [700, 64 * 1024, 10_000_000]) {
      const { seen, entries } = await all(fileOf(houseLine(1) + long + houseLine(2) + long, piece_bytes));
      expect([seen.too_long, entries.length]).toEqual([2, 2]);
    }
  });

  test("LM50: a request that nobody meant is one without a path, and hostile ones cost their length", () => {
    const line = (asked: string) => readLine(`192.0.2.7 - - [22/Nov/2026:09:00:01 +0100] "${asked}" 400 0`) as LogEntry;
    expect([line("-"), line("\\x16\\x03"), line("GET")].map(({ method, path }) => [method, path])).toEqual([
      ["-", "-"],
      ["-", "-"],
      ["-", "-"],
    ]);
    expect(line(`GET ${"/a".repeat(10_000)} HTTP/1.1`).path).toHaveLength(1_024);
    expect(line("GET http://house.test:80/v1/feed#x HTTP/1.1").path).toBe("/v1/feed");
    expect(line("GET http://house.test HTTP/1.1").path).toBe("/");
    expect(line('GET /a\\"b HTTP/1.1').path).toBe('/a\\"b');
    for (const odd of ['"', '\\"', " [", '] "', "\\"]) readLine(odd.repeat(10_000));
  });
});

describe("lines of a log", () => {
  test("LM50: the house's own say who, by which credential, where, from where and for how many tokens", () => {
    const said = {
      ms: 250,
      status: 429,
      token_id: "9",
      space_id: "7/guests",
      cost_tokens: 5,
      address: "192.0.2.0/24~x",
    };
    expect(readLine(houseLine(1_000, said))).toEqual({
      at_ms: START_MS + 750,
      method: "GET",
      path: "/v1/feed",
      status: 429,
      cost_tokens: 5,
      person_id: "1",
      token_id: "9",
      space_id: "7/guests",
      address: "192.0.2.0/24~x",
      took_ms: 250,
      whole_s: false,
    });
    // As the house prints it by default: no address, no token.
    const printed =
      '{"level":30,"time":"2026-11-22T08:00:00.5Z","method":"GET","route":"/v1/x","status":200,"ms":0.4,"person_id":null}';
    expect(readLine(printed)).toMatchObject({ at_ms: START_MS + 500, person_id: null, address: "", cost_tokens: null });
  });

  test("LM50: common and combined lines in any zone, also with a name and with the virtual host in front", () => {
    expect(readLine(COMBINED)).toMatchObject({
      at_ms: START_MS + 1_000,
      method: "GET",
      path: "/v1/feed",
      status: 200,
      address: "192.0.2.7",
      person_id: null,
      whole_s: true,
    });
    const named = 'house.test:443 2001:db8::7 - astrid l [22/Nov/2026:02:30:01 -0530] "POST /v1/posts HTTP/2.0" 201 -';
    expect(readLine(named)).toMatchObject({ at_ms: START_MS + 1_000, address: "2001:db8::7", person_id: "astrid l" });
  });

  test("LM50: a file that is packed is unpacked, whole, in one piece or byte by byte; one that was torn is read up to there", async () => {
    const log = Array.from({ length: 2_000 }, (_, i) => houseLine(i, { request_id: crypto.randomUUID() })).join("");
    for (const piece_bytes of [1, 4_096, 10_000_000]) {
      const { seen, entries } = await all(fileOf(packed(log), piece_bytes));
      expect([entries.length, seen.cut, seen.bytes]).toEqual([2_000, false, packed(log).byteLength]);
    }
    const torn = await all(fileOf(packed(log).slice(0, packed(log).byteLength >> 1)));
    expect(torn.seen.cut).toBe(true);
    expect(torn.entries.length).toBeWithin(500, 1_999);
    expect((await all(fileOf(""))).seen).toEqual(nothingSeen());
  });
});

test("LM62: a file that was packed piece by piece is read whole, wherever its pieces and the file's own end", async () => {
  const pieces = [1, 2, 3].map((i) => packed(houseLine(i).repeat(i * 50)));
  const file = new Uint8Array(await new Blob([...pieces, packed("")]).arrayBuffer());
  for (const piece_bytes of [1, 7, 100, 1_000_000]) {
    const found = [];
    for await (const member of members(fileOf(file, piece_bytes).getReader()))
      found.push(new Uint8Array(await new Response(member).arrayBuffer()));
    expect(found).toEqual([...pieces, packed("")]);
    const { seen, entries } = await all(fileOf(file, piece_bytes));
    expect([entries.length, seen.cut, seen.bytes]).toEqual([300, false, file.byteLength]);
  }
  const torn = await all(fileOf(file.slice(0, pieces[0]!.byteLength + 20), 64));
  expect([torn.entries.length, torn.seen.cut]).toEqual([50, true]);
});
