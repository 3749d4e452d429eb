import { expect, test } from "bun:test";

import type { StoredEvent } from "#ports/log/index.ts";
import { MODERATION_TOPIC, type ModerationEvent } from "#systems/moderation/index.ts";

import { READINGS } from "./acts.ts";

const stored = (event: ModerationEvent): StoredEvent => ({
  ...(event as unknown as StoredEvent),
  position: "1",
  topic: MODERATION_TOPIC,
  key: "x",
  at: new Date(0),
});
const told = (event: ModerationEvent) =>
  READINGS[MODERATION_TOPIC]!(stored(event)).map((one) =>
    "act_key" in one ? [one.person_id, one.kind, one.actor_id] : [one],
  );

test("NO14: what moderators decided is told by the house, to whom it concerns and to who reported it", () => {
  const thing = { subject_kind: "post", subject_id: "5", person_id: "10", space_id: null };
  const acted = { act_id: "7", kind: "hide", ...thing, by: "99" };
  const about = { case_id: "3", ...thing };
  expect(told({ type: "moderation.acted", version: 1, data: { ...acted, ends_at: null } })).toEqual([
    ["10", "moderated", null],
  ]);
  expect(
    told({
      type: "moderation.appeal_decided",
      version: 1,
      data: { ...acted, appeal_id: "8", decision: "upheld", answer: "" },
    }),
  ).toEqual([["10", "appeal_decided", null]]);
  expect(
    told({
      type: "moderation.closed",
      version: 1,
      data: { ...about, outcome: "acted", answer: "", reporter_ids: ["20", "21"] },
    }),
  ).toEqual([
    ["20", "report_answered", null],
    ["21", "report_answered", null],
  ]);
  // Who reported is told to nobody, and officers look into their queue.
  expect(told({ type: "moderation.reported", version: 1, data: { ...about, report_id: "4" } })).toEqual([]);
  expect(told({ type: "moderation.appealed", version: 1, data: { ...acted, appeal_id: "8" } })).toEqual([]);
});
