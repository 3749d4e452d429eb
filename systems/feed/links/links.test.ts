import { afterAll, describe, expect, test } from "bun:test";

import type { PostId } from "#kernel/ids.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import type { JobRun } from "#ports/jobs/index.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { createOutside } from "#ports/outside/index.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r, type Post } from "../contract.ts";
import { LINKS_TOPIC } from "../events.ts";
import type { LinkPictures } from "../needs.ts";
import { testFeed } from "../testing.ts";
import { LINK_DESCRIPTION_CHARS_MAX, LINK_TITLE_CHARS_MAX, NONE_FRESH_MS, READY_FRESH_MS } from "./bounds.ts";
import { readHead, textOf } from "./html.ts";
import { LOOK_JOB, normalised } from "./link.ts";
import { ownLinkOf } from "./own.ts";

const asked: string[] = [];
let open_now = 0;
let open_max = 0;
const page = (head: string, type = "text/html; charset=utf-8") =>
  new Response(`<!doctype html><html><head>${head}</head><body><meta property="og:title" content="a comment"></body>`, {
    headers: { "content-type": type },
  });
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const url = new URL(request.url);
    asked.push(url.pathname);
    switch (url.pathname.split("/")[1]) {
      case "article":
        return page(
          `<title>Old</title><meta property="og:title" content="Wool &amp; looms"><meta name="description" content=" All\n about it ">
           <meta property="og:image" content="/picture.png">`,
        );
      case "picture.png":
        return new Response("picture", { headers: { "content-type": "image/png" } });
      case "changing":
        return page(`<title>Look ${asked.filter((path) => path === url.pathname).length}</title>`);
      case "latin":
        return new Response(
          new Uint8Array([...Buffer.from("<title>Bl"), 0xe5, ...Buffer.from("b\u00e4r</title>", "latin1")]),
          {
            headers: { "content-type": "text/html" },
          },
        );
      case "packed":
        return new Response(Bun.gzipSync(new Uint8Array(10_000_000)), {
          headers: { "content-type": "text/html", "content-encoding": "gzip" },
        });
      case "inside":
        return new Response(null, { status: 302, headers: { location: "http://127.0.0.1:4000/secret" } });
      case "metadata":
        return new Response(null, { status: 302, headers: { location: "http://169.254.169.254/latest" } });
      case "endless":
        return new Response(
          new ReadableStream({
            pull: (stream) => stream.enqueue(new Uint8Array(65_536).fill(65)),
          }),
          { headers: { "content-type": "text/html" } },
        );
      case "slow":
        return new Response(
          new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode("<title>S")) }),
          {
            headers: { "content-type": "text/html" },
          },
        );
      case "film":
        return new Response("x", { headers: { "content-type": "video/mp4" } });
      case "untitled":
        return page(`<meta name="description" content="nothing else">`);
      case "broken":
        return new Response("no", { status: 500 });
      case "busy": {
        open_max = Math.max(open_max, ++open_now);
        await Bun.sleep(5);
        open_now -= 1;
        return page(`<title>${url.pathname}</title>`);
      }
      default:
        return new Response("no", { status: 404 });
    }
  },
});
const at = (path: string) => `http://site.test:${server.port}${path}`;

const kept: string[] = [];
const pictures: LinkPictures = {
  async keep(id, body) {
    for await (const _ of body);
    kept.push(id);
    return { name: `public/links/${id}/one.webp`, width: 640, height: 360 };
  },
  urlOf: (name) => `/blobs/${name}`,
  async dropOthers(id, name) {
    kept.push(`${id} keeps ${name}`);
  },
};
const clock = createSystemClock();
const links = {
  outside: createOutside({
    clock,
    resolve: async (name) => (name.endsWith(".test") ? ["127.0.0.1"] : ["10.0.0.1"]),
    test_addresses: [`127.0.0.1:${server.port}`],
  }),
  pictures,
  public_url: "https://folkhus.test",
  host_gap_ms: 0,
  page_ms_max: 300,
};
const t = await testFeed({ links });
afterAll(async () => {
  await t[Symbol.asyncDispose]();
  await server.stop(true);
});
const { client } = t.house;
const { pool } = t.house.db.sql;
const [ann, ben, mod] = await Promise.all([
  t.house.person("ann"),
  t.house.person("ben"),
  t.house.person("mod", "moderator"),
]);
const linkId = async (post: Post): Promise<string | null> =>
  (await pool`SELECT link_id FROM feed_posts WHERE id = ${post.id}`)[0].link_id;
const look = async (post: Post, run?: Partial<JobRun>) => t.runJob(LOOK_JOB, { link_id: (await linkId(post))! }, run);
const get = async (post: Post, by: TestPerson | null = null) =>
  (await client.call(r.getPost, { params: { id: post.id }, token: by?.token ?? null })).body;
/** Nodes hear of a card from the log; this waits until this one has. */
const shown = async (post: Post, is: (link: Post["link"]) => boolean) => {
  for (;;) {
    const { link } = await get(post);
    if (is(link)) return link;
    await Bun.sleep(5);
  }
};
const reasonOf = async (post: Post) => {
  const [row] =
    await pool`SELECT l.state, l.reason FROM feed_links l JOIN feed_posts p ON p.link_id = l.id WHERE p.id = ${post.id}`;
  return row.reason ?? row.state;
};

describe("FD187: what may not be looked at, or has nothing to show, leaves a post without a card:", () => {
  test.each([
    ["/inside", "outside.address_refused"],
    ["/metadata", "outside.address_refused"],
    ["/packed", "outside.encoding"],
    ["/film", "outside.type_refused"],
    ["/gone", "outside.status"],
    ["/untitled", "no_title"],
    ["/endless", "no_title"],
    ["/slow", "outside.too_slow"],
  ])("%s, for %s", async (path, reason) => {
    const post = await t.post(ann, `see ${at(path)}`);
    await look(post);
    expect(await reasonOf(post)).toBe(reason);
    expect((await get(post)).link).toBeNull();
  });

  test("a private address, a password, an odd port, another protocol", async () => {
    const post = await t.post(ann, "http://10.1.2.3/admin");
    await look(post);
    expect(await reasonOf(post)).toBe("outside.address_refused");
    for (const url of ["http://me:x@site.test/", "http://site.test:22/", "https://site.test:6/x"]) {
      expect(await linkId(await t.post(ann, url))).toBeNull();
    }
  });
});

test("FD186: a first link gets a card, for all who name it, by one look; its picture is a copy of ours", async () => {
  const url = at("/article?utm_source=x&id=1");
  const [a, b] = await Promise.all([t.post(ann, `${url}#part and ${at("/film")}`), t.post(ben, at("/article?id=1"))]);
  expect(await linkId(a)).toBe(await linkId(b));
  expect(a.link).toBeNull();
  asked.length = 0;
  await look(a);
  await look(b);
  expect(asked).toEqual(["/article", "/picture.png"]);
  const card = await shown(b, (link) => link !== null);
  expect(card).toEqual({
    url: at("/article?id=1"),
    title: "Wool & looms",
    description: "All about it",
    site: `site.test:${server.port}`,
    image: { url: `/blobs/public/links/${await linkId(a)}/one.webp`, width: 640, height: 360 },
  });
  expect((await t.home(ann)).items[0]?.link).toEqual(card);
});

test("FD186: cards are looked at again when they are old, and what had nothing is left alone for a while too", async () => {
  const queued = async (post: Post) =>
    (
      await pool`SELECT count(*)::int AS n FROM jobs_jobs WHERE kind = ${LOOK_JOB} AND payload->>'link_id' = ${await linkId(post)} AND state = 'live'`
    )[0].n;
  const end = (post: Post) =>
    linkId(post).then(
      (id) =>
        pool`UPDATE jobs_jobs SET state = 'done', ended_at = now() WHERE kind = ${LOOK_JOB} AND payload->>'link_id' = ${id}`,
    );
  for (const [path, fresh_ms] of [
    ["/changing", READY_FRESH_MS],
    ["/none-here", NONE_FRESH_MS],
  ] as const) {
    const post = await t.post(ann, at(path));
    expect(await queued(post)).toBe(1);
    await t.post(ben, at(path));
    expect(await queued(post)).toBe(1);
    await look(post);
    await end(post);
    await t.post(ben, at(path));
    expect(await queued(post)).toBe(0);
    t.later(fresh_ms);
    const again = await t.post(ben, at(path));
    expect(await queued(again)).toBe(1);
    if (path === "/changing") {
      await look(again);
      expect((await shown(post, (link) => link?.title === "Look 2"))?.title).toBe("Look 2");
    }
  }
});

test("FD186: a look that is cut off is done again; what fails for a moment is tried again, and at last there is no card", async () => {
  const post = await t.post(ann, at("/article/cut-off"));
  const stop = new Error("killed");
  expect(await look(post, { fenced: () => Promise.reject(stop) }).catch((error: unknown) => error)).toBe(stop);
  expect(await reasonOf(post)).toBe("waiting");
  await look(post);
  expect(await reasonOf(post)).toBe("ready");
  const down = await t.post(ann, at("/broken"));
  expect(await look(down).catch((error: Error) => error.name)).toBe("Transient");
  expect(await reasonOf(down)).toBe("waiting");
});

test("FD188: only its author takes a card away and brings it back; another link is looked at anew", async () => {
  const post = await t.post(ann, at("/article/mine"));
  await look(post);
  await shown(post, (link) => link !== null);
  const set = (route: typeof r.hidePostLink | typeof r.showPostLink, token: string | null) =>
    client.call(route as typeof r.hidePostLink, { params: { id: post.id }, token });
  expect(await set(r.hidePostLink, null)).toMatchObject({ status: 401 });
  expect(await set(r.hidePostLink, ben.token)).toMatchObject({ status: 403, code: "post.not_yours" });
  expect((await set(r.hidePostLink, ann.token)).body.link).toBeNull();
  expect((await get(post, ben)).link).toBeNull();
  expect((await set(r.showPostLink, ann.token)).body.link?.title).toBe("Wool & looms");
  await set(r.hidePostLink, ann.token);
  const edit = (text: string) => client.call(r.editPost, { params: { id: post.id }, token: ann.token, body: { text } });
  await edit(`more words ${at("/article/mine")}`);
  expect((await get(post)).link).toBeNull();
  const before = await linkId(post);
  await edit(at("/article/other"));
  expect(await linkId(post)).not.toBe(before);
  await look(post);
  expect((await shown(post, (link) => link !== null))?.url).toBe(at("/article/other"));
  expect((await edit("no link")).body.link).toBeNull();
});

test("FD189: pages of this house get a card without being fetched, as their reader may see them", async () => {
  const target = await t.post(ann, "for everybody", { audience: "public" });
  const post = await t.post(ben, `https://folkhus.test/posts/${target.id}`);
  expect(await linkId(post)).toBeNull();
  expect((await get(post)).link).toMatchObject({ title: "ann", description: "for everybody", site: "folkhus.test" });
  await client.call(r.editPost, { params: { id: target.id }, token: ann.token, body: { audience: "private" } });
  expect((await get(post)).link).toBeNull();
  expect((await get(post, ann)).link?.description).toBe("for everybody");
  await client.call(r.editPost, {
    params: { id: target.id },
    token: ann.token,
    body: { audience: "public", content_warning: "spoiler" },
  });
  expect((await get(post)).link?.description).toBe("spoiler");
  await t.house.space("hidden-room", mod, [ann], { visibility: "private" });
  const room = await t.post(ann, "https://folkhus.test/s/hidden-room");
  expect([(await get(room)).link, (await get(room, ann)).link?.title !== undefined]).toEqual([null, true]);
  const person = await t.post(ann, "https://folkhus.test/@ben");
  expect((await get(person)).link).toMatchObject({ title: "ben", description: "@ben" });
  await t.house.people.rooms.relating.block(ben.viewer, "mod");
  expect((await get(person, mod)).link).toBeNull();
  const others = [
    "https://folkhus.test.evil.test/posts/1",
    "https://folkhus.test/admin",
    "https://folkhus.test/posts/1/edit",
  ];
  expect(others.map((url) => ownLinkOf(url, "https://folkhus.test"))).toEqual([null, null, null]);
});

test("FD310: people and spaces that many posts of one page link to are asked for once", async () => {
  await t.house.space("square", mod, [ann]);
  const ids: PostId[] = [];
  for (const to of ["@ben", "@ann", "s/square"])
    for (let i = 0; i < 4; i++) ids.push((await t.post(ann, `https://folkhus.test/${to}`)).id);
  let people = 0;
  let spaces = 0;
  const node = await t.node({
    people: { ...t.house.people, byHandles: (handles) => (people++, t.house.people.byHandles(handles)) },
    spaces: { ...t.house.spaces, find: (name) => (spaces++, t.house.spaces.find(name)) },
  });
  const shown = await node.posts(ben.viewer, ids);
  expect([...shown.values()].map((post) => post.link?.title)).toEqual([
    ...Array.from({ length: 4 }, () => "ben"),
    ...Array.from({ length: 4 }, () => "ann"),
    ...Array.from({ length: 4 }, () => "square"),
  ]);
  expect([people, spaces]).toEqual([1, 1]);
});

test("FD190: of one host one page is looked at at a time, in the whole house", async () => {
  const jobs = createJobs({ sql: t.house.db.sql, clock: t.house.db.clock });
  await t.node({ jobs });
  await pool`UPDATE jobs_jobs SET state = 'cancelled', ended_at = now() WHERE state = 'live'`;
  await pool`DELETE FROM jobs_queue`;
  const posts = await Promise.all([1, 2, 3, 4].map((n) => t.post(ann, at(`/busy/${n}`))));
  jobs.start();
  for (const post of posts) await shown(post, (link) => link !== null);
  await jobs[Symbol.asyncDispose]();
  expect(open_max).toBe(1);
});

describe("FD191: a page's words", () => {
  const head = (html: string) => readHead(html, "https://site.test/a/b");

  test("are read from its head only, Open Graph first, and marks that steer or hide other text go", () => {
    expect(
      head(`<title>One</title><body><meta property="og:title" content="Two"><svg><title>x</title></svg>`).title,
    ).toBe("One");
    expect(head(`<title> a\u202e\u0007b&#x202e;\n c &#0;&#xffffffff;&amp;amp; </title>`).title).toBe(
      "a b c &#xffffffff;&amp;",
    );
    expect(head(`<script>"<title>no</title>"</script><title>yes</title>`).title).toBe("yes");
    expect(head(`<!-- <title>no</title> --><meta property=og:title content='it&#39;s'>`).title).toBe("it's");
    expect(head("")).toEqual({ title: null, description: null, image_url: null });
  });

  test("have an end, and what hostile pages do takes no longer than reading them", () => {
    const long = head(`<title>${"å".repeat(700_000)}</title><meta name=description content="${"<".repeat(60_000)}">`);
    expect([long.title?.length, long.title?.endsWith("…")]).toEqual([LINK_TITLE_CHARS_MAX, true]);
    for (const evil of [
      "<".repeat(700_000),
      "<div>".repeat(140_000),
      `<meta ${"a=b ".repeat(100_000)}>`,
      `<title>${"&".repeat(700_000)}`,
      `<meta content="${"&#".repeat(300_000)}`,
      "\0".repeat(700_000),
    ]) {
      const { title, description } = head(evil);
      expect((title?.length ?? 0) <= LINK_TITLE_CHARS_MAX).toBe(true);
      expect((description?.length ?? 0) <= LINK_DESCRIPTION_CHARS_MAX).toBe(true);
    }
  });

  test("keep to the network: a picture's address is http or https", () => {
    const image = (content: string) => head(`<meta property="og:image" content="${content}">`).image_url;
    expect(image("../p.png")).toBe("https://site.test/p.png");
    expect(["javascript:alert(1)", "data:image/png;base64,xx", "file:///etc/passwd", ""].map(image)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  test("are read in whatever letters they were written", async () => {
    expect(textOf(Buffer.from("Blåbär"), null)).toBe("Blåbär");
    expect(textOf(Buffer.from("Bl\xe5b\xe4r", "latin1"), null)).toBe("Blåbär");
    expect(textOf(Buffer.from(`<meta charset=iso-8859-1>Bl\xe5b\xe4r`, "latin1"), null)).toContain("Blåbär");
    expect(textOf(Buffer.from("x"), "no-such-charset")).toBe("x");
    const post = await t.post(ann, at("/latin"));
    await look(post);
    expect((await shown(post, (link) => link !== null))?.title).toBe("Blåbär");
  });
});

test("FD186: an address has one spelling, without what only says who sent a reader", () => {
  expect(normalised("HTTP://Site.TEST:80/a?utm_source=x&b=1&fbclid=y#z")).toBe("http://site.test/a?b=1");
  expect(normalised("https://bücher.test/ü")).toBe("https://xn--bcher-kva.test/%C3%BC");
  expect(
    ["ftp://site.test", "http://a:b@site.test", "nonsense", `http://site.test/${"x".repeat(2_100)}`].map(normalised),
  ).toEqual([null, null, null, null]);
});

test("FD343: a card that another system shows is told of and kept, until it is let go", async () => {
  const { links: book } = t.feed;
  const { sql } = t.house.db;
  const hold = (text: string, holder: string) => sql.tx((tx) => book.hold(tx, text, holder));
  expect(await hold("no link", "chat:1")).toBeNull();
  expect(await hold("https://folkhus.test/posts/1", "chat:1")).toBeNull();
  const id = (await hold(`See ${at("/article/held")}`, "chat:1"))!;
  expect(await hold(at("/article/held"), "chat:2")).toBe(id);
  expect(await book.cards(pool, [id])).toEqual(new Map());
  await t.runJob(LOOK_JOB, { link_id: id });
  expect((await book.cards(pool, [id])).get(id)).toMatchObject({ title: "Wool & looms", url: at("/article/held") });
  const told = await pool`SELECT data FROM log_events WHERE topic = ${LINKS_TOPIC} AND key = ${id}`;
  expect(JSON.stringify(told)).toContain("chat:2");
  t.later(READY_FRESH_MS + 31 * 86_400_000);
  await book.release(pool, id, "chat:1");
  await t.runJob("feed.forget_links", {});
  expect((await book.cards(pool, [id])).size).toBe(1);
  await book.release(pool, id, "chat:2");
  await t.runJob("feed.forget_links", {});
  expect(await pool`SELECT 1 FROM feed_links WHERE id = ${id}`).toHaveLength(0);
});

test("FD192: addresses that no post names go after a while, with their pictures", async () => {
  const post = await t.post(ann, at("/article/forgotten"));
  await look(post);
  const id = await linkId(post);
  await client.call(r.editPost, { params: { id: post.id }, token: ann.token, body: { text: "nothing" } });
  t.later(READY_FRESH_MS + 31 * 86_400_000);
  await t.runJob("feed.forget_links", {});
  expect(await pool`SELECT 1 FROM feed_links WHERE id = ${id}`).toHaveLength(0);
  expect(kept).toContain(`${id} keeps null`);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
