import { afterAll, expect, test } from "bun:test";

import { Transient } from "#kernel/errors.ts";
import type { PostId } from "#kernel/ids.ts";
import { DependencyAway } from "#ports/calls/index.ts";
import { type Mail, type MailMessage, MailRefused } from "#ports/mail/index.ts";
import { createComment } from "#systems/feed/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { notifyRoutes as r } from "../contract.ts";
import { testNotify } from "../testing.ts";

const HOUR = 3_600_000;
/** A mail server that answers as it is told; what it took is here. */
const took: MailMessage[] = [];
let answer: (message: MailMessage) => Error | null = () => null;
const mail: Mail = {
  leaves_house: true,
  async send(message) {
    const error = answer(message);
    if (error) throw error;
    took.push(message);
  },
  outbox: async () => [],
};
const test_notify = await testNotify({ mail });
const { feed, told } = test_notify;
const { client, db } = feed.house;
afterAll(async () => {
  expect(feed.house.broken).toEqual([]);
  await test_notify[Symbol.asyncDispose]();
});

let made = 0;
// Letters go in the morning: from noon on the tests have hours before the next, whenever they are run.
feed.later((36 * HOUR - (Date.now() % (24 * HOUR))) % (24 * HOUR));
const to = (who: TestPerson) => `${who.handle}@example.org`;
const toThem = (who: TestPerson) => took.filter((one) => one.to === to(who)).map(({ key }) => key.split(":")[0]);
const ask = async (who: TestPerson) => {
  feed.later(HOUR);
  await client.call(r.setNotifyEmail, { token: who.token, body: { address: to(who) } });
  await feed.runJob("notify.confirm_letter", { person_id: who.id });
};
const confirm = async (who: TestPerson) => {
  await ask(who);
  const { text } = took.findLast((one) => one.to === to(who))!;
  await client.call(r.confirmNotifyEmail, { body: { token: /confirm\?token=([\w-]+)/.exec(text)![1]! } });
};
const email = async (who: TestPerson) => (await client.call(r.notifySettings, { token: who.token })).body.email;
const told_of = async (who: TestPerson, by: TestPerson) => {
  const { id } = await feed.post(who, "A post");
  const body = { text: "Words", parent_id: null } as never;
  await client.call(createComment, { token: by.token, params: { id: id as PostId }, body });
  await told();
};
const send = async (after_ms: number) => {
  feed.later(after_ms);
  await feed.runJob("notify.digest", {}).catch(() => {});
};
const ends = async (who: TestPerson) =>
  Array.from(
    (await db.sql.pool`
    SELECT state, reason, tries FROM notify_digests WHERE person_id = ${who.id} ORDER BY window_ends_at`) as {
      state: string;
      reason: string | null;
      tries: number;
    }[],
  );

test("NO37: an address that a mail server refuses for good is not written to again until it is confirmed anew", async () => {
  const [a, b] = [await feed.house.person(`back${made++}`), await feed.house.person(`by${made++}`)];
  await confirm(a);
  await told_of(a, b);
  answer = () => new MailRefused("address", "550 5.1.1 No such user");
  await send(24 * HOUR);
  answer = () => null;
  expect(await ends(a)).toMatchObject([{ state: "failed", reason: expect.stringContaining("No such user") }]);
  expect(await email(a)).toMatchObject({ address: to(a), confirmed: false, refused: "550 5.1.1 No such user" });
  await told_of(a, b);
  await send(24 * HOUR);
  expect(toThem(a)).toEqual(["notify.confirm"]);
  await confirm(a);
  expect(await email(a)).toMatchObject({ confirmed: true, refused: null });
  await told_of(a, b);
  await send(24 * HOUR);
  expect(toThem(a)).toEqual(["notify.confirm", "notify.confirm", "notify.digest"]);
  expect(took.at(-1)).toMatchObject({ from_name: "Test house" });
});

test("NO37: so is one to which the first letter, the one that asks, cannot go", async () => {
  const a = await feed.house.person(`asked${made++}`);
  answer = () => new MailRefused("letter", "552 5.2.2 Over quota");
  await ask(a);
  answer = () => null;
  expect(await email(a)).toMatchObject({ confirmed: false, refused: "552 5.2.2 Over quota" });
});

test("NO38: a refused letter is noted with its reason, and the next one goes", async () => {
  const [a, b] = [await feed.house.person(`spam${made++}`), await feed.house.person(`by${made++}`)];
  await confirm(a);
  await told_of(a, b);
  answer = () => new MailRefused("letter", "554 5.7.1 Looks like spam");
  await send(24 * HOUR);
  answer = () => null;
  expect(await ends(a)).toMatchObject([{ state: "failed", reason: expect.stringContaining("spam") }]);
  expect(await email(a)).toMatchObject({ confirmed: true, refused: null });
  await told_of(a, b);
  await send(24 * HOUR);
  expect(toThem(a)).toEqual(["notify.confirm", "notify.digest"]);
});

test("NO38: while the mail server is away letters wait, for most of a day, and each comes once when it is back", async () => {
  const [a, b] = [await feed.house.person(`away${made++}`), await feed.house.person(`by${made++}`)];
  await confirm(a);
  await told_of(a, b);
  answer = () => new Transient("The mail server is away");
  await send(24 * HOUR);
  for (let hour = 0; hour < 12; hour++) await send(HOUR);
  const [waiting] = await ends(a);
  expect(waiting).toMatchObject({ state: "sending" });
  expect(waiting!.tries).toBeGreaterThan(3);
  expect(await email(a)).toMatchObject({ confirmed: true, refused: null });
  answer = () => null;
  await send(2 * HOUR);
  await send(2 * HOUR);
  expect(await ends(a)).toMatchObject([{ state: "sent", reason: null }]);
  expect(toThem(a)).toEqual(["notify.confirm", "notify.digest"]);
});

test("NO38: a letter that was not sent, because the server answers nobody, has lost no try; after a day refusals count", async () => {
  const [a, b] = [await feed.house.person(`unasked${made++}`), await feed.house.person(`by${made++}`)];
  await confirm(a);
  await told_of(a, b);
  const cause = new DependencyAway("mail", 30_000);
  answer = () => new Transient("The letter waits", { cause, retry_after_ms: cause.retry_after_ms });
  const isDue = async () => (await ends(a)).some(({ state }) => state === "sending");
  for (let hour = 0; hour < 26 && !(await isDue()); hour++) await send(HOUR);
  for (let i = 0; i < 6; i++) await send(3 * HOUR);
  expect(await ends(a)).toMatchObject([{ state: "sending", tries: 0 }]);
  for (let i = 0; i < 4; i++) await send(6 * HOUR);
  expect((await ends(a))[0]!.tries).toBeGreaterThan(0);
  answer = () => null;
  await send(12 * HOUR);
  expect(await ends(a)).toMatchObject([{ state: "sent" }]);
});
