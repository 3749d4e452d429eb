import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";

import { EPOCH_MS, idTimeMs } from "#kernel/ids.ts";

import { openArchive } from "./archive.ts";
import { addressesIn, addressOf, csvOf, parseCsv } from "./csv.ts";
import { textOfHtml } from "./html-text.ts";
import { itemsIn } from "./items.ts";
import { readItem } from "./note.ts";
import { oldId } from "./posts.ts";
import { zipOf } from "./testing.ts";
import { ownThreads, placeOfTweet, readTweet } from "./tweet.ts";

const folder = await mkdtemp(join(tmpdir(), "archives-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
let n = 0;
async function saved(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `a${++n}`);
  await writeFile(path, bytes);
  return path;
}
const refusal = async (bytes: Uint8Array): Promise<string> => {
  try {
    using archive = await openArchive(await saved(bytes));
    return `opened: ${archive.lists[0]!.length}`;
  } catch (error) {
    return (error as Error).message;
  }
};
const OUTBOX = '{"type":"OrderedCollection","orderedItems":[]}';

describe("FD252: a hostile archive is refused whole, with a sentence", () => {
  test("one that is no archive, or of another kind", async () => {
    expect(await refusal(new TextEncoder().encode("hello"))).toContain("neither a zip archive");
    expect(await refusal(Bun.gzipSync(new TextEncoder().encode(OUTBOX)))).toContain("pack the folder as zip");
    expect(await refusal(zipOf([{ name: "readme.txt", content: "hi" }]))).toContain("no outbox.json");
    expect(await refusal(zipOf([{ name: "outbox.json", content: OUTBOX }]).subarray(0, 60))).toContain("refused");
  });

  test("one with names that lead out of it, or two of one name", async () => {
    for (const name of ["../outbox.json", "a/../../etc/passwd", "/etc/passwd", "a\\..\\b", "C:/x"]) {
      const bytes = zipOf([
        { name: "outbox.json", content: OUTBOX },
        { name, content: "x" },
      ]);
      expect(await refusal(bytes), name).toContain("This archive was refused");
    }
    const twice = zipOf([
      { name: "outbox.json", content: OUTBOX },
      { name: "outbox.json", content: OUTBOX },
    ]);
    expect(await refusal(twice)).toContain("two files named outbox.json");
  });

  test("one that says it is small and is not, and one that says it is huge", async () => {
    const bomb = new TextEncoder().encode(`{"orderedItems":[${" ".repeat(5_000_000)}]}`);
    const lying = zipOf([{ name: "outbox.json", content: bomb, says_bytes: 100 }]);
    expect(lying.byteLength).toBeLessThan(20_000);
    expect(await refusal(lying)).toMatch(/This archive was refused: .*(?:too many bytes|more comes)/);
    const huge = zipOf([{ name: "outbox.json", content: OUTBOX, says_bytes: 0xf000_0000 }]);
    expect(await refusal(huge)).toContain("more than 64 MiB");
    const many = zipOf([
      { name: "outbox.json", content: OUTBOX },
      ...Array.from({ length: 12 }, (_, i) => ({ name: `m${i}`, content: "x", says_bytes: 0xf000_0000 })),
    ]);
    expect(await refusal(many)).toContain("far larger than any account");
  });

  test("a good one opens, at its root or one folder below, and gives only files that it names", async () => {
    for (const base of ["", "archive-2026/"]) {
      const bytes = zipOf([
        { name: `${base}outbox.json`, content: OUTBOX },
        { name: `${base}media_attachments/files/1.png`, content: "png" },
      ]);
      using archive = await openArchive(await saved(bytes));
      expect(archive.lists[0]!).toBe(OUTBOX);
      const file = archive.file("/media_attachments/files/1.png")!;
      expect(file.size_bytes).toBe(3);
      expect(await new Response((await file.read()) as never).text()).toBe("png");
      expect(archive.file("../../etc/passwd")).toBeNull();
    }
    using json = await openArchive(await saved(new TextEncoder().encode(OUTBOX)));
    expect(json.lists[0]!).toBe(OUTBOX);
  });
});

test("FD251: a list of addresses is read as Mastodon, spreadsheets and people write it", () => {
  expect(addressesIn("Account address,Show boosts\r\nann@house.example,true\r\nben@far.example,false\r\n", 10)).toEqual(
    ["ann@house.example", "ben@far.example"],
  );
  expect(addressesIn('\ufeff@ann\n\n"ben@x.example", "a ""quoted"" note"\ncleo', 10)).toEqual([
    "@ann",
    "ben@x.example",
    "cleo",
  ]);
  expect(addressesIn("a\nb\nc\nd", 2)).toHaveLength(3);
  expect(addressOf("@Ann@House.Example:8080")).toEqual({ handle: "ann", host: "house.example:8080" });
  for (const none of ["", "@", "a b", "https://x.example/@ann", "a@b@c", "../x"])
    expect(addressOf(none), none).toBeNull();
  expect(csvOf([["=1+1", 'a,"b"', 5, true]])).toBe('\'=1+1,"a,""b""",5,true\r\n');
});

test("FD251: what is written as CSV is read back, whatever stands in it", () => {
  const cell = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => `x${text.replaceAll("\r", "")}x`);
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 20 }), (rows) => {
      expect(parseCsv(csvOf(rows), 100)).toEqual(rows);
    }),
  );
});

test("FD253: the items of an outbox are cut as JSON itself would, and what breaks off throws", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 10 }), fc.jsonValue(), fc.boolean(), (items, other, pretty) => {
      const text = JSON.stringify({ a: other, 'ordered"Items': [1], orderedItems: items, b: 1 }, null, pretty ? 2 : 0);
      expect([...itemsIn(text)]).toEqual(JSON.parse(JSON.stringify(items)) as unknown[]);
    }),
  );
  for (const broken of ['{"orderedItems":[{"a":1},{"b"', '{"orderedItems":[1', "{}", "", "true", '{"a" 1}'])
    expect(() => [...itemsIn(broken)], broken).toThrow(SyntaxError);
});

test("FD253: HTML becomes the words that stood there, links whole, and nothing runs", () => {
  expect(
    textOfHtml(
      '<p>Hello <span class="h-card"><a href="https://x.example/@ben" class="u-url mention">@<span>ben</span></a></span> &amp; all<br>line</p><p>see <a href="https://example.org/a/long/way"><span class="invisible">https://</span><span class="ellipsis">example.org/a</span></a> <a href="https://x.example/tags/Tea" class="mention hashtag">#<span>Tea</span></a></p>',
    ),
  ).toBe("Hello @ben & all\nline\n\nsee https://example.org/a/long/way #Tea");
  expect(textOfHtml("<script>alert(1)</script>a<style>b{}</style>c")).toBe("ac");
  expect(textOfHtml("1 < 2 &lt;b&gt; &#x1f375; &#0; &nope;")).toBe("1 < 2 <b> \u{1f375}  &nope;");
  expect(textOfHtml('<a href="javascript:alert(1)">go</a>')).toBe("go");
  const long = "<a href='x".repeat(20_000);
  expect(textOfHtml(long).length).toBeLessThanOrEqual(long.length);
});

test("FD253: what is no post of one's own is left, and each says why", () => {
  const asked = {
    audience: "public",
    now_ms: Date.UTC(2026, 0, 1),
    own_sources: new Set(["https://m.example/1"]),
  } as const;
  const note = {
    id: "https://m.example/2",
    type: "Note",
    published: "2019-05-01T10:00:00Z",
    content: "<p>Hi</p>",
    to: ["https://www.w3.org/ns/activitystreams#Public"],
    cc: ["https://m.example/users/a/followers"],
  };
  const read = (object: object, activity: object = {}) => readItem({ type: "Create", object, ...activity }, asked);
  expect(read(note)).toMatchObject({
    take: { text: "Hi", audience: "public", created_at_ms: Date.UTC(2019, 4, 1, 10) },
  });
  const left: [unknown, string][] = [
    [readItem("x", asked), "no post"],
    [readItem({ type: "Announce", object: "https://x.example/9" }, asked), "passed on"],
    [read({ ...note, type: "Video" }), "no post"],
    [read({ ...note, inReplyTo: "https://x.example/9" }), "answer to somebody"],
    [read({ ...note, to: ["https://x.example/@ben"], cc: [] }), "letter to few"],
    [read({ ...note, published: "2031-01-01T00:00:00Z" }), "no date"],
    [read({ ...note, published: "yesterday" }), "no date"],
    [read({ ...note, content: "<p></p>" }), "nothing in it"],
    [read({ ...note, attributedTo: "https://x.example/@ben" }, { actor: "https://m.example/@a" }), "somebody else"],
    [read({ ...note, id: `https://m.example/${"x".repeat(400)}` }), "name is too long"],
    [read({ ...note, content: 5 }), "not as a post"],
  ];
  for (const [got, why] of left) expect((got as { leave: string }).leave).toContain(why);
  expect(read({ ...note, inReplyTo: "https://m.example/1" })).toHaveProperty("take");
  expect(read({ ...note, to: note.cc, cc: [] })).toMatchObject({ take: { audience: "followers" } });
  expect(read({ ...note, to: [], cc: [] })).toMatchObject({ take: { audience: "private" } });
  expect(readItem({ type: "Create", object: note }, { ...asked, audience: "private" })).toMatchObject({
    take: { audience: "private" },
  });
  expect(read({ ...note, content: "x".repeat(6_000), summary: "spoiler", sensitive: true })).toMatchObject({
    take: { content_warning: "spoiler", sensitive: true, lost: "Taken, but its words were cut." },
  });
});

test("FD254: an old post's id is that of its own date, in order also before the house's time, and the same each time", () => {
  const moments = [
    Date.UTC(1995, 1, 1),
    Date.UTC(2016, 5, 5),
    Date.UTC(2024, 11, 31, 23, 59, 58),
    EPOCH_MS + 5_000,
    Date.UTC(2025, 6, 1),
  ];
  const ids = moments.map((ms) => oldId(ms, "7", "https://m.example/1", 0));
  expect(ids.map(BigInt)).toEqual(ids.map(BigInt).toSorted((a, b) => (a < b ? -1 : 1)));
  expect(idTimeMs(ids[4]!)).toBe(moments[4]!);
  expect(idTimeMs(ids[2]!)).toBeLessThan(EPOCH_MS + 9 * 60_000);
  expect(oldId(moments[1]!, "7", "https://m.example/1", 0)).toBe(ids[1]!);
  expect(oldId(moments[1]!, "7", "https://m.example/1", 1)).not.toBe(ids[1]!);
  for (const id of ids) expect(id).toMatch(/^[1-9]\d{0,18}$/);
});

const tweet = (id: string, text: string, more: object = {}) => ({
  tweet: { id_str: id, full_text: text, created_at: "Wed Mar 01 08:00:00 +0000 2017", entities: { urls: [] }, ...more },
});

test("FD253: an archive of Twitter is read too: own threads and pictures, addresses whole", async () => {
  const items = [
    tweet("30", "and on", { in_reply_to_status_id_str: "20" }),
    tweet("10", "Tea &amp; bread https://t.co/a https://t.co/p", {
      entities: { urls: [{ url: "https://t.co/a", expanded_url: "https://example.org/long" }] },
      extended_entities: {
        media: [{ url: "https://t.co/p", media_url_https: "https://pbs.twimg.example/media/X1.jpg", type: "photo" }],
      },
    }),
    tweet("20", "goes on", { in_reply_to_status_id_str: "10" }),
    tweet("40", "RT @ann: no"),
    tweet("50", "@ann yes", { in_reply_to_status_id_str: "7" }),
    tweet("60", "mine to theirs", { in_reply_to_status_id_str: "50" }),
    { tweet: { id_str: "x" } },
  ];
  const bytes = zipOf([
    { name: "data/tweets.js", content: `window.YTD.tweets.part0 = ${JSON.stringify(items.slice(0, 3))}` },
    { name: "data/tweets-part1.js", content: `window.YTD.tweets.part1 = ${JSON.stringify(items.slice(3))}` },
    { name: "data/tweets_media/10-X1.jpg", content: "JPG" },
  ]);
  using archive = await openArchive(await saved(bytes));
  expect(archive.kind).toBe("tweets");
  const read = archive.lists.flatMap((list) => [...itemsIn(list)]);
  expect(read).toEqual(items);
  const own = ownThreads(read.flatMap((item) => placeOfTweet(item) ?? []));
  const asked = { audience: "public", now_ms: Date.UTC(2026, 0, 1), own } as const;
  const found = read.map((item) => readTweet(item, asked));
  expect(found.map((one) => ("take" in one ? one.take.text : one.leave))).toEqual([
    "and on",
    "Tea & bread https://example.org/long",
    "goes on",
    "It was passed on from somebody else; they have not come along.",
    "It is an answer to somebody who is not here.",
    "It is an answer to somebody who is not here.",
    "It is not as a tweet should be.",
  ]);
  const { take } = found[1] as { take: { files: { name: string }[]; source: string; created_at_ms: number } };
  expect(take).toMatchObject({ source: "https://twitter.com/i/status/10", created_at_ms: Date.UTC(2017, 2, 1, 8) });
  expect(archive.file(take.files[0]!.name)!.size_bytes).toBe(3);
});

test("FD253: short addresses of an archive that stand for long ones of each other do not grow without end", () => {
  const grow = (to: string) => ({ url: to, expanded_url: String.fromCharCode(to.charCodeAt(0) + 1).repeat(2_000) });
  const bomb = tweet("1", "a".repeat(90_000), { entities: { urls: [..."abcdefgh"].map(grow) } });
  const found = readTweet(bomb, { audience: "public", now_ms: Date.now(), own: new Set(["1"]) });
  expect("take" in found && found.take.text.startsWith("aaaa")).toBe(true);
  // Those that Twitter made are, as often as they stand there; what comes out is cut like any post.
  const url = "https://t.co/x";
  const many = tweet("2", `${url} `.repeat(6_000), {
    entities: { urls: [{ url, expanded_url: `https://example.org/${"y".repeat(2_000)}` }] },
  });
  const long = readTweet(many, { audience: "public", now_ms: Date.now(), own: new Set(["2"]) });
  expect("take" in long && long.take.text.length <= 5_000).toBe(true);
});
