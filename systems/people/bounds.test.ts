import { afterAll, describe, expect, test } from "bun:test";

import { isCheckViolation } from "#ports/sql/index.ts";

import * as b from "./bounds.ts";
import { peopleRoutes as r } from "./contract.ts";
import { testHouse } from "./testing.ts";

const house = await testHouse();
const { client, db } = house;
const q = db.sql.pool;
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await house[Symbol.asyncDispose]();
});

const CROWD = Math.max(b.FOLLOWEES_MAX, b.BLOCKS_MAX, b.MUTES_MAX);
await q`INSERT INTO people_persons (id, handle, display_name, created_at) SELECT n, 'crowd_' || n, 'x', now() FROM generate_series(1, ${CROWD}) n`;
await q`INSERT INTO people_counts (person_id) SELECT n FROM generate_series(1, ${CROWD}) n`;

describe("people: bounds", () => {
  test("PE54: at the most follows, blocks and mutes the next is refused, and room that is made is room again", async () => {
    const [full, other] = [await house.person("full"), await house.person("one_more")];
    for (const [act, undo, table, mine, theirs, max] of [
      ["follow", "unfollow", "people_follows", "follower_id", "followee_id", b.FOLLOWEES_MAX],
      ["mute", "unmute", "people_mutes", "muter_id", "muted_id", b.MUTES_MAX],
      ["block", "unblock", "people_blocks", "blocker_id", "blocked_id", b.BLOCKS_MAX],
    ] as const) {
      await q`INSERT INTO ${q(table)} (${q(mine)}, ${q(theirs)}, at) SELECT ${full.id}, n, now() FROM generate_series(1, ${max}) n`;
      // Rows that came past the system: what it remembers of this person is forgotten as after any change.
      await client.call(r[undo], { token: full.token, params: { handle: other.handle } });
      const call = (name: typeof act | typeof undo, handle: string) =>
        client.call(r[name], { token: full.token, params: { handle } });
      expect([act, (await call(act, other.handle)).code]).toEqual([act, "people.too_many"]);
      expect((await call(undo, "crowd_7")).status).toBe(204);
      expect([act, (await call(act, other.handle)).status]).toEqual([act, 204]);
      await q`DELETE FROM ${q(table)} WHERE ${q(mine)} = ${full.id}`;
      await call(undo, other.handle);
    }
  });

  test(`PE55: one person has at most ${b.TOKENS_PER_PERSON_MAX} tokens and ${b.INVITATIONS_PER_PERSON_MAX} open invitations`, async () => {
    const p = await house.person("collector", "moderator");
    await q`INSERT INTO people_tokens (id, person_id, name, scopes, secret_hash, created_at)
      SELECT n, ${p.id}, 'x', '{read}', sha256(('t' || n)::bytea), now() FROM generate_series(1, ${b.TOKENS_PER_PERSON_MAX - 1}) n`;
    const token = () => client.call(r.createToken, { token: p.token, body: { name: "x", scopes: ["read"] } });
    expect((await Promise.all([token(), token()])).map((a) => a.status).sort()).toEqual([201, 409]);
    await q`INSERT INTO people_invitations (id, secret_hash, role, uses_max, created_by, created_at, expires_at)
      SELECT n, sha256(('i' || n)::bytea), 'member', 1, ${p.id}, now(), now() + interval '1 day' FROM generate_series(1, ${b.INVITATIONS_PER_PERSON_MAX - 1}) n`;
    const invitation = () => client.call(r.createInvitation, { token: p.token, body: {} });
    expect((await Promise.all([invitation(), invitation()])).map((a) => a.status).sort()).toEqual([201, 409]);
  });

  test("PE56: the table refuses what the schema would have refused", async () => {
    const bad: [string, string][] = [
      ["handle", "Big"],
      ["handle", "x"],
      ["display_name", ""],
      ["display_name", "x".repeat(b.DISPLAY_NAME_CHARS_MAX + 1)],
      ["bio", "x".repeat(b.BIO_CHARS_MAX + 1)],
      ["role", "king"],
    ];
    for (const [column, value] of bad) {
      const failed = await q`UPDATE people_persons SET ${q(column)} = ${value} WHERE id = 1`.catch(
        (error: unknown) => error,
      );
      expect([column, value.length, isCheckViolation(failed)]).toEqual([column, value.length, true]);
    }
    const self = await q`INSERT INTO people_follows VALUES (1, 1, now())`.catch((error: unknown) => error);
    expect(isCheckViolation(self)).toBe(true);
    const six = JSON.stringify(
      Array.from({ length: b.LINKS_MAX + 1 }, () => ({ label: "", url: "https://a.example" })),
    );
    expect(
      isCheckViolation(
        await q`UPDATE people_persons SET links = ${six}::text::jsonb WHERE id = 1`.catch((error: unknown) => error),
      ),
    ).toBe(true);
  });

  test("PE57: a browser's name of any length and any bytes is cut, not refused", async () => {
    await house.person("agent");
    const answer = await client.call(r.signIn, {
      body: { handle: "agent", password: "seven green kettles" },
      headers: { "user-agent": "x".repeat(5_000) },
    });
    expect(answer.status).toBe(201);
    const { body } = await client.call(r.listSessions, { token: answer.body.token });
    expect(body.items.map((s) => s.user_agent.length).sort()).toEqual([b.USER_AGENT_CHARS_MAX, 4].sort());
  });
});
