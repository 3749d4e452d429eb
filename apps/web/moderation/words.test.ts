import { expect, test } from "bun:test";

import { ACT_KINDS, SUBJECT_KINDS } from "#systems/moderation/contract.ts";

import { deskWords } from "./desk-words.ts";
import { addressOf, auditWords, reportedAs, toldOf } from "./words.ts";

test("WEB93: each act on each thing has a sentence of its own, about what is theirs", () => {
  const all = ACT_KINDS.flatMap((kind) =>
    SUBJECT_KINDS.map((subject) => toldOf({ kind, subject: { kind: subject, id: "1" } })),
  );
  for (const sentence of all) expect(sentence).toMatch(/^You(?:r| were| are) /);
  expect(toldOf({ kind: "hide", subject: { kind: "video", id: "1" } })).toBe("Your film was hidden");
  expect(toldOf({ kind: "suspend", subject: { kind: "comment", id: "1" } })).toBe(
    "Your comment led to your suspension",
  );
  expect(toldOf({ kind: "warn", subject: { kind: "person", id: "1" } })).toBe("You were warned");
});

test("WEB94: a line says how many reported, and under which rules", () => {
  const rules = [
    { id: "1", title: "No spam" },
    { id: "2", title: "No hatred" },
  ];
  expect(reportedAs({ reports: 3, rules })).toBe("3 reports: No spam, No hatred");
  expect(reportedAs({ reports: 1, rules: rules.slice(0, 1) })).toBe("1 report: No spam");
  expect(reportedAs({ reports: 0, rules: [] })).toBe("Opened by a moderator");
});

test("WEB95: what is in the log is said in words, and what is not known as it is", () => {
  for (const kind of ACT_KINDS) {
    expect(auditWords(`act.${kind}`)).not.toContain(".");
    expect(auditWords(`undo.${kind}`)).toStartWith("took back: ");
  }
  for (const what of ["case.no_breach", "appeal.overturned", "shield.tightened", "people.role_changed", "post.deleted"])
    expect(auditWords(what)).not.toBe(what);
  expect(auditWords("future.thing")).toBe("future.thing");
});

test("WEB96: a thing's address, where it has one", () => {
  expect(addressOf({ kind: "post", id: "5" }, "ann")).toBe("/posts/5");
  expect(addressOf({ kind: "video", id: "5" }, undefined)).toBe("/watch/5");
  expect(addressOf({ kind: "person", id: "5" }, "ann")).toBe("/@ann");
  expect(addressOf({ kind: "person", id: "5" }, undefined)).toBeNull();
  expect(addressOf({ kind: "comment", id: "5" }, "ann")).toBeNull();
});

test("WEB128: an officer sees on the scales how many cases and appeals wait, to ninety-nine, and nothing where none does", () => {
  const words = (cases: number, appeals: number) => deskWords({ cases, appeals });
  expect([words(0, 0), words(1, 0), words(2, 3), words(99, 0)]).toEqual([null, "1", "5", "99"]);
  expect([words(100, 0), words(60, 60), words(0, 100)]).toEqual(["99+", "99+", "99+"]);
});
