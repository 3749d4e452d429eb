import { describe, expect, test } from "bun:test";

import { createBusiest } from "./busiest.ts";
import { createRouteFinder, routesOf } from "./routes.ts";
import { createShown } from "./shown.ts";
import { createTimeline } from "./timeline.ts";

describe("the busiest of many", () => {
  test("LM54: whoever is told was refused at least so often, and at most `error` more; nobody busier than the error is missing", () => {
    const seed = Math.floor(Math.random() * 1e9);
    let state = seed + 1;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const busiest = createBusiest(100);
    const exact = new Map<string, number>();
    for (let i = 0; i < 30_000; i++) {
      const key = `k${Math.floor(random() ** 4 * 3_000)}`;
      exact.set(key, (exact.get(key) ?? 0) + 1);
      busiest.refused(key, i);
      expect(busiest.size).toBeLessThanOrEqual(100);
    }
    const told = busiest.top(100);
    for (const { key, count, error } of told) {
      expect([seed, key, exact.get(key)! >= count, exact.get(key)! <= count + error]).toEqual([seed, key, true, true]);
    }
    const error_max = Math.max(...told.map(({ error }) => error));
    const names = new Set(told.map(({ key }) => key));
    for (const [key, count] of exact)
      if (count > error_max) expect([seed, key, names.has(key)]).toEqual([seed, key, true]);
    expect(busiest.forgotten).toBeGreaterThan(0);
    // As long as there is room they are exact.
    const small = createBusiest(100);
    for (const key of ["a", "b", "a"]) small.refused(key, 0);
    expect(small.top(1)).toMatchObject([{ key: "a", count: 2, error: 0 }]);
    expect(small.forgotten).toBe(0);
  });

  test("LM54: somebody is out from a first refusal to the next request that passes, or to the last refusal", () => {
    const busiest = createBusiest(10);
    busiest.passed("a", 1);
    busiest.refused("a", 10);
    busiest.refused("a", 12);
    busiest.passed("a", 15);
    busiest.refused("a", 20);
    busiest.refused("a", 23);
    expect(busiest.top(1)).toMatchObject([{ count: 4, first_ms: 10, last_ms: 23, longest_out_ms: 5 }]);
    busiest.refused("a", 40);
    expect(busiest.longest_out_ms).toBe(20);
  });
});

describe("the line over time", () => {
  test("LM55: each point is a minute, and when there are too many, two, four…; nothing that was counted is lost", () => {
    const timeline = createTimeline(4);
    for (let minute = 0; minute < 4; minute++) timeline.count(60_000 * (minute + 7) + 59_999, false, minute === 0);
    expect([timeline.step_ms, timeline.points().length]).toEqual([60_000, 4]);
    timeline.count(60_000 * 11, true, true);
    expect(timeline.step_ms).toBe(120_000);
    expect(
      timeline.points().map(({ at_ms, requests, refused_proposed }) => [at_ms / 60_000, requests, refused_proposed]),
    ).toEqual([
      [6, 1, 1],
      [8, 2, 0],
      [10, 2, 1],
    ]);
    timeline.count(60_000 * 60 * 24 * 365 * 50, false, false);
    const points = timeline.points();
    expect(points.length).toBeLessThanOrEqual(4);
    expect(points.reduce((sum, { requests }) => sum + requests, 0)).toBe(6);
    expect(points.reduce((sum, { refused_in_force }) => sum + refused_in_force, 0)).toBe(1);
  });
});

describe("routes of a log", () => {
  const routes = [
    { method: "GET", path: "/v1/posts/{id}", cost_tokens: 1 },
    { method: "GET", path: "/v1/posts/mine", cost_tokens: 2 },
    { method: "POST", path: "/v1/people", cost_tokens: 20 },
    { method: "*", path: "/v1/tus", cost_tokens: 3 },
  ];
  const find = createRouteFinder(routes);
  const found = (method: string, path: string) => {
    const { route, cost_tokens, known, limited } = find(method, path);
    return [route, cost_tokens, known, limited];
  };

  test("LM56: a path that the house does not have costs one token and is told by its form, without what names one of many", () => {
    expect(found("GET", "/v1/people/12345/things")).toEqual(["GET /v1/people/{…}/things", 1, false, true]);
    expect(found("GET", "/invite/aVeryLongSecretOfAnInvitation")).toEqual(["GET /invite/{…}", 1, false, true]);
    expect(found("GET", "/reset/astrid@example.org")).toEqual(["GET /reset/{…}", 1, false, true]);
    expect(found("POST", "/v1/posts/mine")).toEqual(["POST /v1/posts/mine", 1, false, true]);
    const many = createRouteFinder([]);
    const forms = new Set(
      Array.from({ length: 2_000 }, (_, i) => many("GET", `/${"a".repeat(i % 20)}/${"b".repeat(i % 23)}`).route),
    );
    for (let i = 0; i < 2_000; i++)
      forms.add(
        many("GET", `/x${String.fromCharCode(97 + (i % 26), 97 + (((i / 26) | 0) % 26), 97 + ((i / 676) | 0))}`).route,
      );
    expect(forms.size).toBe(501);
  });

  test("LM56: files of the page, media and health draw from nothing in a house, and so here", () => {
    for (const path of ["/assets/main-x.js", "/blobs/a/b", "/healthz", "/sw.js"])
      expect(found("GET", path)[3]).toBe(false);
    expect(found("GET", "/readyz")[3]).toBe(true);
  });

  test("LM56: paths find their route, with its cost; a door has all below it; a route with its braces is itself", () => {
    expect(found("GET", "/v1/posts/77")).toEqual(["GET /v1/posts/{id}", 1, true, true]);
    expect(found("HEAD", "/v1/posts/mine")).toEqual(["GET /v1/posts/mine", 2, true, true]);
    expect(found("GET", "/v1/posts/{id}")).toEqual(["GET /v1/posts/{id}", 1, true, true]);
    expect(found("POST", "/v1/people")).toEqual(["POST /v1/people", 20, true, true]);
    for (const path of ["/v1/tus", "/v1/tus/abc/def"])
      expect(found("PATCH", path)).toEqual(["* /v1/tus", 3, true, true]);
    expect(found("PATCH", "/v1/tussle")[2]).toBe(false);
    // Where the house counts its page, whatever else is read is that.
    const whole = createRouteFinder(routesOf(["GET /", "GET /v1/x"], { "GET /": 2 }));
    for (const path of ["/", "/u/astrid", "/v1x"])
      expect(whole("GET", path)).toMatchObject({ route: "GET /", cost_tokens: 2, known: true });
    expect([
      whole("GET", "/v1/y").known,
      whole("POST", "/u/astrid").known,
      whole("GET", "/assets/x.js").limited,
    ]).toEqual([false, false, false]);
    expect(whole("GET", "/v1/x")).toMatchObject({ cost_tokens: 1, known: true });
  });
});

describe("what is shown of an address", () => {
  test("LM57: its network: 256 of IPv4, a /64 of IPv6; two that look the same then are numbered", () => {
    const shown = createShown();
    expect(shown("address:192.0.2.77")).toBe("address:192.0.2.0/24");
    expect(shown("address:192.0.2.78")).toBe("address:192.0.2.0/24 (2)");
    expect(shown("address:192.0.2.77")).toBe("address:192.0.2.0/24");
    expect(shown("book/address/2001:db8:1:2:3:4:5:6")).toBe("book/address/2001:db8:1:2::/64");
    expect(shown("2001:0db8::7")).toBe("2001:db8:0:0::/64");
    expect(shown("::1")).toBe("0:0:0:0::/64");
    // Networks and pseudonyms are none of anybody already.
    for (const key of ["address:2001:db8:1:2::/64", "address:192.0.2.0/24~k3Jx9", "person:7", "book/route/GET /v1/x"])
      expect(shown(key)).toBe(key);
  });
});
