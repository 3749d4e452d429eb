import { afterAll, expect, test } from "bun:test";

import { createPost, homeFeed } from "#systems/feed/contract.ts";
import { createUpload } from "#systems/media/contract.ts";

import { personOf, startHouse } from "./house.ts";

// A house that wants more free room than any disk has is a house whose disk is nearly full.
const house = await startHouse({ FOLKHUS_FREE_MIB_MIN: String(1024 * 1024) });
afterAll(() => house[Symbol.asyncDispose]());

test("FU1: with the disk nearly full, uploads are refused with a reason before they start, and reading goes on", async () => {
  const token = await personOf(house, "astrid");
  const refused = await house.client.call(createUpload, {
    token,
    body: { filename: "a.mp4", size_bytes: 1_000, media_type: "video/mp4" },
  });
  expect(refused.code).toBe("upload.no_space");
  expect(refused.status).toBeWithin(400, 600);
  expect((refused.body as unknown as { detail: string }).detail.length).toBeGreaterThan(20);
  const posted = await house.client.call(createPost, { token, body: { text: "still here", audience: "public" } });
  expect(posted.status).toBe(201);
  const home = await house.client.call(homeFeed, { token });
  expect(home.body.items.map((post) => post.text)).toEqual(["still here"]);
  const ready = await fetch(`${house.url}/readyz`);
  expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([200, "degraded"]);
});
