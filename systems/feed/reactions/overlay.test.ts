import { afterAll, expect, test } from "bun:test";

import type { PostId } from "#kernel/ids.ts";

import { feedRoutes as r } from "../contract.ts";
import { testFeed } from "../testing.ts";
import { createOverlay } from "./overlay.ts";

const LIKED = 1;
const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());

/** Somebody who likes two posts, and what is remembered of that. */
async function liker(handle: string, viewer_posts_max: number) {
  const who = await t.house.person(handle);
  const ids: PostId[] = [];
  for (const text of ["one", "two"]) {
    const { id } = await t.post(who, text);
    ids.push(id as PostId);
    await t.house.client.call(r.likePost, { token: who.token, params: { id } });
  }
  const overlay = createOverlay({ sql: t.house.db.sql, bounds: { viewer_posts_max, posts_max: 100 } });
  return { id: who.id, one: ids[0]!, two: ids[1]!, overlay };
}

test("FD43: what is forgotten while a page asks for the rest of its posts is on that page as it was (the oracle's world 2440811680)", async () => {
  const { id, one, two, overlay } = await liker("ann", 10);
  expect(await overlay.of(id, [one])).toEqual([LIKED]);
  const page = overlay.of(id, [one, two]);
  // The log brings back what was done here before.
  overlay.forget(id, one);
  expect(await page).toEqual([LIKED, LIKED]);
  expect(await overlay.of(id, [one, two])).toEqual([LIKED, LIKED]);
});

test("FD43: so is what has to go because two pages at once are more than is remembered", async () => {
  const { id, one, two, overlay } = await liker("ben", 1);
  expect(await overlay.of(id, [one])).toEqual([LIKED]);
  const pages = [overlay.of(id, [one, two]), overlay.of(id, [two, one]), overlay.of(id, [one, two])];
  expect(await Promise.all(pages)).toEqual([
    [LIKED, LIKED],
    [LIKED, LIKED],
    [LIKED, LIKED],
  ]);
});
