import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Problem } from "#kernel/errors.ts";
import type { JsonObject } from "#kernel/json.ts";
import { createFileBlobs } from "#ports/blobs/index.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r } from "../contract.ts";
import { testFeed } from "../testing.ts";
import { openArchive } from "./archive.ts";
import { EXPORT_JOB } from "./export.ts";
import { createMoving, type MovingFiles, serveMoving } from "./index.ts";
import { LIST_JOB } from "./lists.ts";
import { POSTS_JOB } from "./posts.ts";
import { zipOf } from "./testing.ts";
import { UNDO_JOB } from "./undo.ts";

const t = await testFeed();
const folder = await mkdtemp(join(tmpdir(), "moving-"));
const { ground } = t.feed.rooms;
const blobs = await createFileBlobs({
  folder: join(folder, "blobs"),
  clock: ground.clock,
  secret: "x".repeat(40),
  base_path: "/blobs",
  onError: (error) => t.house.broken.push(error),
});
afterAll(async () => {
  await blobs[Symbol.asyncDispose]();
  await t[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});
/** Media held in the hand: bytes of a picture under its id, and what came in. */
const came: string[] = [];
const files: MovingFiles = {
  filesOf: async ({ image_ids }) =>
    image_ids.map((id) => ({
      id,
      blob: `images/${id}/large.webp`,
      media_type: "image/webp",
      size_bytes: 7,
      alt: "a loom",
      width: 4,
      height: 3,
    })),
  async takeIn(owner_id, { filename, media_type, body }) {
    const text = await new Response(body as never).text();
    if (media_type === "image/tiff") throw new Problem(415, "upload.type_refused", "Files of this type are not taken.");
    came.push(`${filename}: ${text}`);
    const id = String(7_000 + came.length);
    t.media.image(id, owner_id);
    return { kind: "image", id };
  },
};
const { relating } = t.house.people.rooms;
serveMoving(t.house.api, createMoving({ ground, blobs, files, relating, reading: t.feed.rooms }));
const { call } = t.house.client;
const [ann, ben, cleo, dora] = await Promise.all(
  ["ann", "ben", "cleo", "dora"].map((handle) => t.house.person(handle)),
);
const [a, b, c, d] = [ann!, ben!, cleo!, dora!];

const fetched = async (url: string): Promise<string> => {
  const response = await blobs.handler(new Request(new URL(url, "http://house.example")));
  expect(response.status).toBe(200);
  const path = join(folder, crypto.randomUUID());
  await Bun.write(path, await response.arrayBuffer());
  return path;
};
const exported = async (who: TestPerson) => (await call(r.listExports, { token: who.token })).body.items[0]!;
const importOf = async (who: TestPerson, id: string) =>
  (await call(r.getImport, { token: who.token, params: { id } })).body;
const lines = async (who: TestPerson, id: string, query = {}) =>
  (await call(r.listImportLines, { token: who.token, params: { id }, query })).body.items;
async function bring(who: TestPerson, bytes: Uint8Array, more: { audience?: "private" } = {}) {
  const { body } = await call(r.startImport, {
    token: who.token,
    body: { kind: "posts", filename: "archive.zip", size_bytes: bytes.byteLength, ...more },
  });
  const [part] = body.upload!.parts;
  const put = await blobs.handler(
    new Request(new URL(part!.url, "http://house.example"), { method: "PUT", body: bytes as never }),
  );
  const parts = [{ part_number: 1, etag: put.headers.get("etag")! }];
  const { id } = body.import;
  const begun = await call(r.beginImport, { token: who.token, params: { id }, body: { parts } });
  expect(begun.body).toMatchObject({ state: "working" });
  return id;
}
const begin = async (who: TestPerson, kind: "follows" | "mutes" | "blocks" | "lists" | "bookmarks", csv: string) =>
  (await call(r.startImport, { token: who.token, body: { kind, csv, filename: `${kind}.csv` } })).body.import.id;

test("FD250: an archive has all that one wrote and keeps, is one's own, and is fetched for a day by a signed address", async () => {
  await blobs.put("images/501/large.webp", new TextEncoder().encode("picture"), { media_type: "image/webp" });
  t.media.image("501", a.id);
  const post = await t.post(a, "first #tea & more", { image_ids: ["501"] });
  await call(r.editPost, { token: a.token, params: { id: post.id }, body: { text: "second #tea & more" } });
  await t.post(a, "for few", { audience: "followers" });
  const theirs = await t.post(b, "ben's");
  await call(r.createComment, { token: a.token, params: { id: theirs.id }, body: { text: "well said" } });
  for (const route of [r.likePost, r.bookmarkPost, r.repostPost])
    await call(route, { token: a.token, params: { id: theirs.id } });
  await relating.follow(a.viewer, "ben");
  const list = await call(r.createList, { token: a.token, body: { name: "Near, and dear" } });
  await call(r.addToList, { token: a.token, params: { id: list.body.id, handle: "ben" } });
  await call(r.muteWord, { token: a.token, body: { phrase: "spiders" } });
  await relating.mute(a.viewer, "cleo");
  await relating.block(a.viewer, "dora");

  expect(await call(r.startExport)).toMatchObject({ status: 401 });
  const begun = await call(r.startExport, { token: a.token });
  expect(begun).toMatchObject({ status: 202, body: { state: "working", url: null } });
  expect(await call(r.startExport, { token: a.token })).toMatchObject({ status: 409, code: "export.running" });
  const { id } = begun.body;
  // Cut off behind each step, and gone on from what it had written down.
  let cursor: JsonObject | null = null;
  for (let cuts = 0; (await exported(a)).state === "working"; cuts++) {
    expect(cuts).toBeLessThan(20);
    const checkpoint = async (at: JsonObject) => {
      cursor = at;
      throw new Error("cut off");
    };
    await t.runJob(EXPORT_JOB, { export_id: id }, { cursor, checkpoint }).catch((error: Error) => {
      expect(error.message).toBe("cut off");
    });
  }
  const ready = await exported(a);
  expect(ready).toMatchObject({ state: "ready", posts: 2, files: 1, left_out: 0, progress: 1 });
  using archive = await openArchive(await fetched(ready.url!));
  const outbox = JSON.parse(archive.lists[0]!) as {
    totalItems: number;
    orderedItems: { object: Record<string, unknown> }[];
  };
  expect(outbox.totalItems).toBe(2);
  expect(outbox.orderedItems[0]!.object).toMatchObject({
    source: { content: "second #tea & more", mediaType: "text/plain" },
    tag: [{ type: "Hashtag", name: "#tea" }],
    attachment: [{ url: "/media_attachments/files/501.webp", name: "a loom" }],
    "house:edits": [{ version: 1, text: "first #tea & more" }],
  });
  expect(outbox.orderedItems[1]!.object).toMatchObject({ to: [expect.stringMatching(/\/@ann\/followers$/)], cc: [] });
  const read = async (name: string) => new Response((await archive.file(name)!.read()) as never).text();
  expect(await read("media_attachments/files/501.webp")).toBe("picture");
  expect(await read("following_accounts.csv")).toMatch(/^Account address,[^\n]*\r\nben@[\w.:]+,true,false,\r\n$/);
  expect(await read("lists.csv")).toMatch(/^"Near, and dear",ben@[\w.:]+\r\n$/);
  expect(await read("muted_words.json")).toContain('"phrase": "spiders"');
  for (const name of ["drafts.json", "scheduled.json"]) expect(JSON.parse(await read(name)), name).toEqual([]);
  expect(await read("muted_accounts.csv")).toContain("cleo@");
  expect(await read("blocked_accounts.csv")).toMatch(/^dora@[\w.:]+\r\n$/);
  expect(await read("bookmarks.csv")).toContain(`/posts/${theirs.id}`);
  for (const name of ["likes.json", "bookmarks.json", "reposts.json"])
    expect((JSON.parse(await read(name)) as { orderedItems: string[] }).orderedItems[0], name).toContain(theirs.id);
  expect(await read("comments.json")).toContain("well said");
  expect(await blobs.list(`exports/${id}/`)).toMatchObject({ names: [`exports/${id}/archive.zip`] });
  // Others see nothing of it, and an address that was changed opens nothing.
  expect((await call(r.listExports, { token: b.token })).body.items).toEqual([]);
  expect(await call(r.deleteExport, { token: b.token, params: { id } })).toMatchObject({ status: 404 });
  const forged = new URL(ready.url!.replace(/archive\.zip/, "archive2.zip"), "http://house.example");
  expect((await blobs.handler(new Request(forged))).status).toBe(403);
});

test("FD250: an archive goes after its day, when a newer one is ready, or when its owner says so", async () => {
  const first = await exported(a);
  const second = (await call(r.startExport, { token: a.token })).body;
  await t.runJob(EXPORT_JOB, { export_id: second.id });
  const states = async () => (await call(r.listExports, { token: a.token })).body.items.map(({ state }) => state);
  expect(await states()).toEqual(["ready", "gone"]);
  await call(r.deleteExport, { token: a.token, params: { id: second.id } });
  expect(await states()).toEqual(["gone", "gone"]);
  expect((await blobs.list(`exports/${second.id}/`)).names).toEqual([]);
  const third = (await call(r.startExport, { token: a.token })).body;
  await t.runJob(EXPORT_JOB, { export_id: third.id });
  t.later(24 * 3_600_000 + 1);
  expect(await exported(a)).toMatchObject({ state: "gone", url: null });
  await t.runJob("feed.moving_sweep", {});
  // Of who has left nothing is kept.
  await t.house.db.sql.pool`UPDATE feed_exports SET person_id = 77 WHERE id = ${first.id}`;
  await t.runJob("feed.moving_sweep", {});
  expect((await t.house.db.sql.pool`SELECT 1 FROM feed_exports WHERE person_id = 77`).length).toBe(0);
  t.later(-24 * 3_600_000 - 1);
  expect((await blobs.list(`exports/${third.id}/`)).names).toEqual([]);
  expect(first.id).not.toBe(third.id);
});

test("FD255: a list is taken line by line through the same doors as by hand, told, and taken back whole", async () => {
  const { host } = new URL(
    (await call(r.listImports, { token: b.token })).status === 200 ? "http://house.example" : "x:",
  );
  expect(host).toBe("house.example");
  for (const [csv, code] of [
    ["Account address,Show boosts\n", "import.empty"],
    ["ann\n".repeat(10_001), "import.too_many_lines"],
  ] as const)
    expect(await call(r.startImport, { token: b.token, body: { kind: "follows", csv } })).toMatchObject({
      status: 422,
      code,
    });
  await relating.follow(b.viewer, "cleo");
  await relating.block(d.viewer, "ben");
  const id = await begin(
    b,
    "follows",
    "Account address,Show boosts\nann,true\n@Cleo,true\ndora,true\nnobody_at_all,true\nann@far.example,true\nben,true\nx y,true\n",
  );
  expect(await call(r.startImport, { token: b.token, body: { kind: "mutes", csv: "ann" } })).toMatchObject({
    status: 409,
    code: "import.running",
  });
  await t.runJob(LIST_JOB, { import_id: id, host: "house.example" });
  expect(await importOf(b, id)).toMatchObject({ state: "done", lines: 7, lines_done: 7, taken: 1, there: 1, left: 5 });
  expect((await lines(b, id)).map(({ outcome, detail }) => [outcome, detail])).toEqual([
    ["taken", null],
    ["there", null],
    ["left", "There is no such person, or it is not for you."],
    ["left", "Nobody here has this name."],
    ["left", "They live in another house."],
    ["left", "That is you."],
    ["left", "This is no address of anybody."],
  ]);
  expect(await lines(b, id, { outcome: "taken" })).toHaveLength(1);
  for (const route of [r.getImport, r.listImportLines, r.undoImport])
    expect(await call(route as typeof r.getImport, { token: a.token, params: { id } })).toMatchObject({ status: 404 });
  await call(r.undoImport, { token: b.token, params: { id } });
  await t.runJob(UNDO_JOB, { import_id: id });
  expect(await importOf(b, id)).toMatchObject({ state: "undone" });
  const { follows } = await t.house.people.relations(b.id);
  expect([follows.has(a.id), follows.has(c.id)]).toEqual([false, true]);
  expect(await call(r.undoImport, { token: b.token, params: { id } })).toMatchObject({
    status: 409,
    code: "import.nothing_to_undo",
  });
});

/** A process that dies when all lines are worked through and before any of it is written down as done. */
const diesAtTheEnd = {
  fenced: async () => {
    throw new Error("killed");
  },
};
async function brought(who: TestPerson, kind: "lists" | "bookmarks", csv: string): Promise<string> {
  const id = await begin(who, kind, csv);
  const payload = { import_id: id, host: "house.example" };
  await expect(t.runJob(LIST_JOB, payload, diesAtTheEnd)).rejects.toThrow("killed");
  const first = await lines(who, id);
  await t.runJob(LIST_JOB, payload);
  // Who goes on behind a kill tells the same, and does nothing twice.
  expect(await lines(who, id)).toEqual(first);
  return id;
}
const listsOf = async (who: TestPerson) => {
  const { items } = (await call(r.listLists, { token: who.token })).body;
  const people = async (id: (typeof items)[number]["id"]) =>
    (await call(r.listListPeople, { token: who.token, params: { id } })).body.items
      .map(({ handle }) => handle)
      .toSorted();
  return Object.fromEntries(await Promise.all(items.map(async ({ id, name }) => [name, await people(id)] as const)));
};

test("FD282: lists of people come along by their names, once however often it is tried, and are taken back whole", async () => {
  const own = (await call(r.createList, { token: c.token, body: { name: "Weavers", handle: "ann" } })).body;
  const id = await brought(
    c,
    "lists",
    'weavers,ann\nWeavers,ben@house.example\n"Few, and far",ben\n"Few, and far",@ann\nFar,ann@far.example\nNobody,nobody_at_all\n,ben\nAlone\n',
  );
  expect((await lines(c, id)).map(({ subject, outcome, detail }) => [subject, outcome, detail])).toEqual([
    ["weavers: ann", "there", null],
    ["Weavers: ben@house.example", "taken", null],
    ["Few, and far: ben", "taken", null],
    ["Few, and far: @ann", "taken", null],
    ["Far: ann@far.example", "left", "They live in another house."],
    ["Nobody: nobody_at_all", "left", "Nobody here has this name."],
    ["Alone", "left", "This is no address of anybody."],
  ]);
  expect(await listsOf(c)).toEqual({ "Few, and far": ["ann", "ben"], Weavers: ["ann", "ben"] });
  await call(r.undoImport, { token: c.token, params: { id } });
  await t.runJob(UNDO_JOB, { import_id: id });
  await t.runJob(UNDO_JOB, { import_id: id });
  expect(await importOf(c, id)).toMatchObject({ state: "undone" });
  expect(await listsOf(c)).toEqual({ Weavers: ["ann"] });
  await call(r.deleteList, { token: c.token, params: { id: own.id } });
});

test("FD283: bookmarks come along where the post is here and may be read, and are taken back; what was kept before stays", async () => {
  const [open, kept, closed] = [
    await t.post(a, "open"),
    await t.post(a, "kept"),
    await t.post(a, "no", { audience: "private" }),
  ];
  await call(r.bookmarkPost, { token: b.token, params: { id: kept.id } });
  const at = (id: string) => `https://house.example/posts/${id}`;
  const id = await brought(
    b,
    "bookmarks",
    [at(open.id), at(kept.id), at(closed.id), at("17"), "https://far.example/posts/3", "x"].join("\n"),
  );
  expect((await lines(b, id)).map(({ outcome, detail, post_id }) => [outcome, detail, post_id])).toEqual([
    ["taken", null, open.id],
    ["there", null, kept.id],
    ["left", "There is no such post, or it is not for you.", null],
    ["left", "There is no such post, or it is not for you.", null],
    ["left", "This is no address of a post in this house.", null],
    ["left", "This is no address of a post in this house.", null],
  ]);
  const bookmarked = async () =>
    (await call(r.listBookmarks, { token: b.token })).body.items.map((post) => post.id).toSorted();
  expect(await bookmarked()).toEqual([open.id, kept.id].toSorted());
  await call(r.undoImport, { token: b.token, params: { id } });
  await t.runJob(UNDO_JOB, { import_id: id });
  expect(await bookmarked()).toEqual([kept.id]);
  await call(r.unbookmarkPost, { token: b.token, params: { id: kept.id } });
});

const PUBLIC = "https://www.w3.org/ns/activitystreams#Public";
const note = (n: number, published: string, more: object = {}) => ({
  type: "Create",
  actor: "https://m.example/users/c",
  object: {
    id: `https://m.example/users/c/statuses/${n}`,
    type: "Note",
    published,
    attributedTo: "https://m.example/users/c",
    content: `<p>old ${n} #loom @ann</p>`,
    to: [PUBLIC],
    cc: [],
    ...more,
  },
});
const OUTBOX = {
  orderedItems: [
    note(1, "2017-03-01T08:00:00Z", {
      attachment: [
        { type: "Document", mediaType: "image/png", url: "/media_attachments/files/1.png", name: "a picture" },
        { type: "Document", mediaType: "image/tiff", url: "/media_attachments/files/2.tiff", name: null },
        { type: "Document", mediaType: "image/png", url: "/media_attachments/files/missing.png", name: null },
      ],
    }),
    note(2, "2019-06-01T08:00:00Z"),
    note(3, "2019-06-01T09:00:00Z", { inReplyTo: "https://m.example/users/c/statuses/2" }),
    note(4, "2020-01-01T00:00:00Z", { inReplyTo: "https://far.example/9" }),
    { type: "Announce", actor: "https://m.example/users/c", object: "https://far.example/9" },
    note(5, "2025-08-01T00:00:00Z"),
  ],
};
const ZIP = zipOf([
  { name: "outbox.json", content: JSON.stringify(OUTBOX) },
  { name: "media_attachments/files/1.png", content: "PNG" },
  { name: "media_attachments/files/2.tiff", content: "TIFF" },
]);

test("FD254: old posts stand at their own date, marked, on their author's page, and are news to nobody", async () => {
  await relating.follow(d.viewer, "cleo");
  const today = await t.post(c, "written today");
  const id = await bring(c, ZIP);
  const before = await t.house.log.head("feed");
  // Cut off behind the first lines, and gone on from there: no post comes twice.
  let posts = 0;
  const fenced = ((work: never) => {
    posts += 1;
    if (posts === 3) throw new Error("cut off");
    return t.house.db.sql.tx(work);
  }) as never;
  await t.runJob(POSTS_JOB, { import_id: id, host: "house.example" }, { fenced }).catch(() => {});
  await t.runJob(POSTS_JOB, { import_id: id, host: "house.example" });
  expect(await importOf(c, id)).toMatchObject({ state: "done", lines: 6, taken: 4, there: 0, left: 2 });
  expect((await lines(c, id)).map(({ detail }) => detail)).toEqual([
    "A file of it is not in the archive.",
    null,
    null,
    "It is an answer to somebody who is not here.",
    "It was passed on from somebody else; they have not come along.",
    null,
  ]);
  expect(came.every((line) => line === "1.png: PNG")).toBe(true);

  const page = await call(r.personPosts, { params: { handle: "cleo" } });
  expect(page.body.items.map(({ text, created_at }) => `${created_at.slice(0, 10)} ${text}`)).toEqual([
    `${today.created_at.slice(0, 10)} written today`,
    "2025-08-01 old 5 #loom @ann",
    "2019-06-01 old 3 #loom @ann",
    "2019-06-01 old 2 #loom @ann",
    "2017-03-01 old 1 #loom @ann",
  ]);
  const [first, old] = page.body.items;
  expect(first!.imported_at).toBeNull();
  expect(old!.imported_at).not.toBeNull();
  // At the top of a follower's home is what was written, nobody was named, nothing was told as new.
  expect((await t.home(d, { limit: 1 })).items[0]!.text).toBe("written today");
  expect(old!.mentions).toEqual([]);
  const told = await t.house.log.read("feed", before, 100);
  expect(told.filter(({ type }) => type === "feed.post_created")).toEqual([]);
});

test("FD254: the same post is never taken in twice; one's own archive changes nothing in its own house", async () => {
  const again = await bring(c, ZIP, { audience: "private" });
  await t.runJob(POSTS_JOB, { import_id: again, host: "house.example" });
  expect(await importOf(c, again)).toMatchObject({ state: "done", taken: 0, there: 4, left: 2 });
  const { body } = await call(r.startExport, { token: c.token });
  await t.runJob(EXPORT_JOB, { export_id: body.id });
  const path = await fetched((await exported(c)).url!);
  const bytes = new Uint8Array(await Bun.file(path).arrayBuffer());
  using archive = await openArchive(path);
  const host = /"id":"https?:\/\/([^/"]+)\/posts/.exec(archive.lists[0]!)![1]!;
  const own = await bring(c, bytes);
  await t.runJob(POSTS_JOB, { import_id: own, host });
  expect(await importOf(c, own)).toMatchObject({ state: "done", taken: 0, there: 5 });
  // In another house they are old posts of theirs, with the very words.
  const elsewhere = await bring(d, bytes, { audience: "private" });
  await t.runJob(POSTS_JOB, { import_id: elsewhere, host: "elsewhere.example" });
  expect(await importOf(d, elsewhere)).toMatchObject({ taken: 5, there: 0, left: 0 });
  const page = await call(r.personPosts, { params: { handle: "dora" }, token: d.token });
  expect(page.body.items.map(({ text, audience }) => `${audience}: ${text}`)).toContain("private: old 2 #loom @ann");
});

test("FD253: an archive of Twitter becomes posts as well", async () => {
  const tweets = ["10", "20"].map((id_str, i) => ({
    tweet: {
      id_str,
      full_text: `tweet ${id_str}`,
      created_at: "Wed Mar 01 08:00:00 +0000 2017",
      ...(i === 1 ? { in_reply_to_status_id_str: "10" } : {}),
    },
  }));
  const id = await bring(
    b,
    zipOf([{ name: "data/tweets.js", content: `window.YTD.tweets.part0 = ${JSON.stringify(tweets)}` }]),
  );
  await t.runJob(POSTS_JOB, { import_id: id, host: "house.example" });
  expect(await importOf(b, id)).toMatchObject({ state: "done", lines: 2, taken: 2, left: 0 });
});

test("FD256: an import is taken back whole; what was written here stays, and it can be brought again", async () => {
  const imports = (await call(r.listImports, { token: c.token })).body.items;
  const { id } = imports.find(({ kind, taken }) => kind === "posts" && taken === 4)!;
  await call(r.undoImport, { token: c.token, params: { id } });
  await t.runJob(UNDO_JOB, { import_id: id });
  expect(await importOf(c, id)).toMatchObject({ state: "undone", taken: 4 });
  const texts = async () =>
    (await call(r.personPosts, { params: { handle: "cleo" } })).body.items.map(({ text }) => text);
  expect(await texts()).toEqual(["written today"]);
  const anew = await bring(c, ZIP);
  await t.runJob(POSTS_JOB, { import_id: anew, host: "house.example" });
  expect(await importOf(c, anew)).toMatchObject({ taken: 4 });
  expect(await texts()).toHaveLength(5);
});

test("FD252: a refused archive ends the import with its reason, and leaves nothing", async () => {
  const id = await bring(a, zipOf([{ name: "../../outbox.json", content: "{}" }]));
  const reason = await t.runJob(POSTS_JOB, { import_id: id, host: "house.example" }).then(
    () => null,
    (error: Error) => error.message,
  );
  expect(reason).toContain("This archive was refused");
  const broken = zipOf([
    { name: "outbox.json", content: `{"orderedItems":[${JSON.stringify(note(1, "2019-01-01"))},{` },
  ]);
  await t.house.db.sql.pool`UPDATE feed_imports SET state = 'failed' WHERE id = ${id}`;
  const second = await bring(a, broken);
  const why = await t.runJob(POSTS_JOB, { import_id: second, host: "house.example" }).then(
    () => null,
    (error: Error) => error.message,
  );
  expect(why).toContain("cannot be read");
  expect(await importOf(a, second)).toMatchObject({ taken: 0, lines: 0 });
  expect(t.house.broken).toEqual([]);
});
