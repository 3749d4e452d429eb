import { afterAll, expect, test } from "bun:test";

import { feedRoutes as r } from "../contract.ts";
import { testFeed } from "../testing.ts";
import { adviceOf, type CostNumbers, costsOf } from "./cost.ts";

const STEPS = { ring_us: 0.05, list_us: 1, push_us: 0.2, load_us: 2_000, plain_us: 5_000 };
const BOUNDS = { rings_bytes_max: 64 * 1024 * 1024, lists_bytes_max: 64 * 1024 * 1024, list_entries_max: 800 };
const HOUSE: CostNumbers = {
  people: 10_000,
  active_people: 1_000,
  follows_per_reader: 200,
  heavy_per_reader: 1,
  home_reads_per_s: 5,
  entries_per_s: 0.5,
  followers_per_entry: 300,
  light_followers_per_entry: 250,
  followed_people: 8_000,
  heavy_people: 3,
  followers_most: 9_000,
};
const advice = (numbers: CostNumbers, present: "pull" | "push" | "hybrid" | "plain" = "pull") =>
  adviceOf(costsOf(numbers, STEPS, BOUNDS), present, numbers, STEPS);

test("FD108: each strategy's cost is its steps times how often they are taken", () => {
  const [pull, push, hybrid, plain] = costsOf(HOUSE, STEPS, BOUNDS);
  const loads = 1_000 * (2 / 86_400) * STEPS.load_us;
  expect(pull).toMatchObject({ strategy: "pull", reads_us_per_s: 5 * 200 * 0.05, writes_us_per_s: 0 });
  expect(pull!.database_us_per_s).toBeCloseTo(loads);
  // A tenth of the people is active, so a tenth of the followers has a list.
  expect(push!.writes_us_per_s).toBeCloseTo(0.5 * 300 * 0.1 * 0.2);
  expect(push!.reads_us_per_s).toBeCloseTo(5);
  expect(hybrid!.reads_us_per_s).toBeCloseTo(5 * 1.05);
  expect(hybrid!.writes_us_per_s).toBeCloseTo(0.5 * 250 * 0.1 * 0.2);
  expect(plain).toMatchObject({ us_per_s: 25_000, bytes: 0 });
});

test("FD108: many readers of many make lists cheaper, many writers make rings cheaper, and it says why", () => {
  const readers = advice({ ...HOUSE, home_reads_per_s: 500, follows_per_reader: 5_000 });
  expect(["push", "hybrid"]).toContain(readers.strategy);
  expect(readers.because.join(" ")).toContain("5,000 people on average");
  const writers = advice({ ...HOUSE, home_reads_per_s: 1, entries_per_s: 1_000 }, "push");
  expect(writers.strategy).toBe("pull");
  expect(writers.because.at(-1)).toMatch(/^That saves \d+ % of what push costs now\.$/);
});

test("FD108: what memory does not hold is counted as read again", () => {
  const huge = { ...HOUSE, people: 1_000_000, active_people: 100_000 };
  const [, push] = costsOf(huge, STEPS, BOUNDS);
  expect(push!.bytes).toBeGreaterThan(push!.bytes_max * 5);
  expect(push!.database_us_per_s).toBeGreaterThan(5 * 0.8 * STEPS.load_us);
  expect(advice(huge).because.join(" ")).toMatch(/By push, memory would hold \d+ % of what is read/);
});

test("FD108: a saving that is not worth a switch, and a house that nobody reads, keep what there is", () => {
  const [pull, push] = costsOf(HOUSE, STEPS, BOUNDS);
  const near = [pull!, { ...push!, us_per_s: pull!.us_per_s * 0.9 }];
  expect(adviceOf(near, "pull", HOUSE, STEPS)).toMatchObject({ strategy: "pull" });
  const small = adviceOf(
    [
      { ...pull!, us_per_s: 900 },
      { ...push!, us_per_s: 1 },
    ],
    "pull",
    HOUSE,
    STEPS,
  );
  expect(small.strategy).toBe("pull");
  expect(small.because.at(-1)).toContain("a thousandth of one core");
  expect(advice({ ...HOUSE, home_reads_per_s: 0 }, "hybrid").strategy).toBe("hybrid");
});

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;

test("FD107: only admins see and choose; a threshold out of its bounds is refused", async () => {
  const member = await t.house.person("member");
  const body = { strategy: "push", push_followers_max: 5 } as const;
  expect((await call(r.getTimelines, {})).status).toBe(401);
  expect((await call(r.getTimelines, { token: member.token })).status).toBe(403);
  expect((await call(r.setTimelines, { token: member.token, body })).status).toBe(403);
  await t.house.people.setRole("member", "admin");
  expect((await call(r.setTimelines, { token: member.token, body: { ...body, push_followers_max: -1 } })).status).toBe(
    400,
  );
  expect(t.feed.rooms.timeline.name).toBe("pull");
});

test("FD107, FD108: an admin sees this house's own numbers and switches; who did and when is kept", async () => {
  const admin = await t.house.person("admin");
  await t.house.people.setRole("admin", "admin");
  await t.post(admin, "hello");
  await t.home(admin);
  await t.home(admin);
  const before = (await call(r.getTimelines, { token: admin.token })).body;
  expect(before).toMatchObject({ strategy: "pull", changed_at: null, changed_by: null });
  expect(before.numbers.people).toBeGreaterThanOrEqual(2);
  expect(before.numbers.active_people).toBeGreaterThanOrEqual(1);
  expect(before.numbers.home_reads_per_s).toBeCloseTo(2 / 86_400);
  expect(before.numbers.entries_per_s).toBeCloseTo(1 / 86_400);
  expect(before.steps.ring_us).toBeGreaterThan(0);
  expect(before.costs.map((cost) => cost.strategy)).toEqual(["pull", "push", "hybrid", "plain"]);

  const body = { strategy: "hybrid", push_followers_max: 500 } as const;
  const after = (await call(r.setTimelines, { token: admin.token, body })).body;
  expect(after).toMatchObject({ ...body, changed_by: { id: admin.id }, by_config: { strategy: "pull" } });
  await t.home(admin);
  expect((await call(r.getTimelines, { token: admin.token })).body.lists.lists).toBe(1);
  expect((await call(r.resetTimelines, { token: admin.token })).body).toMatchObject({
    strategy: "pull",
    changed_at: null,
  });
});
