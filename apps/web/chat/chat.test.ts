import { describe, expect, test } from "bun:test";

import type { Channel, History, Message } from "#systems/chat/contract.ts";

import { Away, Refusal } from "../client.ts";
import { postFrom } from "./forwarding.ts";
import { messageFrom } from "./from-line.ts";
import { endOf, type Held, HELD_MAX, NOTHING, rowsOf, withMessage, withNewer, withOlder } from "./history.ts";
import { marksOf } from "./marks.ts";
import { dayWords, ends } from "./moments.ts";
import { namesWords, nextUnread, sectionsOf, titleOf } from "./naming.ts";
import { createOutbox, type Unsent } from "./outbox.ts";
import { withSums } from "./poll-sums.ts";
import { presenceWords } from "./presence-words.ts";
import { waitWords } from "./slow.ts";

const ANN = {
  id: "1",
  handle: "ann",
  display_name: "Ann Ek",
  avatar: null,
  suspended: false,
  limited: false,
  private: false,
};
const BO = { ...ANN, id: "2", handle: "bo", display_name: "Bo Berg" };
const DAY_MS = 86_400_000;

function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    id: `m${seq}`,
    channel_id: "9",
    seq: String(seq),
    author: ANN,
    cid: null,
    body: `n${seq}`,
    version: 1,
    created_at: new Date(Date.UTC(2026, 4, 1, 12) + seq * 1_000).toISOString(),
    edited_at: null,
    deleted: false,
    folded: false,
    mentions: [],
    mentions_all: null,
    mentions_me: false,
    reply_to: null,
    root_id: null,
    in_channel: true,
    replies: 0,
    last_reply_at: null,
    pinned: false,
    reactions: [],
    images: [],
    video: null,
    sound: null,
    poll: null,
    link: null,
    link_hidden: false,
    forwarded: null,
    may: { edit: false, delete: false },
    ...more,
  };
}
const page = (from: number, to: number, more: Partial<History> = {}): History => ({
  items: Array.from({ length: to - from + 1 }, (_, i) => message(from + i)),
  more_before: from > 1,
  more_after: false,
  ...more,
});
const seqs = (held: Held) => held.items.map(({ seq }) => Number(seq));

describe("what a page holds of a chat", () => {
  test("WEB175: pages join at both ends, each message once, and what is too much goes on the far side", () => {
    let held = withNewer(NOTHING, page(151, 200));
    held = withOlder(held, page(101, 155));
    expect(seqs(held)).toEqual(Array.from({ length: 100 }, (_, i) => 101 + i));
    for (let to = 100; to > 0; to -= 50) held = withOlder(held, page(to - 49, to));
    expect(held).toMatchObject({ more_before: false, more_after: false });
    const wide = withOlder(withNewer(NOTHING, page(101, 400)), page(51, 100));
    expect(wide.items.length).toBe(HELD_MAX);
    expect(seqs(wide)[0]).toBe(51);
    expect(wide.more_after).toBe(true);
  });

  test("WEB175: a new message is taken where it follows; where more lies between it waits until somebody goes there", () => {
    const held = withNewer(NOTHING, page(1, 5));
    expect(seqs(withMessage(held, message(7)))).toEqual([1, 2, 3, 4, 5, 7]);
    expect(seqs(withMessage({ ...held, more_after: true }, message(7)))).toEqual([1, 2, 3, 4, 5]);
    expect(seqs(withMessage(page(50, 60), message(7)))[0]).toBe(50);
    const changed = withMessage(held, message(3, { body: "other" }));
    expect(changed.items.map(({ body }) => body)).toEqual(["n1", "n2", "other", "n4", "n5"]);
    // Longer numbers come after shorter ones, whatever their first digit.
    expect(seqs(withMessage(withNewer(NOTHING, page(8, 9)), message(10)))).toEqual([8, 9, 10]);
  });

  test("WEB176: rows by one hand stand together; a day, another hand, an answer or news begins a new one; deleted ones go unless answers hang on them", () => {
    const at = (ms: number) => new Date(Date.UTC(2026, 4, 1, 12) + ms).toISOString();
    const rows = rowsOf(
      [
        message(1),
        message(2),
        message(3, { author: BO }),
        message(4, { author: BO, deleted: true }),
        message(5, { author: BO, deleted: true, replies: 2 }),
        message(6, { author: BO }),
        message(7, { author: BO }),
        message(8, { author: BO, created_at: at(2 * DAY_MS) }),
      ],
      "7",
    );
    expect(rows.map((row) => row.message.seq)).toEqual(["1", "2", "3", "5", "6", "7", "8"]);
    expect(rows.map((row) => row.follows)).toEqual([false, true, false, false, false, false, false]);
    expect(rows.map((row) => row.day)).toEqual([true, false, false, false, false, false, true]);
    expect(rows.filter((row) => row.fresh).map((row) => row.message.seq)).toEqual(["7"]);
  });

  test("WEB177: what comes over the line is shown at once where it tells everything, and else asked for", () => {
    const channel = { id: "9", may: { moderate: false } } as Channel;
    const data = {
      body: "Hi @bo",
      media: false,
      reply_to_id: null,
      root_id: null,
      in_channel: true,
      mention_ids: ["2"],
      mentions_all: null,
    };
    const item = { id: "5", seq: 7, at: "2026-05-01T12:00:00.000Z", sender_id: "1", kind: "message.created", cid: "x" };
    const cardOf = (id: string) => (id === "1" ? ANN : undefined);
    expect(messageFrom(item, data, channel, BO, cardOf)).toMatchObject({
      seq: "7",
      body: "Hi @bo",
      cid: null,
      mentions_me: true,
      mentions: [{ id: "2", handle: "bo" }],
      may: { edit: false, delete: false },
    });
    expect(messageFrom(item, data, channel, ANN, cardOf)).toMatchObject({
      cid: "x",
      mentions_me: false,
      may: { edit: true },
    });
    for (const lacks of [{ media: true }, { reply_to_id: "3" }, { body: null }])
      expect(messageFrom(item, { ...data, ...lacks }, channel, BO, cardOf)).toBeNull();
    expect(messageFrom({ ...item, sender_id: "3" }, data, channel, BO, cardOf)).toBeNull();
  });
});

test("WEB239: of a chat its end is kept, whole and bounded; a piece from its middle is not", () => {
  const held = { items: Array.from({ length: 60 }, (_, i) => message(i + 1)), more_before: false, more_after: false };
  const kept = endOf(held)!;
  expect([kept.items.length, kept.items.at(-1)?.seq, kept.more_before]).toEqual([50, "60", true]);
  expect(endOf({ ...held, items: held.items.slice(0, 3) })).toMatchObject({ more_before: false, more_after: false });
  expect(endOf({ ...held, more_after: true })).toBeNull();
  expect(endOf(NOTHING)).toBeNull();
});

describe("what waits to be sent", () => {
  function bench(answers: unknown[]) {
    const sent: string[] = [];
    const later: (() => void)[] = [];
    let kept: readonly Unsent[] = [];
    const needs = {
      async send(one: Unsent) {
        sent.push(one.body);
        const answer = answers.length > 0 ? answers.shift() : "ok";
        if (answer !== "ok") throw answer;
      },
      after: (_ms: number, work: () => void) => void later.push(work),
      keep: (all: readonly Unsent[]) => void (kept = all),
      changed() {},
    };
    const outbox = createOutbox(needs);
    const add = (body: string, channel_id = "9") =>
      outbox.add({
        cid: body,
        channel_id,
        body,
        root_id: null,
        reply_to_id: null,
        also_in_channel: false,
        image_ids: [],
      });
    const settle = async () => {
      for (let i = 0; i < 20; i++) await Promise.resolve();
    };
    return { outbox, add, sent, later, settle, kept: () => kept, needs };
  }

  test("WEB178: a chat's messages go one after the other in their order; another chat does not wait for them", async () => {
    const b = bench([new Away()]);
    b.add("one");
    b.add("two");
    b.add("else", "8");
    await b.settle();
    expect(b.sent).toEqual(["one", "else"]);
    expect(b.outbox.all().map(({ body, state }) => [body, state])).toEqual([
      ["one", "waiting"],
      ["two", "waiting"],
    ]);
    b.later.shift()!();
    await b.settle();
    expect(b.sent).toEqual(["one", "else", "one", "two"]);
    expect(b.outbox.all()).toEqual([]);
  });

  test("WEB178: what the house refuses says why and waits for its writer; slow mode only waits; nothing is forgotten by a reload", async () => {
    const no = new Refusal(403, { code: "chat.blocked", detail: "You block this person." });
    const slow = new Refusal(429, { code: "chat.slow_mode", detail: "Slow", retry_after_s: 9 });
    const b = bench([no, slow]);
    b.add("refused");
    b.add("slow");
    await b.settle();
    expect(b.outbox.all().map(({ body, state, problem }) => [body, state, problem])).toEqual([
      ["refused", "failed", "You block this person."],
      ["slow", "waiting", "Slow"],
    ]);
    const again = createOutbox(b.needs, b.kept());
    again.wake();
    await b.settle();
    expect(again.all().map(({ body }) => body)).toEqual(["refused"]);
    again.again("refused");
    await b.settle();
    expect(again.all()).toEqual([]);
    expect(b.sent).toEqual(["refused", "slow", "slow", "refused"]);
  });
});

describe("names of chats", () => {
  const channel = (id: string, more: Partial<Channel> = {}) =>
    ({
      id,
      kind: "direct",
      name: null,
      people: [BO],
      space: null,
      mine: { unread: 0, muted: false, favoured: false, marked_seq: null },
      ...more,
    }) as Channel;

  test("WEB179: a chat is called by whom it is with, a group by its name or its people; sections and the next unread follow the list", () => {
    expect(titleOf(channel("1"), "1")).toBe("Bo Berg");
    expect(titleOf(channel("1", { people: [ANN] }), "1")).toBe("Notes to yourself");
    expect(titleOf(channel("1", { people: [] }), "1")).toBe("Somebody who left");
    expect(titleOf(channel("1", { kind: "group", people: [ANN, BO] }), "3")).toBe("Ann, Bo");
    const mine = { unread: 3, muted: false, favoured: false, marked_seq: null } as Channel["mine"];
    const space = { id: "7", slug: "hall", name: "Hall", visibility: "public" } as const;
    const all = [
      channel("a"),
      channel("b", { space, kind: "public", name: "general", mine }),
      channel("c", { mine: { ...mine!, muted: true } }),
      channel("d", { mine: { ...mine!, unread: 0, favoured: true } }),
    ];
    expect(sectionsOf(all).map((section) => [section.label, section.channels.map(({ id }) => id)])).toEqual([
      ["Favourites", ["d"]],
      ["People", ["a", "c"]],
      ["Hall", ["b"]],
    ]);
    expect(nextUnread(all, "a")?.id).toBe("b");
    expect(nextUnread(all, "b")).toBeUndefined();
    const marked = channel("m", { mine: { ...mine!, unread: 0, marked_seq: "3" } });
    const many = [...all, marked];
    expect([nextUnread(many, "b", 1)?.id, nextUnread(many, "b", -1)?.id]).toEqual(["m", "m"]);
    expect([namesWords(["Ann"]), namesWords(["Ann", "Bo"]), namesWords(["Ann", "Bo", "Cia"], 5)]).toEqual([
      "Ann",
      "Ann and Bo",
      "Ann, Bo and 3 others",
    ]);
  });
});

describe("a poll in a message", () => {
  const poll = (voters: number | null, votes: (number | null)[]) => ({
    edition: 1,
    options: votes.map((n, i) => ({ text: `o${i}`, votes: n })),
    multiple: false,
    hides_results: voters === null,
    ends_at: "2026-05-02T12:00:00.000Z",
    ended: false,
    voters,
    chosen: null,
  });
  test("WEB185: sums that come over the line are taken where they are newer, and asked for where they are hidden", () => {
    const open = message(1, { poll: poll(2, [1, 1]) });
    expect(withSums(open, { voters: 3, votes: [2, 1] })?.poll).toMatchObject({
      voters: 3,
      options: [{ votes: 2 }, { votes: 1 }],
    });
    expect(withSums(open, { voters: 1, votes: [1, 0] })).toBe(open);
    expect(withSums(open, { voters: 3, votes: [3] })).toBe(open);
    expect(withSums(open, {})).toBeNull();
    const hidden = message(2, { poll: poll(null, [null, null]) });
    expect(withSums(hidden, {})).toBe(hidden);
    expect(withSums(hidden, { voters: 1, votes: [1, 0] })).toBe(hidden);
    const plain = message(3);
    expect(withSums(plain, { voters: 1, votes: [1] })).toBe(plain);
  });
});

describe("a message passed on", () => {
  test("WEB188: a post begins with its words, whose they are and the way there", () => {
    const link = "https://house.test/chat/9?at=4";
    expect(postFrom("https://house.test", message(4))).toBe(`\n\n\u201cn4\u201d\n\u2014 Ann Ek, ${link}`);
    const forwarded = {
      author: BO,
      body: "His",
      at: null,
      images: 0,
      film: false,
      voice: false,
      gone: false,
      source: null,
    };
    expect(postFrom("https://house.test", message(4, { body: "", forwarded }))).toBe(
      `\n\n\u201cHis\u201d\n\u2014 Bo Berg, ${link}`,
    );
    expect(postFrom("https://house.test", message(4, { body: "", author: null }))).toBe(`\n\n${link}`);
  });
});

describe("words beside a chat", () => {
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime();
  test("WEB196: a status ends when it was said to, by the clock of who says it; by hand it has no end", () => {
    const now_ms = at(18, 15);
    const local = (until: Parameters<typeof ends>[0], from = now_ms) => {
      const end = ends(until, from);
      return end === null ? null : Date.parse(end);
    };
    expect(local("always")).toBeNull();
    expect([local("half_hour"), local("hour"), local("hours")]).toEqual([
      now_ms + 1_800_000,
      now_ms + 3_600_000,
      now_ms + 4 * 3_600_000,
    ]);
    // The 18th is a Wednesday, the 22nd a Sunday.
    expect([local("day"), local("morning"), local("week")]).toEqual([at(19, 0), at(19, 8), at(23, 0)]);
    expect([local("week", at(22, 9)), local("week", at(23, 9))]).toEqual([at(23, 0), at(30, 0)]);
  });

  test("WEB237: the newest of one's own that was sent, that arrived at all, and that all have read, is marked", () => {
    const mine = (seq: number) => message(seq, { author: BO });
    const items = [mine(2), mine(4), message(5), mine(9), mine(11), mine(12), message(13)];
    const receipt = (delivered: number, read: number) => ({
      person_id: "1" as never,
      delivered_seq: String(delivered),
      read_seq: String(read),
    });
    const marks = (...receipts: ReturnType<typeof receipt>[]) =>
      [...marksOf(items, "2", receipts)].map(([seq, { state, words }]) => [seq, state, words].join(" "));
    expect(marks()).toEqual(["12 sent Sent"]);
    expect(marks(receipt(11, 5))).toEqual(["12 sent Sent", "11 delivered Delivered", "4 read Read"]);
    expect(marks(receipt(13, 13))).toEqual(["12 read Read"]);
    expect(marks(receipt(13, 13), receipt(9, 2))).toEqual([
      "12 sent Sent. Delivered to 1 of 2",
      "9 delivered Delivered. Read by 1 of 2",
      "2 read Read",
    ]);
  });

  test("WEB196: what is said of somebody names what there is of state, sign and words", () => {
    const said = (state: "online" | "quiet" | "offline", emoji: string | null, text: string) =>
      presenceWords({ person_id: "1" as never, state, emoji, text });
    expect([said("online", null, ""), said("offline", "☕", "Coffee"), said("offline", null, "")]).toEqual([
      "Here now",
      "☕ Coffee",
      "",
    ]);
    expect(said("quiet", "🎧", "")).toBe("Does not wish to be disturbed · 🎧");
  });

  test("WEB199: a wait is told in the unit that fits, and never shorter than it is", () => {
    expect([8, 89, 90, 3_600, 3_901, 21_600].map(waitWords)).toEqual([
      "8 s",
      "89 s",
      "2 min",
      "1 h",
      "1 h 6 min",
      "6 h",
    ]);
  });

  test("WEB202: a day is told from today, across midnight and a year's end", () => {
    const words = (day: number, from: number) => dayWords(new Date(day).toISOString(), from);
    expect([words(at(18, 1), at(18, 23)), words(at(17, 23), at(18, 0))]).toEqual(["Today", "Yesterday"]);
    expect(words(at(12, 9), at(18, 9))).toContain("12");
    expect(words(new Date(2025, 11, 31, 9).getTime(), new Date(2026, 0, 2, 9).getTime())).toContain("2025");
  });
});
