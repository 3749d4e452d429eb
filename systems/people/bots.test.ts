import { afterAll, expect, test } from "bun:test";

import type { Problem } from "#kernel/errors.ts";

import { peopleRoutes as r } from "./contract.ts";
import { testHouse } from "./testing.ts";

const house = await testHouse();
const { client, people } = house;
const { bots } = people;
afterAll(() => house[Symbol.asyncDispose]());

const tx = house.db.sql.tx.bind(house.db.sql);
const make = (owner_id: string, handle: string) =>
  tx((q) => bots.create(q, { handle, display_name: "Robin", owner_id, avatar_image_id: null }));
const token = (id: string) =>
  tx((q) => bots.makeToken(q, id, { name: "t", scopes: ["read", "write"], expires_in_d: null }));
const me = (secret: string) => client.call(r.me, { token: secret });
const codeOf = async (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error as Problem).code,
  );

test("PE90: a bot comes in by its token alone, and only where a route is open to bots", async () => {
  const owner = await house.person("botowner");
  const bot = await make(owner.id, "robin");
  const { secret } = await token(bot);
  expect(secret.startsWith("fhb_")).toBe(true);
  expect((await me(secret)).body).toMatchObject({ id: bot, handle: "robin", bot: true, scopes: ["read", "write"] });
  expect((await people.cards([bot])).get(bot)).toMatchObject({ bot: true, display_name: "Robin" });
  expect("bot" in (await people.cards([owner.id])).get(owner.id)!).toBe(false);
  for (const [route, asked] of [
    [r.house, {}],
    [r.listTokens, {}],
    [r.follow, { params: { handle: "botowner" } }],
    [r.editMe, { body: { bio: "I am a bot" } }],
    [r.person, { params: { handle: "botowner" } }],
  ] as const)
    expect([route.path, (await client.call(route, { token: secret, ...asked } as never)).code]).toEqual([
      route.path,
      route.access.scope === "account" ? "token.scope" : "token.bot",
    ]);
  const password = "seven green kettles";
  expect((await client.call(r.signIn, { body: { handle: "robin", password } })).code).toBe("people.wrong_password");
  const admin = await house.person("botadmin", "admin");
  expect(
    (await client.call(r.setRole, { token: admin.token, params: { handle: "robin" }, body: { role: "moderator" } }))
      .code,
  ).toBe("people.bot");
  expect((await client.call(r.createResetLink, { token: admin.token, params: { handle: "robin" } })).code).toBe(
    "people.bot",
  );
});

test("PE91: its handle is one like any other, and its tokens have a most", async () => {
  const owner = await house.person("manybots");
  expect(await codeOf(make(owner.id, "manybots"))).toBe("people.handle_taken");
  expect(await codeOf(make(owner.id, "admin"))).toBe("people.handle_reserved");
  const bot = await make(owner.id, "counted");
  for (let n = 0; n < 10; n++) await token(bot);
  expect(await codeOf(token(bot))).toBe("bot.too_many_tokens");
  expect((await bots.tokens(bot)).length).toBe(10);
});

test("PE92: a rotated or revoked token ends at once, and so do all of a bot that is gone", async () => {
  const owner = await house.person("rotator");
  const bot = await make(owner.id, "rotated");
  const first = await token(bot);
  expect((await me(first.secret)).status).toBe(200);
  const second = await tx((q) => bots.rotateToken(q, bot, first.id));
  expect([(await me(first.secret)).status, (await me(second.secret)).status]).toEqual([401, 200]);
  expect(second.scopes).toEqual(first.scopes);
  await tx((q) => bots.revokeToken(q, bot, second.id));
  expect((await me(second.secret)).status).toBe(401);
  expect(await codeOf(tx((q) => bots.revokeToken(q, bot, second.id)))).toBe("token.not_found");
  const third = await token(bot);
  await tx((q) => bots.remove(q, bot));
  expect((await me(third.secret)).status).toBe(401);
  expect(await bots.viewer(bot)).toBeNull();
  expect(await codeOf(make(owner.id, "rotated"))).toBe("people.handle_taken");
});

test("PE93: a bot does nothing while its owner is suspended or gone, and works again for who takes it over", async () => {
  const [owner, heir, officer] = [
    await house.person("badowner"),
    await house.person("heir"),
    await house.person("officer", "admin"),
  ];
  const bot = await make(owner.id, "orphan");
  const { secret } = await token(bot);
  expect((await me(secret)).status).toBe(200);
  await people.rooms.offices.suspend(officer.viewer, "badowner", "spam");
  expect([(await me(secret)).status, await bots.viewer(bot)]).toEqual([401, null]);
  await tx((q) => bots.give(q, bot, heir.id));
  expect((await me(secret)).status).toBe(200);
  expect(await bots.viewer(bot)).toMatchObject({ person_id: bot, bot: true, role: "member" });
  expect(await bots.viewer(heir.id)).toBeNull();
});
