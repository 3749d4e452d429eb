import { describe, expect, test } from "bun:test";

import type { Clock } from "#ports/clock/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";

import { canaryPlace, crc32 } from "../canary.ts";
import type { RuleSetIn } from "../rules-contract.ts";
import { answer } from "./answer.ts";
import type { SimulateAsked, SimulateSaid } from "./contract.ts";
import { compiled, fileOf, houseLine, simulated, START_MS } from "./testing.ts";

const person = (limit: RuleSetIn["rules"][number]["limit"], more: object = {}): RuleSetIn => ({
  rules: [{ id: "person", level: "person", limit, ...more }],
});
const three = person({ kind: "fixed", tokens: 3, window_ms: 60_000 });
const open: RuleSetIn = { rules: [] };

describe("a replay", () => {
  test("LM52: every request gets the answer that the limiter of a house gives at that time", async () => {
    const seed = Math.floor(Math.random() * 1e9);
    let state = seed + 1;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const set: RuleSetIn = {
      rules: [
        { id: "person", level: "person", limit: { kind: "bucket", burst_tokens: 6, tokens_per_s: 0.5 } },
        { id: "route", level: "route", limit: { kind: "gcra", tokens: 3, window_ms: 1_000, burst_tokens: 9 } },
        { id: "writes", level: "token", routes: ["POST /v1/*"], limit: { kind: "log", tokens: 4, window_ms: 5_000 } },
        { id: "all", level: "global", counts: "requests", limit: { kind: "counter", tokens: 60, window_ms: 10_000 } },
        { id: "door", level: "address", limit: { kind: "fixed", tokens: 1, window_ms: 3_000 } },
      ],
    };
    let log = "";
    const asked: [number, Parameters<ReturnType<typeof compiled>["draw"]>[0]][] = [];
    for (let i = 0, at_ms = 0; i < 2_000; i++, at_ms += Math.floor(random() * 200)) {
      const person_id = random() < 0.2 ? null : String(Math.floor(random() * 8));
      const token_id = person_id !== null && random() < 0.5 ? `t${person_id}` : null;
      const address = `2001:db8::${Math.floor(random() * 4)}:0:0:0:1`;
      const [method, cost_tokens] = random() < 0.4 ? ["POST", 2] : ["GET", 1];
      const route = `/v1/${["a", "b"][i % 2]!}`;
      log += houseLine(at_ms, { person_id, token_id, address, method, route, cost_tokens });
      const key = `${address.replace("::", ":0:").split(":").slice(0, 4).join(":")}::/64`;
      const who = { person_id, token_id, address: person_id === null ? key : null };
      asked.push([
        at_ms,
        { route: `${method} ${route}`, cost_tokens, ...who, space: null, person_grant: null, space_grant: null },
      ]);
    }
    let now = 0;
    const clock = { monotonic: () => now } as Clock;
    await using limiter = createLocalLimiter({ clock, keys_max: 1_000 });
    const same = compiled(set);
    const refused = new Map<string, number>();
    for (const [at_ms, asking] of asked) {
      now = at_ms;
      const decision = limiter.takeNow(same.draw(asking).holds);
      if (!decision.allowed) refused.set(decision.rule.name, (refused.get(decision.rule.name) ?? 0) + 1);
    }
    const routes = ["a", "b"].flatMap((name) =>
      ["GET", "POST"].map((method) => ({ method, path: `/v1/${name}`, cost_tokens: 1 })),
    );
    const report = await simulated(log, set, { routes });
    const told = report.proposed.by_rule.filter((one) => one.refused > 0).map((one) => [one.rule, one.refused]);
    expect([seed, Object.fromEntries(told)]).toEqual([seed, Object.fromEntries(refused)]);
    expect(refused.size).toBeGreaterThanOrEqual(3);
  });

  test("LM52: a slot is held until its request was answered", async () => {
    const slots = person({ kind: "slots", slots: 1, hold_ms: 60_000 });
    // The first runs from 0 to 500; the second comes within it, the third at its end.
    const log = houseLine(500, { ms: 500 }) + houseLine(450, { ms: 50 }) + houseLine(900, { ms: 400 });
    const report = await simulated(log, slots);
    expect([report.proposed.refused, report.proposed.first_at_ms]).toEqual([1, START_MS + 400]);
  });

  test("LM52: tiers that people and spaces were given hold here too", async () => {
    const tiered = person(
      { kind: "fixed", tokens: 1, window_ms: 60_000 },
      { tiers: { pro: { kind: "fixed", tokens: 3, window_ms: 60_000 } } },
    );
    const log = [0, 1, 2, 3]
      .flatMap((at) => [houseLine(at, { person_id: "1" }), houseLine(at, { person_id: "2" })])
      .join("");
    const report = await simulated(log, tiered, {
      personGrant: (id) => (id === "2" ? { tier: "pro", percent: null } : null),
    });
    expect(report.proposed.busiest.map(({ key, refused }) => [key, refused])).toEqual([
      ["person:1", 3],
      ["person:2", 1],
    ]);
  });

  test("LM53: both sets see the same requests, each with buckets of its own; who is refused only by the new one is told", async () => {
    const log = [
      ...[0, 1, 2, 3, 4].map((at) => houseLine(at, { person_id: "1" })),
      ...[5, 6].map((at) => houseLine(at, { person_id: null, address: "192.0.2.9", status: 429 })),
    ].join("");
    const against: RuleSetIn = {
      rules: [
        { id: "person", level: "person", limit: { kind: "fixed", tokens: 4, window_ms: 60_000 } },
        { id: "address", level: "address", limit: { kind: "fixed", tokens: 1, window_ms: 60_000 } },
      ],
    };
    const proposed: RuleSetIn = { rules: [...three.rules] };
    const { change, in_force, proposed: tried, log: seen } = await simulated(log, proposed, { against });
    expect([in_force.refused, tried.refused, change.newly_refused, change.no_longer_refused]).toEqual([2, 2, 1, 1]);
    // The person meets a refusal by either set, so nobody is new to it.
    expect(change).toMatchObject({ newly: [], newly_count: 0, newly_exact: true });
    expect(in_force.by_level).toEqual({ person: 1, address: 1 });
    expect(seen).toMatchObject({ refused_then: 2, says: { person: 5, token: 0, space: 0, address: 2 } });
    const all_new = await simulated(log, proposed, { against: open });
    expect(all_new.change).toMatchObject({
      newly_refused: 2,
      newly: [{ key: "person:1", refused: 2 }],
      newly_count: 1,
    });
    expect(all_new.timeline).toEqual([{ at_ms: START_MS, requests: 7, refused_in_force: 0, refused_proposed: 2 }]);
  });

  test("LM53: it is told by rule, route and key, who was out for how long, and when it began", async () => {
    const log = [0, 1_000, 2_000, 3_000, 30_000, 59_000, 60_000]
      .map((at, i) => houseLine(at, { route: i % 2 === 0 ? "/v1/a" : "/v1/b" }))
      .join("");
    const routes = ["/v1/a", "/v1/b"].map((path) => ({ method: "GET", path, cost_tokens: 1 }));
    const { proposed } = await simulated(log, three, { routes });
    expect(proposed).toMatchObject({
      refused: 3,
      who: 1,
      who_exact: true,
      first_at_ms: START_MS + 3_000,
      longest_out_ms: 57_000,
      by_rule: [{ rule: "person", level: "person", refused: 3 }],
      by_route: [
        { route: "GET /v1/b", refused: 2, requests: 3 },
        { route: "GET /v1/a", refused: 1, requests: 4 },
      ],
      keys: [{ key: "book/person/person/1", refused: 3, error: 0 }],
    });
  });

  test("LM57: no address of a log is in what is told, whole", async () => {
    const lines = Array.from({ length: 60 }, (_, i) => {
      const address = i % 2 === 0 ? `198.51.100.${i % 6}` : `2001:db8:7:8:a:b:c:${i % 5}`;
      return `${address} - - [22/Nov/2026:09:00:${String(i).padStart(2, "0")} +0100] "GET /u/${address} HTTP/1.1" 200 1`;
    });
    const one: RuleSetIn = {
      rules: [
        { id: "address", level: "address", limit: { kind: "fixed", tokens: 1, window_ms: 3_600_000 } },
        { id: "route", level: "route", limit: { kind: "fixed", tokens: 1, window_ms: 3_600_000 } },
      ],
    };
    const report = await simulated(lines.join("\n"), one);
    expect(report.proposed.refused).toBeGreaterThan(40);
    expect(JSON.stringify(report)).not.toMatch(/198\.51\.100\.[1-9]|a:b:c/);
    expect(report.proposed.busiest.map(({ key }) => key)).toContain("address:198.51.100.0/24 (2)");
  });

  test("LM58: a rule on trial refuses nobody and takes nothing from those that hold; a canary holds for those for whom it does in the house", async () => {
    const log = [0, 1, 2, 3, 4].map((at) => houseLine(at)).join("");
    const shadow = person({ kind: "fixed", tokens: 2, window_ms: 60_000 }, { mode: "shadow" });
    const tried = (await simulated(log, shadow)).proposed;
    expect([tried.refused, tried.would_refuse, tried.by_rule[0]!.would_refuse]).toEqual([0, 3, 3]);
    for (const text of ["person/7", "åäö/ÿ", ""]) expect(crc32(text)).toBe(Number(Bun.hash.crc32(text)));
    const half = person({ kind: "fixed", tokens: 1, window_ms: 60_000 }, { mode: "canary", canary_percent: 50 });
    const people = Array.from({ length: 40 }, (_, i) => String(i));
    const twice = people.flatMap((person_id, i) => [houseLine(i, { person_id }), houseLine(i, { person_id })]).join("");
    const { proposed } = await simulated(twice, half);
    expect(proposed.busiest.map(({ key }) => key).sort()).toEqual(
      people
        .filter((id) => canaryPlace("person", id) < 50)
        .map((id) => `person:${id}`)
        .sort(),
    );
    expect(proposed.would_refuse).toBe(40 - proposed.refused);
  });

  test("LM59: what is not counted in a house is not counted here, and what it does not know is said", async () => {
    const line = (path: string) => `192.0.2.9 - - [22/Nov/2026:09:00:01 +0100] "GET ${path} HTTP/1.1" 200 1\n`;
    const report = await simulated(line("/assets/x.js") + line("/v1/feed") + line("/wp-login.php"), open, {
      routes: [{ method: "GET", path: "/v1/feed", cost_tokens: 1 }],
    });
    expect([report.requests, report.log.uncounted, report.log.unknown_routes]).toEqual([2, 1, 1]);
    expect(report.log).toMatchObject({ first_at_ms: START_MS + 1_000, whole_seconds: true, lines: 3 });
    const door = await simulated(line("/v1/feed"), open, {
      routes: [{ method: "GET", path: "/v1/feed", cost_tokens: 1 }],
      apart: ["GET /v1/feed"],
    });
    expect([door.requests, door.log.uncounted]).toEqual([0, 1]);
    const empty = await simulated("", open);
    expect([empty.requests, empty.log.first_at_ms, empty.timeline]).toEqual([0, null, []]);
  });

  test("LM59: it is told how far it is, and it can be left", async () => {
    const log = Array.from({ length: 50_000 }, (_, i) => houseLine(i)).join("");
    const told: number[] = [];
    await simulated(log, open, { file: fileOf(log, 500_000), onProgress: ({ lines }) => void told.push(lines) });
    expect(told.length).toBe(2);
    const gone = new AbortController();
    const left = simulated(log, open, {
      file: fileOf(log, 500_000),
      signal: gone.signal,
      onProgress: () => gone.abort(),
    });
    expect(left).rejects.toThrow();
  });
});

describe("the worker of a page", () => {
  const ask = async (asked: Partial<SimulateAsked>) => {
    const said: SimulateSaid[] = [];
    const file = new Blob([houseLine(0), houseLine(1), houseLine(2), houseLine(3)]);
    const grants = { people: [], spaces: [] };
    await answer({ file, in_force: open, proposed: three, routes: [], costs: {}, apart: [], grants, ...asked }, (one) =>
      said.push(one),
    );
    return said;
  };

  test("LM60: it says what is wrong with rules and where, and what it cannot read", async () => {
    const wrong = { rules: [{ id: "x", level: "person", limit: { kind: "fixed", tokens: 0, window_ms: 1 } }] };
    expect(await ask({ proposed: wrong })).toMatchObject([
      { said: "rules", troubles: [{ pointer: "/rules/0/limit/tokens" }] },
    ]);
    expect(await ask({ in_force: 7 })).toMatchObject([{ said: "failed" }]);
    const torn = {
      stream: () => fileOf("x").pipeThrough(new TransformStream({ start: (out) => out.error(new Error("gone")) })),
    };
    expect(await ask({ file: torn as unknown as Blob })).toMatchObject([{ said: "failed" }]);
  });

  test("LM60: it answers with the report", async () => {
    expect(await ask({})).toMatchObject([{ said: "done", report: { requests: 4, proposed: { refused: 1 } } }]);
    const pro = {
      people: [["1", { tier: "custom", percent: 200 }]] as [string, { tier: "custom"; percent: number }][],
      spaces: [],
    };
    expect(await ask({ grants: pro })).toMatchObject([{ said: "done", report: { proposed: { refused: 0 } } }]);
  });
});

test("LM61: what a terminal obeys, and what turns a line around, is not told as it stands in a log", async () => {
  const log = [
    houseLine(0, { person_id: "\u001b[2Jann\u202e", route: "/v1/\u001b]0;owned\u0007" }),
    houseLine(1, { person_id: "\u001b[2Jann\u202e", method: "\u001b[1mGET" }),
    houseLine(2, { person_id: null, address: "\u009b192.0.2.7\r\n" }),
    houseLine(3, { person_id: null, address: "\u009b192.0.2.7\r\n" }),
  ].join("");
  const none = { kind: "fixed", tokens: 1, window_ms: 60_000 } as const;
  const report = await simulated(log, {
    rules: [
      { id: "person", level: "person", limit: none },
      { id: "address", level: "address", limit: none },
      { id: "route", level: "route", limit: none },
    ],
  });
  expect(report.proposed.refused).toBeGreaterThanOrEqual(2);
  expect(
    [report.proposed, report.change].flatMap(
      (part) => JSON.stringify(part).match(/\\u00[01]|[\u007f-\u009f\u202e]/g) ?? [],
    ),
  ).toEqual([]);
  expect(report.proposed.busiest.map(({ key }) => key).sort()).toEqual([
    "address:\ufffd192.0.2.0/24\ufffd\ufffd",
    "person:\ufffd[2Jann\ufffd",
  ]);
});
