import { expect, test } from "bun:test";

import { type Algorithm, zAlgorithm } from "#systems/limits/contract.ts";

import { KIND_WORDS, limitInWords, spanOf, turnedInto } from "./words.ts";

test("WEB240: a limit of any kind is told in words, and turned into any other that the house takes", () => {
  const limits: [Algorithm, string][] = [
    [{ kind: "bucket", burst_tokens: 3_000, tokens_per_s: 300 }, "3,000 at once, then 300 a second"],
    [{ kind: "bucket", burst_tokens: 5, tokens_per_s: 0.1 }, "5 at once, then one each 10 seconds"],
    [{ kind: "gcra", tokens: 7, window_ms: 3_600_000, burst_tokens: 2 }, "2 at once, then 7 an hour, evenly"],
    [{ kind: "fixed", tokens: 1_000, window_ms: 60_000 }, "1,000 a minute, from the first on"],
    [{ kind: "log", tokens: 5, window_ms: 90_000 }, "5 in 90 seconds, exactly"],
    [{ kind: "counter", tokens: 5, window_ms: 172_800_000 }, "5 in 2 days, sliding"],
    [{ kind: "slots", slots: 4, hold_ms: 1_000 }, "4 at the same time"],
  ];
  for (const [limit, words] of limits) expect(limitInWords(limit)).toBe(words);
  expect(spanOf(250)).toBe("250 ms");
  for (const [limit] of limits)
    for (const kind of Object.keys(KIND_WORDS) as Algorithm["kind"][])
      expect(zAlgorithm.safeParse(turnedInto(limit, kind)).success).toBe(true);
});
