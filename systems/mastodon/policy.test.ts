import { expect, test } from "bun:test";

import {
  covers,
  coversAll,
  houseScopes,
  isRedirectUri,
  OUT_OF_BAND,
  placeOf,
  scopeSentences,
  scopesIn,
} from "./policy.ts";

test.each([
  "http://elsewhere.test/",
  "JavaScript:alert(1)",
  "data:text/html,x",
  "file:///etc/passwd",
  "blob:https://a.test/1",
  "view-source:https://a.test/",
  "//a.test/",
  "/back",
  "https://",
  "https://a.test/\nhttps://b.test",
  "https://a.test/#x",
  `https://a.test/${"x".repeat(2_000)}`,
])("MA1: %p is no address to be answered at", (uri) => expect(isRedirectUri(uri, 2_000)).toBe(false));

test.each([
  OUT_OF_BAND,
  "icecubesapp://",
  "oauth2redirect://com.keylesspalace.tusky/",
  "ivory://oauth_callback",
  "com.example.app:/oauth",
  "https://elk.zone/api/house.test/oauth/https%3A%2F%2Felk.zone",
  "https://phanpy.social",
  "http://localhost:3000/back?x=1",
  "http://127.0.0.1/",
  "http://[::1]:9/",
])("MA1: %p is one", (uri) => expect(isRedirectUri(uri, 2_000)).toBe(true));

test("MA2: where an answer goes is said by its host, or the app's own word", () => {
  expect(placeOf("https://elk.zone/back")).toBe("elk.zone");
  expect(placeOf("ivory://oauth_callback")).toBe("ivory");
  expect(placeOf(OUT_OF_BAND)).toBe("");
});

test("MA4: what covers what: wholes, parts, and what `follow` was", () => {
  expect(scopesIn("read write:statuses admin:read follow push")).toEqual(["read", "write:statuses", "follow", "push"]);
  expect(scopesIn("read+write")).toEqual(["read", "write"]);
  for (const text of ["", "admin:write", "everything", "read:everything"]) expect(scopesIn(text)).toBeNull();
  expect(covers(["read"], "read:statuses")).toBe(true);
  expect(covers(["read:accounts"], "read:statuses")).toBe(false);
  expect(covers(["write"], "read:statuses")).toBe(false);
  expect(covers(["follow"], "write:mutes")).toBe(true);
  expect(covers(["follow"], "write:statuses")).toBe(false);
  expect(covers(["profile"], "profile")).toBe(true);
  expect(covers(["write"], "profile")).toBe(false);
  expect(coversAll(["read", "write"], ["read:lists", "follow", "profile"])).toBe(true);
  expect(coversAll(["read"], ["read", "write:media"])).toBe(false);
  expect(houseScopes(["push"])).toEqual([]);
  expect(houseScopes(["write:media"])).toEqual(["write"]);
  expect(houseScopes(["profile"])).toEqual(["read"]);
});

test("MA2: what a program could do is told in sentences, the widest first", () => {
  expect(scopeSentences(["read", "write", "follow"])).toHaveLength(3);
  expect(scopeSentences(["read:accounts", "read:lists"])).toEqual(["Read what you see of: accounts, lists"]);
  expect(scopeSentences(["profile"])).toEqual(["See who you are"]);
});
