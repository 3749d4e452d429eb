import { afterAll, expect, test } from "bun:test";

import type { PersonId } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";
import { feedRoutes as f } from "#systems/feed/contract.ts";
import { peopleRoutes as p } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { notifyRoutes as r } from "./contract.ts";
import { type NoticeSource, NOTIFY_TOPIC } from "./index.ts";
import { groupOf, startIntake } from "./intake.ts";
import { createSources } from "./sources.ts";
import { testNotify } from "./testing.ts";

/** A line that keeps what it is given. */
const streams: [string, string, Json][] = [];
const line = {
  append: async (_tx: unknown, stream: string, items: readonly { kind: string; data: Json }[]) =>
    void streams.push(...items.map(({ kind, data }) => [stream, kind, data] as [string, string, Json])),
  active: async () => new Map<PersonId, { active: boolean }>(),
};
const test_notify = await testNotify({ line });
const { feed, notify, told } = test_notify;
const { house } = feed;
const { client, log } = house;
const { sql } = house.db;

/** A system above: rooms in which people write. Who was put out of one sees nothing of it. */
const outsiders = new Set<PersonId>();
const audience: PersonId[] = [];
let asked_steps = 0;
const rooms: NoticeSource = {
  name: "room",
  readings: {
    rooms: ({ type, data }) => {
      const { to, by, room, seq } = data as { to: PersonId; by: PersonId; room: string; seq: string };
      const group_key = `direct_message:${room}`;
      if (type === "rooms.read") return [{ person_id: to, group_key, settled_up_to: seq }];
      const thing = { name: `room:${room}`, seq };
      const about = { post_id: null, comment_id: null, thing, taken_back: false };
      return [
        { person_id: to, kind: "direct_message", actor_id: by, act_key: `dm:${room}:${seq}`, group_key, ...about },
      ];
    },
  },
  things: async (viewer, things) =>
    new Map(
      outsiders.has(viewer.person_id)
        ? []
        : things.map((name) => [name, { title: "in the hall", text: `words of ${name}`, path: `/rooms/${name}` }]),
    ),
  async audience(_tx, _key, after, people_max) {
    asked_steps += 1;
    return audience.filter((id) => BigInt(id) > BigInt(after)).slice(0, Math.min(people_max, 3));
  },
};
// As `compose.ts` does it: one line, before the work begins. Here it has begun, so the topic is read by hand.
notify.register(rooms);
const sources = createSources();
sources.add(rooms);
const reading = startIntake({ ...test_notify.needs, sources: { ...sources, all: () => [rooms] } });
afterAll(async () => {
  reading[Symbol.dispose]();
  expect(house.broken).toEqual([]);
  await test_notify[Symbol.asyncDispose]();
});

let made = 0;
const person = () => house.person(`source${made++}`);
const happen = (type: string, data: Json) =>
  sql.tx((tx) => log.append(tx, "rooms", "hall", { type, version: 1, data: data as never }));
const list = async (who: TestPerson) => {
  await log.caughtUp("rooms", groupOf("rooms"));
  return (await client.call(r.listNotifications, { token: who.token })).body.items;
};

test("NO34: what another system tells stands in the inbox, as its reader may see it", async () => {
  const [a, b] = [await person(), await person()];
  for (const seq of ["1", "2", "3"]) await happen("rooms.written", { to: a.id, by: b.id, room: "hall", seq });
  const [one, ...rest] = await list(a);
  expect(rest).toEqual([]);
  expect(one).toMatchObject({
    kind: "direct_message",
    actor_count: 1,
    post: null,
    comment: null,
    thing: { title: "in the hall", text: "words of room:hall", path: "/rooms/room:hall" },
  });
  outsiders.add(a.id);
  expect(await list(a)).toEqual([]);
  expect((await client.call(r.unreadNotifications, { token: a.token })).body.count).toBe(0);
});

test("NO34: what was read over there is out of here, up to where it was read", async () => {
  const [a, b] = [await person(), await person()];
  for (const seq of ["1", "2", "3"]) await happen("rooms.written", { to: a.id, by: b.id, room: "lobby", seq });
  await happen("rooms.read", { to: a.id, by: b.id, room: "lobby", seq: "2" });
  expect((await list(a)).map((one) => one.actor_count)).toEqual([1]);
  await happen("rooms.read", { to: a.id, by: b.id, room: "lobby", seq: "3" });
  expect(await list(a)).toEqual([]);
});

test("NO34: two systems of one name, and a name that is none, are refused", () => {
  expect(() => notify.register(rooms)).toThrow("two systems");
  expect(() => notify.register({ ...rooms, name: "A room" })).toThrow(RangeError);
});

test("NO33: very many are told by steps, each once, wherever it was cut off", async () => {
  const people = await Promise.all(Array.from({ length: 8 }, person));
  const admin = await person();
  audience.push(...people.map(({ id }) => id).toSorted((x, y) => (BigInt(x) < BigInt(y) ? -1 : 1)));
  const fan_out = {
    name: "news:1",
    audience: "room",
    audience_key: "hall",
    act: {
      kind: "chat_call" as const,
      actor_id: admin.id,
      post_id: null,
      comment_id: null,
      thing: { name: "room:hall", seq: "1" },
      act_key: "chat_call:1",
      group_key: "chat_call:1",
    },
  };
  for (let i = 0; i < 2; i++) await sql.tx((tx) => notify.fanOut(tx, fan_out));
  const [row] = (await sql.pool`SELECT id FROM notify_fan_outs`) as { id: string }[];
  const run = (signal?: AbortSignal) =>
    feed.runJob("notify.fan_out", { fan_out_id: row!.id }, signal ? { signal } : {}).catch((error: unknown) => error);
  // Cut off after its first step, and in the midst of its second, whose transaction is then undone.
  const stop = new AbortController();
  await feed
    .runJob(
      "notify.fan_out",
      { fan_out_id: row!.id },
      {
        signal: stop.signal,
        fenced: async (work) => {
          const done = await sql.tx(work);
          stop.abort(new Error("killed"));
          return done;
        },
      },
    )
    .catch(() => {});
  await feed
    .runJob(
      "notify.fan_out",
      { fan_out_id: row!.id },
      {
        fenced: (work) =>
          sql.tx(async (tx) => {
            await work(tx);
            throw new Error("killed");
          }),
      },
    )
    .catch(() => {});
  expect(await run()).toBeUndefined();
  const steps = asked_steps;
  await run();
  expect(asked_steps).toBe(steps);
  for (const who of people)
    expect((await list(who)).map((one) => [one.kind, one.actors[0]?.handle])).toEqual([["chat_call", admin.handle]]);
  expect((await sql.pool`SELECT told, after_id FROM notify_fan_outs`) as object[]).toEqual([
    { told: 8, after_id: audience.at(-1)! },
  ]);
});

test("NO35: connected devices are told of what arrived, was read and was changed, each once", async () => {
  const [a, b] = [await person(), await person()];
  const { id } = await feed.post(a, "Oak");
  await client.call(f.likePost, { token: b.token, params: { id } });
  await client.call(p.follow, { token: b.token, params: { handle: a.handle } });
  await told();
  await client.call(r.readNotifications, { token: a.token, body: { up_to: "2" } });
  await client.call(r.changeNotifySettings, { token: a.token, body: { digest: "off" } });
  await log.caughtUp(NOTIFY_TOPIC, "notify.live");
  const of = streams.filter(([stream]) => stream === `person:${a.id}`).map(([, kind, data]) => [kind, data]);
  expect(
    of
      .filter(([kind]) => kind === "notify.arrived")
      .map(([, data]) => (data as { seq: string }).seq)
      .toSorted(),
  ).toEqual(["1", "2"]);
  expect(of.slice(2)).toEqual([
    ["notify.read", { read_seq: "2" }],
    ["notify.settings_changed", {}],
  ]);
});
