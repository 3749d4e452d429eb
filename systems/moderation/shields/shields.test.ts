import { afterAll, describe, expect, test } from "bun:test";

import type { Problem } from "#kernel/errors.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#kernel/time.ts";
import { quotaOf, shareOf } from "#ports/limiter/index.ts";
import { createComment } from "#systems/feed/contract.ts";

import { moderationRoutes as r } from "../contract.ts";
import { testModeration } from "../testing.ts";
import { networkKey } from "./gates.ts";
import { perHour } from "./rules.ts";
import {
  CALM_HOURS_MIN,
  CALM_MS,
  COUNTED_PER_PERSON_MAX,
  learn,
  nextStep,
  NORMAL_PER_H_MIN,
  roomOf,
  ROOMS,
  ROOMS_VOUCHED,
  type ShieldState,
  signUpsPerNetworkH,
  tightensAt,
} from "./steps.ts";

const calm: ShieldState = { step: 0, held: false, normal_per_h: 0, hot_ms: null, since_ms: 0 };
const normal = NORMAL_PER_H_MIN.sign_up;

describe("a shield's steps", () => {
  test("MO21: it tightens at 4, 8 and 16 times what is normal, at once as far as the rate asks", () => {
    const at = (rate: number) => nextStep("sign_up", calm, rate, 5).step;
    expect([at(normal * 4), at(normal * 4 + 1), at(normal * 8 + 1), at(normal * 1_000)]).toEqual([0, 1, 2, 3]);
    expect(nextStep("sign_up", { ...calm, normal_per_h: 100 }, 300, 5).step).toBe(0);
    expect(tightensAt("sign_up", { step: 1, normal_per_h: 100 })).toBe(800);
  });

  test("MO22: it relaxes one step at a time, each after a quarter of an hour below half of what had tightened it", () => {
    const hot: ShieldState = { ...calm, step: 3, hot_ms: 0 };
    const half = normal * 8;
    expect(nextStep("sign_up", hot, half, CALM_MS * 2)).toEqual({ step: 3, hot_ms: CALM_MS * 2 });
    expect(nextStep("sign_up", hot, half - 1, CALM_MS - 1)).toEqual({ step: 3, hot_ms: 0 });
    expect(nextStep("sign_up", hot, half - 1, CALM_MS)).toEqual({ step: 2, hot_ms: CALM_MS });
    // On the border of a step nothing swings: what is too little to tighten is too much to relax.
    const border = normal * 4 - 1;
    expect(nextStep("sign_up", { ...calm, step: 1, hot_ms: 0 }, border, DAY_MS).step).toBe(1);
    expect(nextStep("sign_up", calm, border, DAY_MS).step).toBe(0);
    expect(nextStep("sign_up", { ...calm, step: 1, hot_ms: 0 }, 0, CALM_MS)).toEqual({ step: 0, hot_ms: null });
    for (const rate of [0, 1e9]) expect(nextStep("sign_up", { ...hot, held: true }, rate, DAY_MS).step).toBe(3);
  });

  test("MO23: what is normal rises slowly to what is busy here, falls at once, and waits for a week of calm hours", () => {
    expect(learn(0, null)).toBe(0);
    expect(learn(100, 5_000)).toBe(102);
    let learned = 100;
    for (let hour = 0; hour < 36; hour++) learned = learn(learned, 5_000);
    expect(learned).toBeWithin(200, 210);
    expect(learn(300, 40)).toBe(40);
    expect(tightensAt("posting", { step: 0, normal_per_h: 40 })).toBe(NORMAL_PER_H_MIN.posting * 4);
  });

  test("MO26: new people have a small room that grows; a sanction keeps it small, a flood shrinks it, somebody's word widens it", () => {
    const door = { age_ms: 0, vouched: false, sanctioned: false };
    const gib = (who: Partial<typeof door>, step = 0) => {
      const bytes = roomOf({ ...door, ...who }, step);
      return bytes === null ? null : bytes / 1024 ** 3;
    };
    const days = [0, 2, 8, 31].map((d) => ({ age_ms: d * DAY_MS }));
    expect(days.map((who) => gib(who))).toEqual([1, 4, 25, null]);
    expect(days.map((who) => gib({ ...who, vouched: true }))).toEqual([12, 12, 25, null]);
    expect(days.map((who) => gib({ ...who, vouched: true, sanctioned: true }))).toEqual([4, 4, 4, 4]);
    expect(gib({ sanctioned: true })).toBe(1);
    expect(gib({ age_ms: 8 * DAY_MS }, 3)).toBe(25);
    expect(gib({ age_ms: 400 * DAY_MS, sanctioned: true }, 3)).toBe(0);
    expect([1, 2, 3].map((step) => gib({}, step))).toEqual([0.5, expect.closeTo(0.1), 0]);
  });

  test("MO24: one network alone, however it hurries, tightens nothing for the others", () => {
    for (const usual of [normal, 600, 12_345]) {
      const in_ten_minutes = signUpsPerNetworkH(0, usual);
      expect(nextStep("sign_up", { ...calm, normal_per_h: usual }, in_ten_minutes * 6, 5).step).toBe(0);
    }
    expect(signUpsPerNetworkH(0, normal)).toBe(30);
  });

  test("MO24: a network is what a customer gets, and not one address of it", () => {
    expect(networkKey("192.0.2.77")).toBe("192.0.2.0/24");
    expect(networkKey("::ffff:192.0.2.78")).toBe("192.0.2.0/24");
    expect(networkKey("2001:db8:1:2::9")).toBe(networkKey("2001:db8:1:ffff::1"));
  });
});

describe("shields of a house", async () => {
  const t = await testModeration();
  const { client, feed, moderation } = t;
  const { house } = feed;
  const { sql } = house.db;
  afterAll(async () => {
    expect(house.broken).toEqual([]);
    await t[Symbol.asyncDispose]();
  });
  const root = await house.person("root", "admin");
  const [mo, ada] = [await house.person("mo", "moderator"), await house.person("ada")];
  const shield = async (kind: "sign_up" | "posting" | "uploading") =>
    (await client.call(r.listShields, {})).body.items.find((one) => one.kind === kind)!;
  let strangers = 0n;
  /** So many people, each of them once. */
  const flood = (kind: "sign_up" | "posting", events: number, at_ms = house.db.clock.now()) =>
    sql.tx((tx) => {
      const happened = Array.from({ length: events }, () => ({ by: String(7_000_000n + strangers++), at_ms }));
      return moderation.shields.count(tx, kind, happened);
    });
  /** This node believes its memory until the event of the change has come. */
  const known = async (step: number) => {
    expect((await shield("sign_up")).step).toBe(step);
    while ((await moderation.shields.step("sign_up")) !== step) await Bun.sleep(5);
  };
  const hold = (kind: "sign_up" | "posting" | "uploading", step: number | null) =>
    client.call(r.holdShield, { token: root.token, params: { kind }, body: { step } });
  /** Somebody asks, and comes in where they may. */
  const door = async (address: string, gates = moderation.gates, comes = true) => {
    try {
      const takeBack = await gates.signUp(address);
      if (comes) await sql.tx((tx) => gates.came(tx, address));
      else await takeBack();
      return "open";
    } catch (problem) {
      return (problem as { code: string }).code;
    }
  };

  test("MO27: what happens is measured from the log, by minute, and told to everybody", async () => {
    const signUp = (handle: string, address: string) => {
      const body = JSON.stringify({ handle, password: "seven green kettles", display_name: handle });
      const headers = { "content-type": "application/json" };
      return house.api.fetch(new Request("http://house.test/v1/people", { method: "POST", body, headers }), address);
    };
    for (const address of ["192.0.2.9", "127.0.0.1", "::1", "::ffff:127.0.0.1"])
      expect((await signUp(`new${address.replaceAll(/\W/g, "")}`, address)).status).toBe(201);
    await t.settled();
    // Whom the house made by itself, and who sits at its own machine, is no surge.
    expect(await shield("sign_up")).toMatchObject({ step: 0, rate_per_h: 6, normal_per_h: 60, tightens_at_per_h: 240 });
    await feed.post(ada, "One");
    await t.settled();
    expect((await shield("posting")).rate_per_h).toBe(6);
    expect((await moderation.notes()).length).toBe(0);
  });

  test("MO24: a flood of sign-ups is met by steps: fewer by network, fewer in all, by invitation; and it ends by itself", async () => {
    for (let n = 0; n < 10; n++) expect(await door(`10.1.${n}.1`)).toBe("open");
    await flood("sign_up", 40);
    await known(1);
    const tried = [];
    for (let n = 0; n < 6; n++) tried.push(await door(`198.18.2.${n}`));
    expect(tried).toEqual(["open", "open", "open", "open", "open", "shield.sign_up"]);
    expect(await door("198.51.100.1")).toBe("open");
    await flood("sign_up", 50);
    await known(2);
    expect(await door("203.0.113.1")).toBe("open");
    expect(await door("203.0.113.2")).toBe("shield.sign_up");
    await flood("sign_up", 200);
    await known(3);
    expect(await door("100.64.0.1")).toBe("people.invitation_needed");
    expect(await moderation.notes()).toMatchObject([{ code: "shield.sign_up" }]);
    const node = await t.node();
    expect(await node.shields.step("sign_up")).toBe(3);
    for (let left = 3; left > 0; left--) {
      t.later(16 * MINUTE_MS);
      await feed.runJob("moderation.shields", {});
      expect((await shield("sign_up")).step).toBe(left - 1);
    }
    expect(await door("100.64.0.1")).toBe("open");
    // The other node hears of it, and at the latest after 30 s looks for itself.
    while ((await node.shields.step("sign_up")) !== 0) await Bun.sleep(5);
    const audit = await client.call(r.listAudit, { token: root.token, query: { what: "shield" } });
    expect(audit.body.items.map(({ what, by, detail }) => [what, by, detail.to])).toEqual([
      ["shield.relaxed", null, 0],
      ["shield.relaxed", null, 1],
      ["shield.relaxed", null, 2],
      ["shield.tightened", null, 3],
      ["shield.tightened", null, 2],
      ["shield.tightened", null, 1],
    ]);
  });

  test("MO31: a flood of uploads slows who is new and nobody else: 30 an hour, 10, none; what did not begin does not count", async () => {
    const nils = await house.person("nils");
    const begin = (who: typeof ada, gates = moderation.gates) =>
      gates.upload(who.id).then(
        (takeBack) => takeBack ?? "free",
        ({ status, code, extras }: Problem) =>
          `${status} ${code}${extras.retry_after_s! > 0 ? "" : ", without an end"}`,
      );
    const begun = async (times: number) => {
      for (let n = 0; n < times; n++) expect(typeof (await begin(nils))).toBe("function");
    };
    expect(await begin(nils)).toBe("free");
    await hold("uploading", 1);
    await begun(30);
    expect(await begin(nils)).toBe("429 shield.uploading");
    expect([await begin(root), await begin(mo)]).toEqual(["free", "free"]);
    await hold("uploading", 2);
    await begun(9);
    const last = await begin(nils);
    // Another node counts in the same; what did not begin is given back there as here.
    const { gates } = await t.node();
    expect(await begin(nils, gates)).toBe("429 shield.uploading");
    await (last as () => Promise<void>)();
    expect(typeof (await begin(nils, gates))).toBe("function");
    await hold("uploading", 3);
    expect([await begin(nils), await begin(mo)]).toEqual(["429 shield.uploading", "free"]);
    await hold("uploading", null);
  });

  test("MO25: a flood of posts slows new people and nobody else", async () => {
    await hold("posting", 3);
    const post = async (who: typeof ada, text: string) =>
      feed.post(who, text).then(
        () => "written",
        (error: Error) => error.message.split(" ").at(-1),
      );
    const said = [];
    for (let n = 0; n < 4; n++) said.push(await post(ada, `Number ${n}`));
    // The clock of this house is ahead by the calm of before, and still in ada's first week.
    expect(said).toEqual(["written", "written", "written", "shield.posting"]);
    const made = await feed.post(mo, "I am an officer");
    const comment = await client.call(createComment, {
      token: ada.token,
      params: { id: made.id },
      body: { text: "And I?" },
    });
    expect([comment.status, comment.code]).toEqual([429, "shield.posting"]);
    t.later(8 * DAY_MS);
    expect(await post(ada, "I am here for long")).toBe("written");
    await hold("posting", null);
  });

  test("MO28: an admin holds a shield where they want it, against any rate, until they let it go", async () => {
    expect(
      (await client.call(r.holdShield, { token: mo.token, params: { kind: "sign_up" }, body: { step: 0 } })).code,
    ).toBe("role.required");
    expect((await hold("sign_up", 3)).body).toMatchObject({ step: 3, held: true });
    t.later(HOUR_MS);
    await feed.runJob("moderation.shields", {});
    expect((await shield("sign_up")).step).toBe(3);
    await hold("sign_up", 0);
    await flood("sign_up", 10_000, house.db.clock.now() + 9 * DAY_MS);
    expect((await shield("sign_up")).step).toBe(0);
    expect((await hold("sign_up", null)).body.held).toBe(false);
    await hold("sign_up", 0);
  });

  test("MO24: thirty an hour come from one network, on all nodes together and also of those who come at once", async () => {
    const node = await t.node();
    await Promise.all([known(0), hold("sign_up", 0)]);
    const address = (n: number) => `203.0.115.${n}`;
    const tried = await Promise.all(
      Array.from({ length: 34 }, (_, n) => door(address(n), n % 2 === 0 ? moderation.gates : node.gates)),
    );
    expect(tried.filter((one) => one === "open")).toHaveLength(30);
    expect(new Set(tried)).toEqual(new Set(["open", "shield.sign_up"]));
    expect(await door("203.0.116.1")).toBe("open");
    t.later(61 * MINUTE_MS);
    expect(await door(address(1))).toBe("open");
  });

  test("MO30: a flood at the door is refused by what all nodes share, without a look at the database; who did not come in after all does not count", async () => {
    await Promise.all([known(0), hold("sign_up", 1)]);
    const node = await t.node();
    while ((await node.shields.step("sign_up")) !== 1) await Bun.sleep(5);
    // A handle that was taken, a password that is too easy.
    for (let n = 0; n < 12; n++)
      expect(await door("198.19.1.1", n % 2 === 0 ? moderation.gates : node.gates, false)).toBe("open");
    for (let n = 0; n < 5; n++) expect(await door(`198.19.1.${n}`)).toBe("open");
    const before = await sql.pool`SELECT 1 FROM moderation_shield_networks`;
    // Nothing of what came is known to the database any more, and yet nobody comes by the other node either.
    await sql.pool`DELETE FROM moderation_shield_networks`;
    expect(before.length).toBeGreaterThan(0);
    for (const { gates } of [moderation, node]) {
      const refused = await gates.signUp("198.19.1.9").catch((problem: Problem) => problem);
      expect(refused).toMatchObject({ status: 429, code: "shield.sign_up" });
      expect((refused as Problem).extras.retry_after_s).toBeWithin(1, 3_661);
    }
    t.later(61 * MINUTE_MS);
    expect(await door("198.19.1.9")).toBe("open");
    await hold("sign_up", 0);
  });

  test("MO30: while the nodes' common memory is away, each allows its part of what a shield does, and never nothing or all", () => {
    for (const kind of ["sign_up", "posting", "uploading"] as const)
      for (const tokens of [1, 3, 10, 30]) {
        const rule = perHour(kind, tokens);
        expect(rule).toBe(perHour(kind, tokens));
        expect(rule).toMatchObject({ name: `shield.${kind}`, when_away: "share" });
        expect(quotaOf(rule)).toEqual({ tokens, window_ms: HOUR_MS });
        expect(quotaOf(shareOf(rule, 3)).tokens).toBe(Math.max(1, Math.floor(tokens / 3)));
      }
  });

  test("MO27: one person adds to a rate so much and no more, whatever they do", async () => {
    await t.settled();
    const before = (await shield("posting")).rate_per_h;
    const now = house.db.clock.now();
    const by = "8000001";
    for (const events of [50, 500, 5])
      await sql.tx((tx) =>
        moderation.shields.count(
          tx,
          "posting",
          Array.from({ length: events }, () => ({ by, at_ms: now })),
        ),
      );
    const [row] = (await sql.pool`SELECT sum(events)::int AS n FROM moderation_shield_minutes
      WHERE kind = 'posting' AND minute >= date_trunc('minute', ${new Date(now)}::timestamptz)`) as { n: number }[];
    expect(before).toBeGreaterThanOrEqual(0);
    expect(row!.n).toBeGreaterThanOrEqual(COUNTED_PER_PERSON_MAX.posting);
    expect(row!.n).toBeLessThan(COUNTED_PER_PERSON_MAX.posting + 10);
    expect(COUNTED_PER_PERSON_MAX.posting * 60).toBeLessThan(tightensAt("posting", { step: 0, normal_per_h: 0 }) / 6);
  });

  test("MO23: what is usual here is what the busiest hours of the last four weeks were, those aside in which a shield was tight", async () => {
    await hold("uploading", null);
    const calm_hours = async (events: number, hours: number, first: number, is_calm = true) =>
      sql.pool`INSERT INTO moderation_shield_hours (kind, hour, events, calm)
        SELECT 'uploading', now() - (${first}::int + h) * interval '1 hour', ${events}, ${is_calm} FROM generate_series(0, ${hours - 1}::int) h`;
    const usual = async () => {
      t.later(HOUR_MS);
      await feed.runJob("moderation.shields", {});
      return (await shield("uploading")).normal_per_h;
    };
    await sql.pool`UPDATE moderation_shields SET normal_per_h = 3990 WHERE kind = 'uploading'`;
    await calm_hours(4_000, 20, 1_000);
    await calm_hours(9_999, 10, 1_100, false);
    // A day of it is no week.
    expect(await usual()).toBe(3_990);
    await sql.pool`DELETE FROM moderation_shield_hours`;
    await calm_hours(4_000, 20, 100);
    await calm_hours(9_999, 10, 200, false);
    await calm_hours(50, CALM_HOURS_MIN, 300);
    expect(await usual()).toBe(4_000);
  });

  test("MO26: the room of new people is asked for where it counts, by whether somebody vouched; officers have all of it", async () => {
    const [ines, otto] = [await house.person("ines"), await house.person("otto")];
    await t.settled();
    await sql.pool`DELETE FROM moderation_vouched WHERE person_id = ${otto.id}`;
    const room = (id: string) => t.node().then((node) => node.gates.room(id));
    // The clock of this house is more than a week ahead.
    expect([await room(ines.id), await room(otto.id)]).toEqual([ROOMS_VOUCHED[1]!.bytes, ROOMS[2]!.bytes]);
    expect(await sql.pool`SELECT 1 FROM moderation_vouched WHERE person_id = ${ines.id}`).toHaveLength(1);
    expect(await moderation.gates.room(root.id)).toBeNull();
  });
});
