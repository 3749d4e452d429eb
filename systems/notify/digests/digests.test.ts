import { afterAll, describe, expect, test } from "bun:test";

import type { PostId } from "#kernel/ids.ts";
import type { JobRun } from "#ports/jobs/index.ts";
import type { MailMessage } from "#ports/mail/index.ts";
import { createComment, feedRoutes as f } from "#systems/feed/contract.ts";
import { peopleRoutes as p } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { CLAIM_MS } from "../bounds.ts";
import { notifyRoutes as r } from "../contract.ts";
import { createNotify } from "../index.ts";
import { TEST_URL, testNotify } from "../testing.ts";

/** Thrown by a mail engine that dies: before it sent, or after. */
let dies: "before" | "after" | null = null;
const test_notify = await testNotify();
const { feed, told, mail } = test_notify;
const { house } = feed;
const { client } = house;
const { sql } = house.db;
/** Another worker on the same database, whose mail engine may die. */
const handles = new Map<string, Parameters<typeof feed.jobs.define>[0]>();
createNotify({
  ...test_notify.needs,
  jobs: { ...feed.jobs, define: (kind) => void handles.set(kind.name, kind) },
  mail: {
    ...mail,
    async send(message: MailMessage) {
      if (dies === "before") throw new Error("killed before sending");
      await mail.send(message);
      if (dies === "after") throw new Error("killed after sending");
    },
  },
});
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await test_notify[Symbol.asyncDispose]();
});

let made = 0;
const DAY = 24 * 3_600_000;
// Letters go in the morning: from noon on the tests have hours before the next, whenever they are run.
feed.later((1.5 * DAY - (Date.now() % DAY)) % DAY);
const person = async () => house.person(`mailed${made++}`);
const outbox = async (who: TestPerson) =>
  (await mail.outbox(2_000)).filter(({ to }) => to === `${who.handle}@example.org`);
const letters = async (who: TestPerson) => (await outbox(who)).filter(({ key }) => key.startsWith("notify.digest:"));
const linkIn = (text: string, of: RegExp) => of.exec(text)![1]!;
const address = async (who: TestPerson) => {
  const asked = await client.call(r.setNotifyEmail, {
    token: who.token,
    body: { address: `${who.handle}@example.org` },
  });
  if (asked.status !== 202) throw new Error(`${asked.status} ${asked.code}`);
  await feed.runJob("notify.confirm_letter", { person_id: who.id });
  const [letter] = await outbox(who);
  return linkIn(letter!.text, /confirm\?token=([\w-]+)/);
};
const mailed = async () => {
  const who = await person();
  await client.call(r.confirmNotifyEmail, { body: { token: await address(who) } });
  return who;
};
const settings = async (who: TestPerson) => (await client.call(r.notifySettings, { token: who.token })).body;
const change = (who: TestPerson, body: object) =>
  client.call(r.changeNotifySettings, { token: who.token, body: body as never });
const comment = (who: TestPerson, id: PostId, text: string) =>
  client.call(createComment, { token: who.token, params: { id }, body: { text, parent_id: null } as never });
const send = async (after_ms = DAY) => {
  await told();
  feed.later(after_ms);
  await feed.runJob("notify.digest", {});
};
const rows = async (who: TestPerson) =>
  (await sql.pool`
    SELECT key, state, from_seq, up_to_seq FROM notify_digests WHERE person_id = ${who.id} ORDER BY window_ends_at`) as {
    key: string;
    state: string;
    from_seq: string;
    up_to_seq: string;
  }[];
const readAll = async (who: TestPerson) => {
  await told();
  const { body } = await client.call(r.unreadNotifications, { token: who.token });
  await client.call(r.readNotifications, { token: who.token, body: { up_to: body.up_to } });
};

describe("settings", () => {
  test("NO17: are one's own, and what is no zone, no hour and no address is refused", async () => {
    const a = await person();
    expect((await client.call(r.notifySettings)).status).toBe(401);
    for (const [body, code] of [
      [{ time_zone: "Nowhere/Land" }, "notify.time_zone"],
      [{ time_zone: "+02:00" }, "notify.time_zone"],
      [{ quiet: { from: "22:00", to: "22:00" } }, "notify.quiet"],
      [{ quiet: { from: "24:00", to: "07:00" } }, "request.invalid"],
      [{ quiet: { from: "22:00" } }, "request.invalid"],
      [{ digest: "hourly" }, "request.invalid"],
      [{ switches: [{ kind: "love", channel: "push", on: true }] }, "request.invalid"],
      [{ person_id: "1" }, "request.invalid"],
    ] as const)
      expect((await change(a, body)).code, JSON.stringify(body)).toBe(code);
    for (const bad of ["anna", "a@b, c@d", "a@b\r\nBcc: c@d", "Anna <a@b>"])
      expect((await client.call(r.setNotifyEmail, { token: a.token, body: { address: bad } })).code).toBe(
        "notify.address",
      );
    expect(await settings(a)).toMatchObject({
      time_zone: "UTC",
      quiet: null,
      digest: "daily",
      email: { address: null, confirmed: false, house: "no_server" },
    });
  });

  test("NO16: what is chosen is kept, by kind and way; what is as proposed is not written down", async () => {
    const a = await person();
    const { body } = await change(a, {
      switches: [
        { kind: "like", channel: "email", on: true },
        { kind: "mention", channel: "push", on: false },
        { kind: "mention", channel: "push", on: true },
        { kind: "follow", channel: "inbox", on: false },
      ],
      time_zone: "Europe/Stockholm",
      quiet: { from: "22:30", to: "07:00" },
      digest: "weekly",
    });
    const of = (kind: string) => body.kinds.find((one) => one.kind === kind);
    expect([of("like"), of("mention"), of("follow")]).toEqual([
      { kind: "like", inbox: true, push: false, email: true },
      { kind: "mention", inbox: true, push: true, email: true },
      { kind: "follow", inbox: false, push: false, email: true },
    ]);
    expect(body).toMatchObject({
      time_zone: "Europe/Stockholm",
      quiet: { from: "22:30", to: "07:00" },
      digest: "weekly",
    });
    expect((await sql.pool`SELECT 1 FROM notify_switches WHERE person_id = ${a.id}`).length).toBe(2);
    expect((await change(a, { quiet: null })).body).toMatchObject({ quiet: null, digest: "weekly" });
  });

  test("NO32: mail goes nowhere until who reads there has said so, by the newest letter and in time", async () => {
    const a = await person();
    const token = await address(a);
    const again = await client.call(r.setNotifyEmail, { token: a.token, body: { address: "other@example.org" } });
    expect(again).toMatchObject({ status: 429, code: "notify.address_soon" });
    expect(await settings(a)).toMatchObject({ email: { address: `${a.handle}@example.org`, confirmed: false } });
    feed.later(48 * 3_600_000 + 1);
    const confirm = (text: string) => client.call(r.confirmNotifyEmail, { body: { token: text } });
    expect((await confirm(token)).code).toBe("notify.link_invalid");
    const fresh = await address(a);
    expect((await confirm(token)).code).toBe("notify.link_invalid");
    expect((await confirm(fresh)).body).toEqual({ address: `${a.handle}@example.org` });
    expect((await confirm(fresh)).status).toBe(200);
    expect((await settings(a)).email.confirmed).toBe(true);
    await client.call(r.forgetNotifyEmail, { token: a.token });
    expect((await settings(a)).email).toMatchObject({ address: null, confirmed: false });
    expect((await confirm(fresh)).code).toBe("notify.link_invalid");
  });
});

describe("a letter", () => {
  test("NO28: tells once in the morning of what is unread, and the next one of what came since", async () => {
    const [a, b, c] = [await mailed(), await house.person("ann"), await house.person("bo")];
    const { id } = await feed.post(a, "My boat");
    await change(a, { switches: [{ kind: "like", channel: "email", on: true }] });
    for (const fan of [b, c]) await client.call(f.likePost, { token: fan.token, params: { id } });
    await comment(b, id, "A fine one");
    await feed.runJob("notify.digest", {});
    expect(await letters(a)).toEqual([]);
    await send();
    await send(0);
    const [letter, ...rest] = await letters(a);
    expect(rest).toEqual([]);
    expect(letter!.subject).toBe("2 things happened in Test house");
    expect(letter!.text).toContain('* bo and ann liked your post\n  "My boat"\n  https://house.example/posts/');
    expect(letter!.text).toContain('* ann commented on your post\n  "A fine one"');
    await comment(c, id, "And another");
    await send();
    const [second] = await letters(a);
    expect(second!.subject).toBe("One thing happened in Test house");
    expect(second!.text).toContain("And another");
    expect((await rows(a)).map(({ state, from_seq, up_to_seq }) => [state, from_seq, up_to_seq])).toEqual([
      ["sent", "0", "3"],
      ["sent", "3", "4"],
    ]);
  });

  test("NO28: at eight in the morning where its reader lives, or on Mondays", async () => {
    const [a, b] = [await mailed(), await person()];
    for (const [zone, digest] of [
      ["Asia/Kathmandu", "daily"],
      ["America/New_York", "weekly"],
    ] as const) {
      await change(a, { time_zone: zone, digest });
      const { id } = await feed.post(a, "Oak");
      await comment(b, id, "x");
      await told();
      const [row] = (await sql.pool`
        SELECT window_ends_at FROM notify_digests WHERE person_id = ${a.id} AND key = ${digest}`) as {
        window_ends_at: Date;
      }[];
      const there = new Intl.DateTimeFormat("en-GB", {
        timeZone: zone,
        weekday: "short",
        hour: "2-digit",
        minute: "2-digit",
      });
      expect(there.format(row!.window_ends_at)).toMatch(digest === "weekly" ? /^Mon.*08:00$/ : /08:00$/);
    }
  });

  test("NO22: none where all was read, and none of kinds or by mail that nobody wants", async () => {
    const [a, b] = [await mailed(), await person()];
    const { id } = await feed.post(a, "Elm");
    await comment(b, id, "Read in time");
    await readAll(a);
    await send();
    expect((await rows(a)).map(({ state }) => state)).toEqual(["empty"]);
    await client.call(f.likePost, { token: b.token, params: { id } });
    await send();
    expect((await rows(a)).length).toBe(1);
    await comment(b, id, "Then none is wanted");
    await told();
    await change(a, { digest: "off" });
    await send();
    expect((await rows(a)).map(({ state }) => state)).toEqual(["empty", "dropped"]);
    expect(await letters(a)).toEqual([]);
    // Wanted again, and what was not told is told.
    await change(a, { digest: "weekly" });
    await send(7 * DAY);
    expect((await letters(a))[0]!.text).toContain("Then none is wanted");
  });

  test("NO6: of whom one blocked, and of what one may not read, no letter tells", async () => {
    const [a, b] = [await mailed(), await person()];
    await comment(b, (await feed.post(a, "Ash")).id, "Bad words");
    await told();
    await client.call(p.block, { token: a.token, params: { handle: b.handle } });
    await send();
    expect((await rows(a)).map(({ state }) => state)).toEqual(["empty"]);
  });

  test("NO30: all that people wrote is escaped, in one line, and nothing is fetched", async () => {
    const [a, b] = [await mailed(), await person()];
    const evil = `<img src=x onerror="alert(1)">\n.\nBcc: eve@example.org & 'more'`;
    await client.call(p.editMe, { token: b.token, body: { display_name: `<b>"Eve"</b>` } as never });
    await comment(b, (await feed.post(a, "Yew")).id, evil);
    await send();
    const [letter] = await letters(a);
    expect(letter!.html).toContain(
      "&lt;img src=x onerror=&quot;alert(1)&quot;&gt; . Bcc: eve@example.org &amp; &#39;more&#39;",
    );
    expect(letter!.html).toContain("&lt;b&gt;&quot;Eve&quot;&lt;/b&gt; commented on your post");
    expect(letter!.html).not.toMatch(/<(img|script|link|iframe|b>")/);
    expect(letter!.html).not.toMatch(/\bsrc=(?!x)|url\(/);
    expect(letter!.text).toContain(`"<img src=x onerror="alert(1)"> . Bcc: eve@example.org & 'more'"`);
  });

  test("NO31: ends letters by one call of nobody in particular, and by that link alone", async () => {
    const [a, b] = [await mailed(), await person()];
    const { id } = await feed.post(a, "Rowan");
    await comment(b, id, "One");
    await send();
    const { unsubscribe_url, text } = (await letters(a))[0]!;
    const token = linkIn(unsubscribe_url!, /^https:\/\/house\.example\/v1\/notifications\/unsubscribe\/([\w.-]+)$/);
    expect(text).toContain(`${TEST_URL}/notifications/unsubscribe?token=${token}`);
    const stop = (of: string) => client.call(r.unsubscribe, { params: { token: of } });
    for (const wrong of [
      `${b.id}${token.slice(token.indexOf("."))}`,
      `${token.slice(0, -1)}_`,
      "x".repeat(40),
      `${a.id}.`.padEnd(30, "0"),
    ])
      expect((await stop(wrong)).code).toBe("notify.link_invalid");
    expect((await settings(a)).digest).toBe("daily");
    // As a mail program sends it: a form, without a cookie.
    const sent = await house.api.fetch(
      new Request(`http://house.test/v1/notifications/unsubscribe/${token}`, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: "List-Unsubscribe=One-Click",
      }),
      "192.0.2.1",
    );
    expect(sent.status).toBe(204);
    expect((await settings(a)).digest).toBe("off");
    await comment(b, id, "Two");
    await send();
    expect((await letters(a)).length).toBe(1);
  });

  test("NO13: who leaves takes all of it along", async () => {
    const [a, b] = [await mailed(), await person()];
    await comment(b, (await feed.post(a, "Fir")).id, "One");
    await change(a, { digest: "weekly", switches: [{ kind: "like", channel: "push", on: true }] });
    await told();
    await feed.runJob("notify.erase", { person_id: a.id });
    for (const table of ["switches", "settings", "addresses", "subscriptions", "pushes", "digests", "inboxes"])
      expect(
        (await sql.pool`SELECT 1 FROM ${sql.pool(`notify_${table}`)} WHERE person_id = ${a.id}`).length,
        table,
      ).toBe(0);
  });
});

describe("when workers die", () => {
  const work = () =>
    handles
      .get("notify.digest")!
      .handle({}, { signal: new AbortController().signal } as JobRun)
      .catch((error: unknown) => error);

  test("NO29: before or after sending, a letter is sent and comes once", async () => {
    for (const when of ["before", "after"] as const) {
      const [a, b] = [await mailed(), await person()];
      await comment(b, (await feed.post(a, "Lime")).id, `Died ${when}`);
      await told();
      feed.later(DAY);
      dies = when;
      expect(await work()).toBeInstanceOf(Error);
      dies = null;
      const [open] = await rows(a);
      expect(open).toMatchObject({ state: "sending", from_seq: "0", up_to_seq: "1" });
      // What comes meanwhile finds that window closed.
      await comment(b, (await feed.post(a, "Pine")).id, "Later");
      await told();
      feed.later(2 * 3_600_000);
      await work();
      const [first, ...more] = await letters(a);
      expect(more).toEqual([]);
      expect(first!.text).toContain(`Died ${when}`);
      await send();
      expect((await letters(a)).map(({ text }) => text.includes("Later"))).toEqual([true, false]);
      expect((await rows(a)).map(({ state, from_seq, up_to_seq }) => [state, from_seq, up_to_seq])).toEqual([
        ["sent", "0", "1"],
        ["sent", "1", "2"],
      ]);
    }
  });

  test("NO29: a claim whose worker is gone ends, and of two who believe to have it one marks", async () => {
    const [a, b] = [await mailed(), await person()];
    await comment(b, (await feed.post(a, "Alder")).id, "One");
    await told();
    feed.later(DAY);
    const until = new Date(test_notify.needs.clock.now() + CLAIM_MS);
    await sql.pool`
      UPDATE notify_digests SET claim = gen_random_uuid(), claimed_until = ${until} WHERE person_id = ${a.id}`;
    await work();
    expect((await rows(a))[0]!.state).toBe("waiting");
    feed.later(CLAIM_MS + 1);
    await Promise.all([work(), work(), feed.runJob("notify.digest", {})]);
    expect((await rows(a)).map(({ state }) => state)).toEqual(["sent"]);
    expect((await letters(a)).length).toBe(1);
  });

  test("NO28: whatever comes while letters are made is in exactly one of them", async () => {
    const [a, b] = [await mailed(), await person()];
    const posts = await Promise.all(Array.from({ length: 6 }, (_, i) => feed.post(a, `Tree ${i}`)));
    for (let round = 0; round < 3; round++) {
      feed.later(DAY / 2);
      await Promise.all([
        ...posts.map(({ id }, i) => comment(b, id, `round ${round} tree ${i}`)),
        feed.runJob("notify.digest", {}),
        work(),
      ]);
    }
    await send();
    await send();
    const told_of = (await letters(a)).flatMap(({ text }) =>
      [...text.matchAll(/round (\d) tree (\d)/g)].map(([all]) => all),
    );
    expect(told_of.toSorted()).toEqual(
      Array.from({ length: 18 }, (_, i) => `round ${Math.floor(i / 6)} tree ${i % 6}`).toSorted(),
    );
    // Of two windows that are late, either may be closed first; together they tile all that came.
    const ranges = (await rows(a)).map(({ from_seq, up_to_seq }) => [Number(from_seq), Number(up_to_seq)] as const);
    const tiled = ranges.toSorted(([from, to], [from2, to2]) => from - from2 || to - to2);
    expect(tiled.map(([from]) => from)).toEqual([0, ...tiled.slice(0, -1).map(([, to]) => to)]);
    expect(tiled.at(-1)![1]).toBe(18);
  });
});
