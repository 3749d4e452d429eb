import { describe, expect, test } from "bun:test";

import { parseRules, placed } from "./simulator-place.ts";
import { joined, outWords } from "./simulator-words.ts";

const RULES = JSON.stringify(
  {
    rules: [
      { id: "a", level: "person" },
      { id: 'b "\\/" é', limit: { kind: "fixed", tokens: 0 }, routes: ["GET /x", "y"] },
    ],
  },
  null,
  2,
);
const lineOf = (pointer: string) => {
  const { line, at } = placed(RULES, { pointer, detail: "x" });
  return [line, RULES.split("\n")[line! - 1]!.trim(), RULES.slice(at, at + 4).trim()];
};

describe("what is wrong with rules, at its place", () => {
  test("WEB245: a text that is no JSON is refused with the line where it goes wrong", () => {
    const at = (text: string) => {
      const read = parseRules(text);
      return "trouble" in read ? read.trouble.line : "it is JSON";
    };
    expect(at('{\n  "rules": [\n    oops\n  ]\n}')).toBe(3);
    expect(at('{\n  "rules": []\n')).toBe(3);
    expect(at('{ "rules": [] }\n\n}')).toBe(3);
    expect(at('{\n"a": 1,\n"b" 2 }')).toBe(3);
    expect(at("")).toBe(1);
    expect(at(RULES)).toBe("it is JSON");
  });

  test("WEB245: what the rules' reader names by a pointer is found in the text; of a field that is not there, the thing that lacks it", () => {
    expect(lineOf("/rules/1/limit/tokens")).toEqual([11, '"tokens": 0', "0"]);
    expect(lineOf("/rules/1/routes/1")).toEqual([15, '"y"', '"y"']);
    expect(lineOf("/rules/0/limit")[0]).toBe(3);
    expect(lineOf("/rules/9")[0]).toBe(2);
    expect(lineOf("")[0]).toBe(1);
  });
});

test("WEB246: however many minutes there are, so many bars are drawn, and each request is in one", () => {
  const points = Array.from({ length: 1_000 }, (_, i) => ({
    at_ms: i,
    requests: 3,
    refused_in_force: i % 2,
    refused_proposed: 1,
  }));
  const drawn = joined(points, 96);
  expect(drawn.length).toBeLessThanOrEqual(96);
  expect(drawn.reduce((sum, { requests }) => sum + requests, 0)).toBe(3_000);
  expect(drawn.reduce((sum, { refused_in_force }) => sum + refused_in_force, 0)).toBe(500);
  expect([outWords(0), outWords(999), outWords(40_000)]).toEqual(["0 ms", "999 ms", "40 s"]);
});
