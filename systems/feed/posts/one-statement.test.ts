import { afterAll, expect, test } from "bun:test";

import { FEED_TOPIC } from "../events.ts";
import { testFeed } from "../testing.ts";
import { createPost } from "./write.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { pool } = t.house.db.sql;
const ann = await t.house.person("ann");
const write = (text: string, key: string | null) =>
  createPost(t.feed.rooms.ground, ann.viewer, { text, audience: "public" }, key);
/** Posts, entries, hashtags and events of these words. */
const traces = async (text: string) => {
  const [row] = (await pool`
    SELECT count(*)::int AS posts,
      (SELECT count(*)::int FROM feed_entries e WHERE e.post_id = ANY(array_agg(p.id))) AS entries,
      (SELECT count(*)::int FROM feed_hashtags h WHERE h.post_id = ANY(array_agg(p.id))) AS tags,
      (SELECT count(*)::int FROM log_events l WHERE l.topic = ${FEED_TOPIC} AND l.data ->> 'post_id' = ANY(array_agg(p.id::text))) AS events
    FROM feed_posts p WHERE p.text = ${text}`) as { posts: number; entries: number; tags: number; events: number }[];
  return row;
};

test("FD340: words that the database refuses leave nothing of a post behind", async () => {
  const text = "x".repeat(5_001);
  await expect(write(text, null)).rejects.toThrow("feed_posts_text_check");
  expect(await traces(text)).toEqual({ posts: 0, entries: 0, tags: 0, events: 0 });
});

test("FD340: a post of words is there whole, and once, however many send it at once", async () => {
  const made = await Promise.all(Array.from({ length: 12 }, () => write("once #oak #elm", "a key")));
  expect(new Set(made).size).toBe(1);
  expect(await traces("once #oak #elm")).toEqual({ posts: 1, entries: 1, tags: 2, events: 1 });
  expect((await t.home(ann)).items.map(({ text }) => text)).toEqual(["once #oak #elm"]);
  await Promise.all([write("twice", null), write("twice", null)]);
  expect(await traces("twice")).toEqual({ posts: 2, entries: 2, tags: 0, events: 2 });
});
