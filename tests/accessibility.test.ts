import { afterAll, describe, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { chatRoutes } from "#systems/chat/contract.ts";
import { createComment, createPost } from "#systems/feed/contract.ts";
import { createVideo, getVideo, putCaptions } from "#systems/media/contract.ts";
import { moderationRoutes } from "#systems/moderation/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import { openBrowser } from "./browser.ts";
import { makeClip, PASSWORD, personOf, startHouse, uploadFile } from "./house.ts";

/** axe-core, the engine behind most accessibility checkers, over the screens of the page; WCAG 2.2, levels A and AA. */
const AXE = await Bun.file(new URL("../node_modules/axe-core/axe.min.js", import.meta.url)).text();
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const house = await startHouse();
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await house[Symbol.asyncDispose]();
});

const token = await personOf(house, "astrid");
const other = await personOf(house, "bo");
const { client } = house;
await client.call(peopleRoutes.follow, { token, params: { handle: "bo" } });
const space = await client.call(spacesRoutes.createSpace, { token, body: { name: "Weavers", slug: "weavers" } });
const post = await client.call(createPost, {
  token: other,
  body: { text: "Tea at four, @astrid. #tea https://example.org", audience: "public" },
});
await client.call(createPost, { token, body: { text: "Bring yarn", audience: "space", space_id: space.body.id } });
await client.call(createComment, { token, params: { id: post.body.id }, body: { text: "With pleasure" } });

/** A film that plays, with words and numbers to show. */
const upload_id = await uploadFile(house, token, {
  name: "film.mp4",
  media_type: "video/mp4",
  bytes: await makeClip({ seconds: 4, width: 320, height: 180 }),
});
const film = await client.call(createVideo, { token, body: { upload_id, title: "Spinning", audience: "public" } });
const params = { video_id: film.body.id };
const cues = [{ start_ms: 0, end_ms: 2_000, text: "This is wool." }];
await client.call(putCaptions, { token, params: { ...params, language: "en" }, body: { cues } });
for (let ready = false; !ready;) {
  const { body } = await client.call(getVideo, { token, params, query: { wait_ms: 1_000 } });
  ready = body.hls_url !== null || body.status === "failed";
}
// Somebody who runs the house sees its rooms too, with something in them.
const rut = { handle: "rut", password: PASSWORD };
await client.call(peopleRoutes.signUp, {
  body: { ...rut, display_name: "Rut", setup_token: house.setup_token ?? "" },
});
const root = (await client.call(peopleRoutes.signIn, { body: rut })).body.token;
await client.call(peopleRoutes.setRole, { token: root, params: { handle: "astrid" }, body: { role: "admin" } });
const subject = { kind: "post", id: post.body.id } as const;
await client.call(moderationRoutes.report, { token: root, body: { subject, rule_id: "1", words: "Too early" } });
const opened = await client.call(moderationRoutes.openCase, { token, body: { subject } });

const FILM = [
  `/watch/${film.body.id}`,
  ...["", "?tab=picture", "?tab=captions", "?tab=cut", "?tab=numbers"].map((tab) => `/studio/${film.body.id}${tab}`),
];

const direct = await client.call(chatRoutes.openDirect, { token: other, params: { handle: "astrid" } });
await client.call(chatRoutes.sendMessage, {
  token: other,
  params: { id: direct.body.id },
  body: { cid: "one", body: "Tea, @astrid? `now` https://example.org" },
});

const SIGNED_IN = [
  "/chat",
  `/chat/${direct.body.id}`,
  "/",
  "/discover",
  "/discover?tab=trending",
  "/for-you",
  "/shorts",
  "/@bo",
  "/@astrid",
  `/posts/${post.body.id}`,
  "/tags/tea",
  "/spaces",
  "/s/weavers",
  "/s/weavers?tab=channels",
  "/bookmarks",
  "/lists",
  "/catch-up",
  "/slow-lane",
  "/notifications",
  "/videos",
  "/history",
  "/playlists",
  "/playlists/watch_later",
  "/studio",
  "/studio/numbers",
  "/studio/storage",
  ...FILM,
  "/settings/profile",
  "/settings/notifications",
  "/settings/chats",
  "/notifications/unsubscribe?token=a-letter-had-this-one",
  "/settings/sessions",
  "/settings/tokens",
  "/settings/along",
  "/settings/reading",
  "/settings/for-you",
  "/settings/standing",
  "/moderation",
  `/moderation?id=${opened.body.id}`,
  "/admin/log",
  "/admin/shields",
  "/admin/jobs",
  "/admin/limits",
  "/about",
  "/nowhere",
];
const SIGNED_OUT = ["/", "/sign-in", "/sign-up", `/posts/${post.body.id}`];
const WAYS = [
  { name: "desktop, light", viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  { name: "phone, dark", viewport: { width: 390, height: 844 }, colorScheme: "dark" },
] as const;

interface Violation {
  id: string;
  nodes: { html: string }[];
}

/** While one screen comes to rest, another is looked at. */
const PAGES_AT_ONCE = 3;

async function faultsOf(page: Page, path: string): Promise<string[]> {
  await page.goto(`${house.url}${path}`, { waitUntil: "networkidle" });
  await page.locator("h1, h2, form, article").first().waitFor({ state: "attached" });
  // A page that lies behind another draws no frames: what rises there, now or later, would be judged half transparent.
  await page.addStyleTag({
    content: "*, *::before, *::after { animation: none !important; transition: none !important }",
  });
  await page.evaluate(AXE);
  const violations = await page.evaluate(
    async (tags) =>
      (
        await (
          globalThis as unknown as {
            axe: { run(where: Document, options: object): Promise<{ violations: Violation[] }> };
          }
        ).axe.run(document, { runOnly: tags })
      ).violations,
    TAGS,
  );
  return violations.map(({ id, nodes }) => `${path}: ${id}: ${nodes[0]?.html.slice(0, 160)}`);
}

describe("the page for everybody", () => {
  for (const way of WAYS) {
    test(`JO4: no screen has what a checker of WCAG 2.2 AA finds wrong (${way.name})`, async () => {
      const wrong: string[] = [];
      for (const signedIn of [false, true]) {
        const context = await browser.newContext({
          viewport: way.viewport,
          colorScheme: way.colorScheme,
          bypassCSP: true,
          reducedMotion: "reduce",
        });
        if (signedIn)
          await context.request.post(`${house.url}/v1/sessions`, { data: { handle: "astrid", password: PASSWORD } });
        const paths = signedIn ? [...SIGNED_IN] : [...SIGNED_OUT];
        const look = async (page: Page) => {
          for (let path = paths.shift(); path !== undefined; path = paths.shift())
            wrong.push(...(await faultsOf(page, path)));
        };
        await Promise.all(Array.from({ length: PAGES_AT_ONCE }, async () => look(await context.newPage())));
        await context.close();
      }
      expect(wrong).toEqual([]);
    }, 240_000);
  }
});
