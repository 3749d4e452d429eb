import { afterAll, expect, test } from "bun:test";

import { trimItems } from "./retention.ts";
import * as store from "./store.ts";
import { testLine } from "./testing.ts";

const line = await testLine();
const { sql } = line.house.db;
afterAll(() => line[Symbol.asyncDispose]());

test("RT28: items go when all that lie with them are old; numbers go on, and a page says where the stream begins", async () => {
  const add = (n: number) =>
    sql.tx((tx) => line.realtime.append(tx, "test:a", [{ kind: "n", data: n, sender_id: "7", cid: `c${n}` }]));
  const kept_ms = 3_600_000;
  // The template of this database may be older than that.
  await sql.pool`UPDATE realtime_house SET slot_since = clock_timestamp()`;
  await add(1);
  expect(await trimItems(sql, kept_ms)).toEqual({ rotated: false, emptied: 0 });
  await sql.pool`UPDATE realtime_house SET slot_since = slot_since - interval '31 minutes'`;
  expect(await trimItems(sql, kept_ms)).toEqual({ rotated: true, emptied: 0 });
  await add(2);
  expect((await add(1)).items[0]).toMatchObject({ seq: "1", dup: true });
  await sql.pool`UPDATE realtime_items SET at = at - interval '2 hours' WHERE seq = 1`;
  expect(await trimItems(sql, kept_ms)).toEqual({ rotated: false, emptied: 1 });
  expect((await store.itemsBeside(sql.pool, "test:a", { after: "0" }, 10)).map(({ seq }) => seq)).toEqual(["2"]);
  expect(await store.floor(sql.pool, "test:a")).toBe("2");
  expect((await add(3)).items[0]!.seq).toBe("3");
  const ann = await line.house.person("ann");
  const id = ann.id;
  await sql.tx((tx) => line.realtime.append(tx, `person:${id}`, [{ kind: "n", data: 1 }]));
  await sql.pool`TRUNCATE realtime_items`;
  expect(await store.floor(sql.pool, `person:${id}`)).toBe("2");
  await sql.tx((tx) => line.realtime.append(tx, `person:${id}`, [{ kind: "n", data: 2 }]));
  const client = await line.connect(ann);
  const [{ epoch }] = (await store.heads(sql.pool, [`person:${id}`])) as [store.HeadRow];
  client.say(["resume", { [`person:${id}`]: [epoch, "0"] }]);
  expect((await client.next("ready"))[1]).toEqual({ [`person:${id}`]: ["ok", epoch, "2"] });
  // What it lacks is not there any more, so it is told to pull, and the page says what is.
  expect(await client.next("lag")).toEqual(["lag", `person:${id}`, "2"]);
  client.say(["pull", `person:${id}`, { after: "0" }, 10]);
  expect((await client.next("page"))[2]).toMatchObject({ floor: "2", first_seq: "2", head: "2" });
});
