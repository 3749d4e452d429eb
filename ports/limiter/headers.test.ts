import { expect, test } from "bun:test";

import { addressKey, type LimitDecision, limitHeaders, type LimitRule } from "./index.ts";

test("LI27: an IPv6 address counts by its /64 however it is written, an IPv4 one as itself, also inside IPv6", () => {
  const same = ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::1", "2001:0DB8:0001:0002::", "2001:db8:1:2::1%eth0"];
  expect([...new Set(same.map(addressKey))]).toEqual(["2001:db8:1:2::/64"]);
  expect(addressKey("2001:db8:1:3::1")).toBe("2001:db8:1:3::/64");
  expect(["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201"].map(addressKey)).toEqual(
    Array.from({ length: 3 }, () => "192.0.2.1"),
  );
  expect(addressKey("::1")).toBe("0:0:0:0::/64");
});

test("LI27: IPv4 inside IPv6 counts as itself in every writing of it, and behind a translator too", () => {
  for (const address of [
    "::ffff:192.0.2.7",
    "::FFFF:c000:207",
    "0:0:0:0:0:ffff:192.0.2.7",
    "0000:0000:0000:0000:0000:ffff:c000:0207",
    "0::ffff:192.0.2.7",
    "64:ff9b::192.0.2.7",
    "64:ff9b::c000:207",
    "0064:ff9b:0:0:0:0:c000:207",
    "::ffff:192.0.2.7%eth0",
  ])
    expect([address, addressKey(address)]).toEqual([address, "192.0.2.7"]);
  // What only looks like it.
  for (const [address, key] of [
    ["::1", "0:0:0:0::/64"],
    ["64:ff9b:1::c000:207", "64:ff9b:1:0::/64"],
    ["2001:db8::ffff:192.0.2.7", "2001:db8:0:0::/64"],
  ])
    expect(addressKey(address!)).toBe(key!);
});

test("LI27: a port that a proxy wrote behind an address does not count", () => {
  for (const written of ["192.0.2.1:4711", "[::ffff:192.0.2.1]:4711"]) expect(addressKey(written)).toBe("192.0.2.1");
  expect(["[2001:db8:1:2::1]:4711", "[2001:db8:1:2::9]"].map(addressKey)).toEqual(
    Array.from({ length: 2 }, () => "2001:db8:1:2::/64"),
  );
  expect(["unknown", "", "1:2:3"].map(addressKey)).toEqual(["unknown", "", "1:2:3::/64"]);
});

test("LI28: headers tell every policy that holds, what is left of the one that is nearest to its end, and when all is there", () => {
  const rules: LimitRule[] = [
    { name: 'per "person"\r\nset-cookie: a=b', burst_tokens: 10, tokens_per_s: 4 },
    { kind: "fixed", name: "day", tokens: 100, window_ms: 86_400_000 },
    { kind: "slots", name: "uploads", slots: 3, hold_ms: 1_000 },
  ];
  const decision: LimitDecision = {
    allowed: true,
    rule: rules[1]!,
    remaining_tokens: 7,
    wait_ms: 0,
    retry_after_ms: 0,
    reset_after_ms: 1_200,
    hold: null,
  };
  const claims = rules.map((rule) => ({ key: "k", rule, cost_tokens: 1 }));
  expect(limitHeaders(decision, claims)).toEqual({
    "ratelimit-policy":
      '"per \\"person\\"??set-cookie: a=b";q=10;w=3, "day";q=100;w=86400, "uploads";q=3;qu="concurrent-requests"',
    ratelimit: '"day";r=7;t=2',
    "x-ratelimit-limit": "100",
    "x-ratelimit-remaining": "7",
    "x-ratelimit-reset": "2",
  });
});
