import { afterAll, describe, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";
import { spacesRoutes as s } from "#systems/spaces/contract.ts";

import { type Channel, chatRoutes as r, GROUP_MEMBERS_MAX } from "../contract.ts";
import { testChat } from "../testing.ts";

const t = await testChat();
const { house, send, history } = t;
const { client } = house;
afterAll(() => t[Symbol.asyncDispose]());

let count = 0;
const people = (n: number): Promise<TestPerson[]> =>
  Promise.all(Array.from({ length: n }, () => house.person(`c${count++}`)));
const status = async (by: TestPerson, channel: Channel) =>
  (await client.call(r.history, { token: by.token, params: { id: channel.id } })).status;
const sends = async (by: TestPerson, channel: Channel) => {
  const body = { cid: crypto.randomUUID(), body: "Hello" };
  const { status: code, code: why } = await client.call(r.sendMessage, {
    token: by.token,
    params: { id: channel.id },
    body,
  });
  return why ?? code;
};
const relating = house.people.rooms.relating;

describe("channels", () => {
  test("CH1: what is not for somebody is not there, by any route", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.direct(a!, b!);
    const { id: message_id, seq } = await send(a!, channel, "Between us");
    const { token } = c!;
    const ofChannel = { token, params: { id: channel.id } };
    const ofMessage = { token, params: { id: message_id } };
    const answers = [
      await client.call(r.channel, ofChannel),
      await client.call(r.history, ofChannel),
      await client.call(r.channelMembers, ofChannel),
      await client.call(r.pins, ofChannel),
      await client.call(r.exportChannel, ofChannel),
      await client.call(r.readState, ofChannel),
      await client.call(r.joinChannel, ofChannel),
      await client.call(r.readChannel, { ...ofChannel, body: { seq } }),
      await client.call(r.readers, { ...ofChannel, query: { seq } }),
      await client.call(r.changeChannel, { ...ofChannel, body: { topic: "Ours" } }),
      await client.call(r.sendMessage, { ...ofChannel, body: { cid: "c", body: "Me too" } }),
      await client.call(r.saveChatDraft, { ...ofChannel, body: { body: "Me too" } }),
      await client.call(r.addMembers, { ...ofChannel, body: { handles: [c!.handle] } }),
      await client.call(r.message, ofMessage),
      await client.call(r.thread, ofMessage),
      await client.call(r.messageEdits, ofMessage),
      await client.call(r.editMessage, { ...ofMessage, body: { body: "Changed" } }),
      await client.call(r.deleteMessage, ofMessage),
      await client.call(r.addReaction, { token, params: { id: message_id, emoji: "👍" } }),
      await client.call(r.pinMessage, ofMessage),
    ];
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 404));
    expect((await client.call(r.listChannels, { token })).body.items).toEqual([]);
    expect((await client.call(r.history, { params: { id: channel.id } })).status).toBe(401);
  });

  test("CH1: public channels are for the space, private ones for their members in it, joining comes before writing", async () => {
    const [owner, member, outsider] = await people(3);
    await house.space("garden", owner!, [member!]);
    const open = await t.channel(owner!, "garden", "public", "general");
    const closed = await t.channel(owner!, "garden", "private", "board");
    expect([await status(member!, open), await status(member!, closed)]).toEqual([200, 404]);
    expect([await status(outsider!, open), await status(outsider!, closed)]).toEqual([404, 404]);
    expect(await sends(member!, open)).toBe("chat.join_first");
    await client.call(r.joinChannel, { token: member!.token, params: { id: open.id } });
    expect(await sends(member!, open)).toBe(201);
    const body = { handles: [outsider!.handle] };
    const params = { id: closed.id };
    expect((await client.call(r.addMembers, { token: owner!.token, params, body })).code).toBe("chat.not_in_space");
    const listed = await client.call(r.spaceChannels, { token: member!.token, params: { slug: "garden" } });
    expect(listed.body.items.map(({ name }) => name)).toEqual(["general"]);
    expect((await client.call(r.spaceChannels, { token: outsider!.token, params: { slug: "garden" } })).status).toBe(
      404,
    );
  });

  test("CH2: who is removed reads and sends nothing on the very next call; coming back opens no private channel", async () => {
    const [owner, member] = await people(2);
    const group = await t.group(owner!, [member!]);
    await send(member!, group, "Here");
    await client.call(r.removeMember, { token: owner!.token, params: { id: group.id, handle: member!.handle } });
    expect([await status(member!, group), await sends(member!, group)]).toEqual([404, "channel.not_found"]);

    await house.space("meadow", owner!, [member!]);
    const closed = await t.channel(owner!, "meadow", "private", "board", [member!]);
    const open = await t.channel(owner!, "meadow", "public", "general", [member!]);
    expect([await status(member!, closed), await status(member!, open)]).toEqual([200, 200]);
    await client.call(s.leaveSpace, { token: member!.token, params: { slug: "meadow" } });
    expect([await status(member!, closed), await status(member!, open)]).toEqual([404, 404]);
    await house.log.caughtUp("spaces", "chat.leavers");
    await client.call(s.joinSpace, { token: member!.token, params: { slug: "meadow" }, body: {} });
    expect([await status(member!, closed), await status(member!, open)]).toEqual([404, 200]);
    expect(await sends(member!, open)).toBe("chat.join_first");
  });

  test("CH3: a pair has one direct channel, also when both open it at once; nothing is sent across a block", async () => {
    const [a, b] = await people(2);
    const opened = await Promise.all([t.direct(a!, b!), t.direct(b!, a!), t.direct(a!, b!), t.direct(b!, a!)]);
    expect(new Set(opened.map(({ id }) => id)).size).toBe(1);
    const channel = opened[0]!;
    await send(a!, channel, "Before");
    await relating.block(b!.viewer, a!.handle);
    expect([await sends(a!, channel), await sends(b!, channel)]).toEqual(["chat.blocked", "chat.blocked"]);
    expect((await history(a!, channel)).items.length).toBe(1);
    const [c] = await people(1);
    await relating.block(c!.viewer, a!.handle);
    const open = await client.call(r.openDirect, { token: a!.token, params: { handle: c!.handle } });
    expect(open.code).toBe("chat.blocked");
    const into = { token: a!.token, body: { handles: [c!.handle] } };
    expect((await client.call(r.createGroup, into)).code).toBe("chat.blocked");
  });

  test("CH3: one's own handle gives notes to oneself; an unwritten direct channel is in nobody else's list", async () => {
    const [a, b] = await people(2);
    const notes = await t.direct(a!, a!);
    expect(await sends(a!, notes)).toBe(201);
    expect((await t.stands(a!, notes)).mine?.unread).toBe(0);
    const channel = await t.direct(a!, b!);
    const listed = async () => (await client.call(r.listChannels, { token: b!.token })).body.items.map(({ id }) => id);
    expect(await listed()).toEqual([]);
    await send(a!, channel, "Hello");
    expect(await listed()).toEqual([channel.id]);
    await client.call(r.leaveChannel, { token: b!.token, params: { id: channel.id } });
    expect(await listed()).toEqual([]);
    await send(a!, channel, "Hello again");
    expect(await listed()).toEqual([channel.id]);
  });

  test("CH4: who hears from those alone whom they follow is written to by nobody else", async () => {
    const [a, b] = await people(2);
    await client.call(r.setChatPreferences, { token: b!.token, body: { direct_from: "followed" } });
    const open = () => client.call(r.openDirect, { token: a!.token, params: { handle: b!.handle } });
    expect((await open()).code).toBe("chat.direct_closed");
    const group = { token: a!.token, body: { handles: [b!.handle] } };
    expect((await client.call(r.createGroup, group)).code).toBe("chat.direct_closed");
    await relating.follow(b!.viewer, a!.handle);
    expect((await open()).status).toBe(200);
  });

  test("CH5: a suspended person reads and sends nothing, and is not written to", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    await send(a!, channel, "Hello");
    await house.db.sql.tx(async (tx) => {
      const act = { by: null, act_id: "1", reason: "Rude", until: null };
      await house.people.discipline.suspend(tx, b!.id, act);
    });
    await house.log.caughtUp("people", "chat.leavers");
    const suspended = { ...b!.viewer, suspended: true };
    expect(await t.chat.reading.history(suspended, channel.id, { limit: 5 }).catch((e) => e.status)).toBe(404);
    const asked = {
      body: "Hi",
      reply_to_id: null,
      root_id: null,
      also_in_channel: false,
      image_ids: [],
      video_id: null,
    };
    expect(await t.chat.send(suspended, channel.id, "c", asked).catch((e) => e.status)).toBe(403);
    for (let i = 0; i < 200 && (await sends(a!, channel)) !== "chat.direct_closed"; i++) await Bun.sleep(10);
    expect(await sends(a!, channel)).toBe("chat.direct_closed");
  });

  test("CH6: moderators announce, members react; an archived channel is read only", async () => {
    const [owner, member] = await people(2);
    await house.space("square", owner!, [member!]);
    const make = (kind: "public" | "announcement") =>
      client.call(r.createChannel, { token: member!.token, params: { slug: "square" }, body: { kind, name: "mine" } });
    expect([(await make("public")).code, (await make("announcement")).code]).toEqual([
      "chat.moderators_only",
      "chat.moderators_only",
    ]);
    const news = await t.channel(owner!, "square", "announcement", "news", [member!]);
    expect(await sends(member!, news)).toBe("chat.moderators_only");
    const { id } = await send(owner!, news, "The well is open");
    expect((await client.call(r.addReaction, { token: member!.token, params: { id, emoji: "🎉" } })).status).toBe(200);
    expect((await client.call(r.pinMessage, { token: member!.token, params: { id } })).code).toBe(
      "chat.moderators_only",
    );
    const archive = (by: TestPerson, archived: boolean) =>
      client.call(r.changeChannel, { token: by.token, params: { id: news.id }, body: { archived } });
    expect((await archive(member!, true)).code).toBe("chat.not_yours");
    expect((await archive(owner!, true)).body.archived).toBe(true);
    expect(await sends(owner!, news)).toBe("chat.archived");
    expect(await status(member!, news)).toBe(200);
    await archive(owner!, false);
    expect(await sends(owner!, news)).toBe(201);
  });

  test("CH7: the owner gives roles and hands the channel on; without one the next in rank has it", async () => {
    const [a, b, c] = await people(3);
    const group = await t.group(a!, [b!, c!], "Oak");
    const give = (by: TestPerson, to: TestPerson, role: "owner" | "moderator" | "member") =>
      client.call(r.giveRole, { token: by.token, params: { id: group.id, handle: to.handle }, body: { role } });
    const roles = async () => {
      const { body } = await client.call(r.channelMembers, { token: c!.token, params: { id: group.id } });
      return Object.fromEntries(body.items.map(({ person, role }) => [person.handle, role]));
    };
    expect((await give(b!, c!, "moderator")).code).toBe("chat.not_yours");
    expect((await give(a!, c!, "moderator")).status).toBe(204);
    expect((await give(c!, b!, "owner")).code).toBe("chat.not_yours");
    const out = (by: TestPerson, whom: TestPerson) =>
      client.call(r.removeMember, { token: by.token, params: { id: group.id, handle: whom.handle } });
    expect((await out(c!, a!)).code).toBe("chat.not_yours");
    expect((await out(b!, c!)).code).toBe("chat.not_yours");
    await client.call(r.leaveChannel, { token: a!.token, params: { id: group.id } });
    expect(await roles()).toEqual({ [b!.handle]: "member", [c!.handle]: "owner" });
    expect((await give(c!, b!, "owner")).status).toBe(204);
    expect(await roles()).toEqual({ [b!.handle]: "owner", [c!.handle]: "moderator" });
  });

  test("CH7: a channel that is handed to two people at once has one owner, and who was put down meanwhile puts nobody out", async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b, c] = await people(3);
      const group = await t.group(a!, [b!, c!], "Elm");
      const of = (to: TestPerson) => ({ token: a!.token, params: { id: group.id, handle: to.handle } });
      const given = await Promise.all(
        [b!, c!].map((to) => client.call(r.giveRole, { ...of(to), body: { role: "owner" } })),
      );
      expect(given.map(({ status }) => status).toSorted()).toEqual([204, 403]);
      const { body } = await client.call(r.channelMembers, { token: c!.token, params: { id: group.id } });
      expect(body.items.filter(({ role }) => role === "owner")).toHaveLength(1);
    }
    const [a, b, c] = await people(3);
    const group = await t.group(a!, [b!, c!], "Ash");
    const of = (by: TestPerson, to: TestPerson) => ({ token: by.token, params: { id: group.id, handle: to.handle } });
    const [out] = await Promise.all([
      client.call(r.removeMember, of(a!, b!)),
      client.call(r.giveRole, { ...of(a!, b!), body: { role: "owner" } }),
    ]);
    const { body } = await client.call(r.channelMembers, { token: c!.token, params: { id: group.id } });
    const roles = body.items.map(({ person, role }) => [person.handle, role]);
    expect(roles).toContainEqual(out.status === 204 ? [a!.handle, "owner"] : [b!.handle, "owner"]);
    expect(roles.filter(([, role]) => role === "owner")).toHaveLength(1);
  });

  test("CH8: names are unique in their space, groups have a bound, and people who are not there are told", async () => {
    const [owner, other] = await people(2);
    await house.space("harbour", owner!);
    await t.channel(owner!, "harbour", "public", "Boats");
    const again = await client.call(r.createChannel, {
      token: owner!.token,
      params: { slug: "harbour" },
      body: { kind: "public", name: "boats" },
    });
    expect(again.code).toBe("chat.name_taken");
    const group = (handles: string[]) => client.call(r.createGroup, { token: owner!.token, body: { handles } });
    expect((await group([other!.handle, "nobody_there"])).code).toBe("person.not_found");
    expect((await group(Array.from({ length: GROUP_MEMBERS_MAX }, (_, i) => `x${i}`))).status).toBe(400);
    const full = await t.group(owner!, [other!]);
    const crowd = await people(GROUP_MEMBERS_MAX - 1);
    const body = { handles: crowd.map(({ handle }) => handle) };
    expect((await client.call(r.addMembers, { token: owner!.token, params: { id: full.id }, body })).code).toBe(
      "chat.full",
    );
    expect((await t.stands(owner!, full)).member_count).toBe(2);
  });

  test("CH12: a send and a removal at the same moment: after the removal's number nothing of theirs stands", async () => {
    const [a, b] = await people(2);
    for (let round = 0; round < 8; round++) {
      const group = await t.group(a!, [b!]);
      await Promise.all([
        ...Array.from({ length: 5 }, () => sends(b!, group)),
        client.call(r.removeMember, { token: a!.token, params: { id: group.id, handle: b!.handle } }),
        ...Array.from({ length: 5 }, () => sends(b!, group)),
      ]);
      const rows = (await house.db.sql.pool`SELECT kind, sender_id FROM realtime_items
        WHERE stream = ${`chat:${group.id}`} ORDER BY seq`) as { kind: string; sender_id: string }[];
      const left = rows.findIndex(({ kind }) => kind === "member.left");
      expect(left).toBeGreaterThan(-1);
      expect(rows.slice(left).filter(({ sender_id }) => sender_id === b!.id)).toEqual([]);
    }
  });

  test("CH1: nothing above was a failure of ours", () => {
    expect(house.broken).toEqual([]);
  });
});
