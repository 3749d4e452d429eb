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
import { awayViewer } from "./viewers.ts";

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
const taken_back = new Set<string>();
const rooms: NoticeSource = {
  name: "room",
  readings: {
    rooms: ({ type, data }) => {
      const { to, by, room, seq } = data as { to: PersonId; by: PersonId; room: string; seq: string };
      const group_key = `direct_message:${room}`;
      if (type === "rooms.read") return [{ person_id: to, group_key, settled_up_to: seq }];
      const thing = { name: room.startsWith("each-") ? `room:${room}:${seq}` : `room:${room}`, seq };
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
        : things
            .filter((name) => !taken_back.has(name))
            .map((name) => [name, { title: "in the hall", text: `words of ${name}`, path: `/rooms/${name}` }]),
    ),
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

test("NO39: of a group whose newest was taken back the newest that is left is shown, from the very next read on", async () => {
  const [a, b] = [await person(), await person()];
  for (const seq of ["1", "2", "3"]) await happen("rooms.written", { to: a.id, by: b.id, room: "each-1", seq });
  taken_back.add("room:each-1:3");
  expect((await list(a)).map((one) => one.thing?.text)).toEqual(["words of room:each-1:2"]);
  for (const seq of ["1", "2"]) taken_back.add(`room:each-1:${seq}`);
  expect(await list(a)).toEqual([]);
});

test("NO39: what is dismissed on one device is told to the others, and its push is called off", async () => {
  const [a, b] = [await person(), await person()];
  for (const seq of ["1", "2"]) await happen("rooms.written", { to: a.id, by: b.id, room: "lounge", seq });
  const [one] = await list(a);
  await sql.pool`INSERT INTO notify_pushes (person_id, group_id, seq, state, due_at, since)
    VALUES (${a.id}, ${one!.id}::bigint, 2, 'sent', now(), now())`;
  const items = await notify.inbox.items(awayViewer((await house.people.cards([a.id])).get(a.id)!), { limit: 10 });
  await notify.inbox.dismissItem(a.id, items[0]!.seq);
  expect((await list(a)).length).toBe(1);
  await notify.inbox.dismissItem(a.id, items[1]!.seq);
  expect(await list(a)).toEqual([]);
  expect(Array.from((await sql.pool`SELECT state FROM notify_pushes WHERE person_id = ${a.id}`) as object[])).toEqual([
    { state: "clear" },
  ]);
  await happen("rooms.written", { to: a.id, by: b.id, room: "attic", seq: "1" });
  const [other] = await list(a);
  await client.call(r.dismissNotification, { token: a.token, params: { id: other!.id } });
  await log.caughtUp(NOTIFY_TOPIC, "notify.live");
  const kinds = streams.filter(([stream]) => stream === `person:${a.id}`).map(([, kind]) => kind);
  expect(kinds.filter((kind) => kind === "notify.settled").length).toBe(3);
});

test("NO34: two systems of one name, and a name that is none, are refused", () => {
  expect(() => notify.register(rooms)).toThrow("two systems");
  expect(() => notify.register({ ...rooms, name: "A room" })).toThrow(RangeError);
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
