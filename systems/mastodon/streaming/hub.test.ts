import { afterAll, expect, test } from "bun:test";

import { Problem } from "#kernel/errors.ts";
import { EPOCH_MS } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";
import { testHouse } from "#systems/people/testing.ts";

import { EVENTS_WAITING_MAX, STREAMS_PER_ADDRESS_MAX, STREAMS_PER_PERSON_MAX } from "../bounds.ts";
import { createHub, type Listener } from "./hub.ts";
import { type Happening, happeningsOf, type Message } from "./telling.ts";

const house = await testHouse();
afterAll(() => house[Symbol.asyncDispose]());
const ann = await house.person("ann");
const ben = await house.person("ben");

interface Ear extends Listener {
  heard: string[];
  closed: string | null;
}
const ear = (who = ann, more: Partial<Listener> = {}): Ear => {
  const one: Ear = {
    viewer: who.viewer,
    token: who.token,
    address: "192.0.2.1",
    origin: "http://house.test",
    subscriptions: [],
    heard: [],
    closed: null,
    send({ payload }) {
      one.heard.push(payload);
      return true;
    },
    beat() {},
    close(because) {
      one.closed = because;
    },
    ...more,
  };
  return one;
};
const happening = (seq: string): Happening => ({ kind: "notification", person_id: ann.id, seq });
const message = (payload: string): Message => ({ event: "notification", payload, streams: [["user"]] });
/** A house that tells everybody everything, as soon as it is let. */
function hub(ready: Promise<void> = Promise.resolve(), fails = false) {
  return createHub(
    { clock: house.db.clock, people: house.people },
    {
      async messageFor(_, told) {
        await ready;
        if (fails) throw new Error("broken");
        return told.kind === "notification" ? message(told.seq) : null;
      },
    },
  );
}
const settled = async (one: { stats(): { idle: boolean } }) => {
  while (!one.stats().idle) await Bun.sleep(1);
};

test("MA19: beyond a person's and an address's streams the next is refused; leaving makes room", async () => {
  await using one = hub();
  const joined = Array.from({ length: STREAMS_PER_PERSON_MAX }, () => one.join(ear()));
  expect(() => one.join(ear())).toThrow(Problem);
  joined[0]![Symbol.dispose]();
  joined[0]![Symbol.dispose]();
  one.join(ear());
  expect(() => one.join(ear())).toThrow("mastodon.too_many_streams");
  for (let i = STREAMS_PER_PERSON_MAX; i < STREAMS_PER_ADDRESS_MAX; i++)
    one.join(ear({ ...ben, viewer: { ...ben.viewer, person_id: String(1_000 + i) } }));
  expect(() => one.join(ear(ben))).toThrow("mastodon.too_many_streams");
  one.join(ear(ben, { address: "192.0.2.2" }));
});

test("MA19: whoever does not read is dropped, and nobody else waits for them", async () => {
  await using one = hub();
  const [slow, quick] = [ear(ann, { send: () => false }), ear(ben)];
  one.join(slow);
  one.join(quick);
  one.happened(happening("1"));
  one.happened(happening("2"));
  await settled(one);
  expect(slow.closed).toBe("too far behind");
  expect(quick.heard).toEqual(["1", "2"]);
  expect(one.stats().listeners).toBe(1);
});

test("MA19: what waits to be told is bounded, and the oldest goes first", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using one = hub(promise);
  const who = ear();
  one.join(who);
  for (let i = 0; i < EVENTS_WAITING_MAX + 11; i++) one.happened(happening(String(i)));
  expect(one.stats()).toMatchObject({ waiting: EVENTS_WAITING_MAX, dropped: 10 });
  resolve();
  await settled(one);
  expect(who.heard).toHaveLength(EVENTS_WAITING_MAX + 1);
  expect(who.heard.slice(0, 2)).toEqual(["0", "11"]);
});

test("MA18: a token's end and a person's leave end their streams alone, also while something is judged for them", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using one = hub(promise);
  const other = { ...ann, viewer: { ...ann.viewer, credential: { kind: "token" as const, id: "77" } } };
  const [a, b, c] = [ear(), ear(other), ear(ben)];
  for (const who of [a, b, c]) one.join(who);
  one.happened(happening("1"));
  one.end({ credentials: ["77"] });
  expect([a.closed, b.closed, c.closed]).toEqual([null, "signed out", null]);
  one.end({ person_id: ann.id });
  expect([a.closed, c.closed]).toEqual(["signed out", null]);
  resolve();
  await settled(one);
  expect([a.heard, b.heard, c.heard]).toEqual([[], [], ["1"]]);
});

test("MA22: what was brought along from elsewhere is told to nobody as new; what was taken back by mistake and given again is", () => {
  const at = new Date();
  const restored = (ago_ms: number) =>
    happeningsOf({
      topic: "feed",
      key: "k",
      position: "1" as never,
      at,
      type: "feed.post_restored",
      version: 1,
      data: {
        post_id: ((BigInt(at.getTime() - ago_ms) - BigInt(EPOCH_MS)) << 22n).toString(),
        author_id: ann.id,
        audience: "public",
        space_id: null,
        video_id: null,
        image_ids: [],
        mention_ids: [],
      },
    });
  expect(restored(30 * DAY_MS)).toEqual([]);
  expect(restored(5_000)).toHaveLength(1);
});

test("MA26: with each beat who listens is as they are now: who moderates no more hears nothing more as a moderator", async () => {
  let beat = async () => {};
  const clock = {
    ...house.db.clock,
    every: (_ms: number, work: () => Promise<void>) => {
      beat = work;
      return { [Symbol.dispose]() {} };
    },
  };
  const roles: string[] = [];
  await using one = createHub(
    { clock, people: house.people },
    {
      async messageFor({ viewer }) {
        roles.push(viewer.role);
        return null;
      },
    },
  );
  const was = ear(ann, { viewer: { ...ann.viewer, role: "moderator", scopes: ["read", "write"] } });
  one.join(was);
  one.happened(happening("1"));
  await settled(one);
  await beat();
  one.happened(happening("2"));
  await settled(one);
  expect(roles).toEqual(["moderator", "member"]);
  expect(was.viewer.scopes).toEqual(["read", "write"]);
});

test("MA18: when one cannot be told, they are let go of, to come back; the house closes all", async () => {
  const broken = hub(Promise.resolve(), true);
  const who = ear();
  broken.join(who);
  broken.happened(happening("1"));
  await settled(broken);
  expect(who.closed).toBe("something broke");
  const last = ear();
  broken.join(last);
  await broken[Symbol.asyncDispose]();
  expect(last.closed).toBe("the house closes");
  expect(() => broken.join(ear())).toThrow("mastodon.too_many_streams");
});
