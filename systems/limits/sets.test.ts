import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";

import * as b from "./bounds.ts";
import { limitsRoutes as r } from "./contract.ts";
import { LIMITS_TOPIC } from "./events.ts";
import { createInForce } from "./in-force.ts";
import { DEFAULT_RULE_SET } from "./rule-set.ts";
import { testLimits } from "./testing.ts";

const house = await testLimits();
const one = await house.node();
const two = await house.node();
const root = await house.person("root", "admin");
const ann = await house.person("ann");
const mod = await house.person("mod", "moderator");
const { token } = root;

afterAll(async () => {
  expect([...one.broken, ...two.broken]).toEqual([]);
  for (const owned of [two, one, house]) await owned[Symbol.asyncDispose]();
});

const person = (burst_tokens: number, more: object = {}) => ({
  id: "person",
  level: "person",
  limit: { kind: "bucket", burst_tokens, tokens_per_s: 0.001 },
  ...more,
});
const draft = async (...rules: object[]) =>
  (await one.client.call(r.createSet, { token, body: { set: { rules }, note: "a try" } })).body.version;
const holds = async () => (await one.client.call(r.inForce, { token })).body.version;
const publish = async (version: string, note = "") =>
  one.client.call(r.publishSet, { token, params: { version }, body: { note, instead_of: await holds() } });
/** All nodes hear of what was committed before. */
const heard = () => Promise.all([one.log.tailsCaughtUp(), two.log.tailsCaughtUp()]);
const me = async (of = one, as = ann.token) =>
  of.fetch(new Request("http://house.test/v1/people/me", { headers: { authorization: `Bearer ${as}` } }));

describe("versions of rule sets", () => {
  test("LM9: nobody, members and moderators see and change nothing", async () => {
    for (const as of [null, ann.token, mod.token]) {
      const answers = [
        await one.client.call(r.inForce, { token: as }),
        await one.client.call(r.createSet, { token: as, body: { set: { rules: [] } } }),
        await one.client.call(r.publishSet, { token: as, params: { version: "0" }, body: { instead_of: "0" } }),
        await one.client.call(r.decisions, { token: as }),
        await one.client.call(r.giveTier, {
          token: as,
          params: { kind: "person", name: "ann" },
          body: { tier: "pro" },
        }),
      ];
      for (const { status } of answers) expect(status).toBe(as === null ? 401 : 403);
    }
  });

  test("LM1: a broken set is refused with every place in it, as a draft and as a change of one", async () => {
    const rules = [person(10), person(0), { ...person(5), id: "other", routes: ["GET /nowhere"] }];
    const refused = await one.client.call(r.createSet, { token, body: { set: { rules } } });
    expect([refused.status, refused.code]).toEqual([400, "limits.set_broken"]);
    const { errors } = refused.body as unknown as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer)).toEqual(["/body/set/rules/1/limit/burst_tokens"]);
    const again = await one.client.call(r.createSet, {
      token,
      body: { set: { rules: [person(10), ...rules.slice(2)] } },
    });
    expect((again.body as unknown as typeof refused.body & { errors: object[] }).errors).toEqual([
      {
        pointer: "/body/set/rules/1/routes/0",
        detail: '"GET /nowhere" is no route of this house. See /docs for those that there are.',
      },
    ]);
  });

  test("LM10: a draft is changed by who read its last revision, and thrown away; what was published is neither", async () => {
    const version = await draft(person(500));
    const params = { version };
    const change = (revision: number) =>
      one.client.call(r.changeSet, { token, params, body: { set: { rules: [person(600)] }, note: "more", revision } });
    const changed = await change(1);
    expect(changed.body).toMatchObject({ state: "draft", revision: 2, note: "more", made_by: { handle: "root" } });
    expect((await change(1)).code).toBe("limits.set_changed");
    expect((await publish(version)).status).toBe(200);
    expect((await change(2)).code).toBe("limits.set_published");
    expect((await one.client.call(r.discardSet, { token, params })).code).toBe("limits.set_published");
    expect((await one.client.call(r.discardSet, { token, params: { version: "0" } })).code).toBe(
      "limits.set_published",
    );
    const other = await draft(person(5));
    expect((await one.client.call(r.discardSet, { token, params: { version: other } })).status).toBe(204);
    expect((await one.client.call(r.getSet, { token, params: { version: other } })).code).toBe("limits.set_not_found");
  });

  test("LM10: there are so many drafts at most", async () => {
    const made = [];
    for (;;) {
      const answer = await one.client.call(r.createSet, { token, body: { set: { rules: [] } } });
      if (answer.status !== 201) {
        expect(answer.code).toBe("limits.too_many_drafts");
        break;
      }
      made.push(answer.body.version);
    }
    expect(made.length).toBe(b.DRAFTS_MAX);
    for (const version of made) await one.client.call(r.discardSet, { token, params: { version } });
  });

  test("LM11: to publish names what is in force; it says who, when and why; an old one is published again to go back", async () => {
    const [first, second] = [await draft(person(700)), await draft(person(800, { summary: "wider" }))];
    await publish(first, "because");
    const blind = { token, params: { version: second }, body: { instead_of: "0" } };
    expect((await one.client.call(r.publishSet, blind)).code).toBe("limits.set_changed");
    await publish(second);
    const back = await publish(first, "back");
    expect(back.body.publishings.slice(0, 3).map(({ version, by, note }) => [version, by?.handle, note])).toEqual([
      [first, "root", "back"],
      [second, "root", ""],
      [first, "root", "because"],
    ]);
    expect(back.body).toMatchObject({ version: first, node_version: first, trouble: null });
    const own = await publish("0", "as it was");
    expect(own.body.set).toEqual(DEFAULT_RULE_SET);
    const { body: diff } = await one.client.call(r.diffSets, { token, query: { from: first, to: second } });
    expect(diff.items.map(({ rule_id, what, fields }) => [rule_id, what, fields.map(({ field }) => field)])).toEqual([
      ["person", "changed", ["summary", "limit"]],
    ]);
    const { body: list } = await one.client.call(r.listSets, { token, query: { limit: 2 } });
    expect(list.items.map(({ version, state }) => [version, state])).toEqual([
      [second, "published"],
      [first, "published"],
    ]);
    const rest = await one.client.call(r.listSets, { token, query: { limit: 90, cursor: list.next_cursor! } });
    expect(rest.body.items.at(-1)).toMatchObject({ version: "0", state: "in_force" });
    expect(rest.body.next_cursor).toBeNull();
  });

  test("LM11: only the last publishings are kept, with the sets that they name", async () => {
    const old = await draft(person(900));
    await publish(old);
    await house.db.sql.pool`INSERT INTO limits_publishings (seq, version, by_id, at, note)
      SELECT (SELECT max(seq) FROM limits_publishings) + n, 0, ${root.id}, now(), 'one of many' FROM generate_series(1, ${b.PUBLISHED_KEPT_MAX}) n`;
    await publish(await draft(person(901)));
    const [{ n }] = (await house.db.sql.pool`SELECT count(*)::int AS n FROM limits_publishings`) as [{ n: number }];
    expect(n).toBe(b.PUBLISHED_KEPT_MAX);
    expect((await one.client.call(r.getSet, { token, params: { version: old } })).code).toBe("limits.set_not_found");
    await publish("0");
  });

  test("LM12: what was published holds on the other node too, without a restart", async () => {
    await publish(await draft(person(3)));
    await heard();
    for (const node of [one, two]) {
      const statuses = [];
      for (let i = 0; i < 4; i++) statuses.push((await me(node)).status);
      expect(statuses).toEqual([200, 200, 200, 429]);
      expect((await me(node)).headers.get("ratelimit-policy")).toBe('"person";q=3;w=3000');
    }
    await publish("0");
    await heard();
    // The rule changed under the key, and what was spent stays spent: its answer names the new one, whether it lets in already or not.
    expect((await me(two)).headers.get("ratelimit-policy")).toMatch(/^"person";q=1500;/);
  });

  test("LM12: and in another process", async () => {
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dirname, "node-child.ts"), JSON.stringify(house.db.target)],
      {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "inherit",
      },
    );
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const version = async () => {
      await child.stdin.write("?");
      await child.stdin.flush();
      return (await lines.read()).value?.trim();
    };
    try {
      expect(await version()).toBe("0 address");
      await publish(await draft(person(4), { ...person(5), id: "anyone", level: "address" }));
      const wanted = `${await holds()} anyone`;
      while ((await version()) !== wanted);
      await publish("0");
      while ((await version()) !== "0 address");
    } finally {
      await child.stdin.end();
      expect(await child.exited).toBe(0);
    }
  });

  test("LM13: a set that a node cannot read leaves the old one holding, and the node says so; one that begins goes back to the last that it can", async () => {
    await publish(await draft(person(50, { summary: "good" })));
    const good = await holds();
    await heard();
    // As a newer house would write it, in an upgrade that is half done.
    const body = { rules: [{ id: "x", level: "planet" }] };
    await house.db.sql.tx(async (tx) => {
      await tx`INSERT INTO limits_sets (version, body, note, based_on, made_by, made_at, changed_by, changed_at, published_at)
        VALUES (900000, ${body}::jsonb, '', 0, ${root.id}, now(), ${root.id}, now(), now())`;
      await tx`INSERT INTO limits_publishings (seq, version, by_id, at, note) SELECT max(seq) + 1, 900000, ${root.id}, now(), '' FROM limits_publishings`;
      const data = { seq: "0", set_version: "900000", by: root.id };
      await one.log.append(tx, LIMITS_TOPIC, "sets", { type: "limits.published", version: 1, data });
    });
    await heard();
    const { body: told } = await one.client.call(r.inForce, { token });
    expect([told.version, told.node_version]).toEqual(["900000", good]);
    expect(told.trouble).toContain("rules/0");
    expect(two.troubles.length).toBe(1);
    expect(two.limits.stats()).toMatchObject({ is_troubled: 1, set_version: Number(good) });
    expect((await me(two)).headers.get("ratelimit-policy")).toBe('"person";q=50;w=50000');
    {
      await using third = await house.node();
      expect(third.limits.stats()).toMatchObject({ is_troubled: 1, set_version: Number(good) });
    }
    expect(
      (await one.client.call(r.publishSet, { token, params: { version: "900000" }, body: { instead_of: "900000" } }))
        .code,
    ).toBe("limits.set_broken");
    await publish("0", "away with it");
    await heard();
    expect([one.limits.trouble(), two.limits.trouble()]).toEqual([null, null]);
  });
});

describe("what was looked at is what is published", () => {
  test("LM29: a draft that somebody changed after it was looked at is not published, nor another that got its number", async () => {
    const version = await draft(person(20));
    const looked = (await one.client.call(r.diffSets, { token, query: { from: await holds(), to: version } })).body;
    expect(looked.revision).toBe(1);
    const body = { set: { rules: [person(1)] }, revision: 1 };
    expect((await one.client.call(r.changeSet, { token, params: { version }, body })).status).toBe(200);
    const asked = { token, params: { version }, body: { instead_of: await holds(), revision: looked.revision } };
    expect((await one.client.call(r.publishSet, asked)).code).toBe("limits.set_changed");
    await one.client.call(r.discardSet, { token, params: { version } });
    const other = await draft(person(2));
    expect(Number(other)).toBeGreaterThan(Number(version));
    expect((await one.client.call(r.publishSet, asked)).code).toBe("limits.set_not_found");
    expect(await holds()).toBe("0");
    await one.client.call(r.discardSet, { token, params: { version: other } });
  });

  test("LM29: of two who publish at once one is told that the other did", async () => {
    const drafts = [await draft(person(30)), await draft(person(31))];
    const instead_of = await holds();
    const answers = await Promise.all(
      drafts.map((version, i) =>
        (i === 0 ? one : two).client.call(r.publishSet, { token, params: { version }, body: { instead_of } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    await heard();
    const won = await holds();
    expect([one, two].map((node) => node.limits.stats()["set_version"])).toEqual([Number(won), Number(won)]);
    await publish("0");
    await heard();
    for (const version of drafts.filter((each) => each !== won))
      await one.client.call(r.discardSet, { token, params: { version } });
  });

  test("LM30: a node that reads twice at once ends with what was published last, whichever answer came last", async () => {
    const slow = Promise.withResolvers<void>();
    let looks = 0;
    // The first look at a set is answered after the second.
    const { pool } = house.db.sql;
    const late = new Proxy(pool, {
      apply: (target, self, args: unknown[]) => {
        const answer = Reflect.apply(target as never, self, args) as Promise<unknown>;
        const isLook = String((args[0] as string[] | undefined)?.join("?")).includes(
          "FROM limits_sets WHERE version =",
        );
        return isLook && looks++ === 0 ? slow.promise.then(() => answer) : answer;
      },
    });
    const in_force = createInForce({ sql: { ...house.db.sql, pool: late }, onTrouble: () => {} });
    await publish(await draft(person(40)));
    const before = in_force.reload();
    while (looks === 0) await Bun.sleep(1);
    await publish(await draft(person(41)));
    const after = in_force.reload();
    // By now the second would be done, if it did not wait for the first.
    for (let i = 0; i < 10; i++) await holds();
    slow.resolve();
    await Promise.all([before, after]);
    expect(in_force.now.version).toBe(await holds());
    await publish("0");
    await heard();
  });

  test("LM31: a set that is larger than any may be is refused, also where it does not come as a request", async () => {
    const routes = Array.from({ length: b.ROUTES_PER_RULE_MAX }, () => `GET /v1/people/${"{handle}".padEnd(8)}`.trim());
    const rules = Array.from({ length: b.RULES_PER_SET_MAX }, (_, i) => ({
      ...person(5),
      id: `rule-${i}`,
      summary: "x".repeat(b.SUMMARY_CHARS_MAX),
      routes,
      except: [...routes.slice(1), "GET /v1/people/{handle}"],
    }));
    const refused = one.limits.rooms.sets.create(root.viewer, { set: { rules }, note: "", based_on: "0" });
    expect(((await refused.catch((error: unknown) => error)) as { code?: string }).code).toBe("limits.set_too_large");
  });
});
