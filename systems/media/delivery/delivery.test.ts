import { afterAll, expect, setDefaultTimeout, test } from "bun:test";

import { peopleRoutes } from "#systems/people/contract.ts";
import { PEOPLE_TOPIC } from "#systems/people/index.ts";
import { SPACES_TOPIC } from "#systems/spaces/index.ts";

import { NARROWINGS_KEPT_MS } from "../bounds.ts";
import { deleteVideo, patchVideo } from "../contract.ts";
import { createSteppedClock, mediaHouse, shownVideo } from "../testing.ts";
import { createHolders } from "./holders.ts";
import { createShown } from "./shown.ts";

setDefaultTimeout(60_000);
const clock = createSteppedClock();
const media = await mediaHouse({ clock });
const guarding = await media.media.guard();
afterAll(async () => {
  await guarding[Symbol.asyncDispose]();
  await media[Symbol.asyncDispose]();
});
const { blobs, client, house } = media;
const { sql } = house.db;
const astrid = await media.person("astrid");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
await blobs.put("videos/1/a/0.m4s", new Uint8Array(10), { media_type: "video/iso.segment" });

/** An address as an answer of the API to this person has it. */
function addressFor(person: typeof astrid) {
  // On a day's grid, as the house signs on an hour's: two calls give the same address.
  const until_ms = (Math.ceil(clock.now() / DAY_MS) + 1) * DAY_MS;
  const url = `${blobs.urlSignedPrefix("videos/1/a/", until_ms)}0.m4s`;
  return media.media.addressesFor(person.viewer)(JSON.stringify({ url })).slice(8, -2);
}
const statusOf = async (url: string) => (await media.ask(url)).status;
const until = async (condition: () => Promise<boolean>) => {
  while (!(await condition())) await Bun.sleep(10);
};
const tell = (topic: string, key: string, type: string, data: Record<string, string>) =>
  sql.tx((tx) => house.log.append(tx, topic, key, { type, version: 1, data }));

test("MD150: a sign-out takes back what that session was given, and nothing of the person's other session", async () => {
  const [one, other] = [await media.person("birger"), await media.person("birger")];
  const [first, second] = [addressFor(one), addressFor(other)];
  expect(first).not.toBe(second);
  expect([await statusOf(first), await statusOf(second)]).toEqual([200, 200]);
  expect((await client.call(peopleRoutes.signOut, { token: one.token })).status).toBe(204);
  await until(async () => (await statusOf(first)) === 403);
  expect(await statusOf(second)).toBe(200);
});

test("MD151: whoever is to see less loses what they were given before, and gets good addresses again", async () => {
  const cecilia = await media.person("cecilia");
  const before = addressFor(cecilia);
  expect(addressFor(cecilia)).toBe(before);
  const handle = { handle: "astrid" };
  const narrowings = [
    async () => client.call(peopleRoutes.block, { token: astrid.token, params: { handle: "cecilia" } }),
    async () => tell(SPACES_TOPIC, "7", "spaces.left", { space_id: "7", person_id: cecilia.id, by: cecilia.id }),
    async () => tell(SPACES_TOPIC, "7", "spaces.banned", { space_id: "7", person_id: cecilia.id, by: astrid.id }),
    async () =>
      tell(PEOPLE_TOPIC, cecilia.id, "people.suspended", { person_id: cecilia.id, by: astrid.id, reason: "" }),
  ];
  for (const narrow of narrowings) {
    const given = addressFor(cecilia);
    const untouched = addressFor(await media.person("david"));
    expect(await statusOf(given)).toBe(200);
    await narrow();
    await until(async () => (await statusOf(given)) === 403);
    expect(await statusOf(addressFor(cecilia))).toBe(200);
    expect(await statusOf(untouched)).toBe(200);
  }
  expect(await statusOf(before)).toBe(403);
  const erik = await media.person("erik");
  await client.call(peopleRoutes.follow, { token: erik.token, params: handle });
  const followed = addressFor(erik);
  expect(await statusOf(followed)).toBe(200);
  await client.call(peopleRoutes.unfollow, { token: erik.token, params: handle });
  await until(async () => (await statusOf(followed)) === 403);
});

test("MD152: a restart forgets no revocation, also one that was told while this node was down", async () => {
  const needs = { sql, log: house.log, clock, secret: "a secret of more than thirty-two characters" };
  const person = await media.person("frida");
  const holder = createHolders(needs).of(person.viewer);
  await tell(SPACES_TOPIC, "8", "spaces.left", { space_id: "8", person_id: person.id, by: person.id });
  await house.log.caughtUp(SPACES_TOPIC, "media_delivery");
  const fresh = createHolders(needs);
  expect(fresh.isRevoked(holder)).toBe(false);
  {
    await using _listening = await fresh.listen();
    expect(fresh.isRevoked(holder)).toBe(true);
    expect(fresh.isRevoked(fresh.of(person.viewer))).toBe(false);
  }
  for (const nonsense of ["", "x", "ann", "A".repeat(24)]) expect(fresh.isRevoked(nonsense)).toBe(true);
  clock.step(NARROWINGS_KEPT_MS + HOUR_MS);
  await tell(SPACES_TOPIC, "8", "spaces.left", { space_id: "8", person_id: astrid.id, by: astrid.id });
  await house.log.caughtUp(SPACES_TOPIC, "media_delivery");
  const kept = await sql.pool<{ subject: string }[]>`SELECT subject FROM media_narrowings`;
  expect(kept.map(({ subject }) => subject)).not.toContain(`person:${person.id}`);
});

test("MD153: an edge is told that a video is gone from the moment that it is deleted, hidden or narrowed", async () => {
  const shown = createShown(sql);
  await media.jobs.drain(1_000);
  const make = async () => {
    const video_id = await shownVideo(media, astrid.id);
    const [row] = await sql.pool<{ place: string }[]>`SELECT place FROM media_videos WHERE id = ${video_id}`;
    return { params: { video_id }, place: row?.place ?? "" };
  };
  const deleted = await make();
  const narrowed = await make();
  const hidden = await make();
  for (const { place } of [deleted, narrowed, hidden]) {
    expect(place).toStartWith("public/videos/");
    expect([await shown(place), await shown(`${place}480/0.m4s`)]).toEqual([true, true]);
    // A place that was left because more may see the thing now.
    expect(await shown(place.replace("public/", ""))).toBe(true);
  }
  await client.call(deleteVideo, { token: astrid.token, params: deleted.params });
  await client.call(patchVideo, { token: astrid.token, params: narrowed.params, body: { audience: "private" } });
  await sql.pool`UPDATE media_videos SET hidden_at = now() WHERE id = ${hidden.params.video_id}`;
  for (const { place } of [deleted, narrowed, hidden]) expect(await shown(place)).toBe(false);
  expect(await shown(deleted.place.replace("public/", ""))).toBe(false);
  expect(await shown(narrowed.place.replace("public/", ""))).toBe(true);
  for (const other of ["uploads/1", "public/x/1.mp4", "public/videos/1/short/", `public/videos/${"9".repeat(20)}/x/`])
    expect(await shown(other)).toBeNull();
  const answer = await media.ask(`/blobs-allow/${deleted.place}`);
  expect([answer.status, answer.headers.get("x-refused")]).toEqual([403, "blob.gone"]);
});

test("MD310: what moderators took out of sight, what was deleted and what a suspended person shows is gone by every address, at once", async () => {
  const [watcher, owner] = [await media.person("watcher"), await media.person("owner")];
  const film = async (audience: "public" | "followers") => {
    const id = await shownVideo(media, owner.id, { audience });
    const [row] = await sql.pool<{ place: string }[]>`SELECT place FROM media_videos WHERE id = ${id}`;
    await blobs.put(`${row!.place}0.m4s`, new Uint8Array(10), { media_type: "video/iso.segment" });
    const until_ms = clock.now() + DAY_MS;
    const signed = `${blobs.urlSignedPrefix(row!.place, until_ms)}0.m4s`;
    const bound = (person: typeof owner) =>
      media.media.addressesFor(person.viewer)(JSON.stringify(signed)).slice(1, -1);
    const url = audience === "public" ? blobs.urlPublic(`${row!.place}0.m4s`) : bound(watcher);
    return { id, url, own: audience === "public" ? null : bound(owner) };
  };
  const [open, closed, deleted, left] = [
    await film("public"),
    await film("followers"),
    await film("followers"),
    await film("public"),
  ];
  for (const { url } of [open, closed, deleted, left]) expect(await statusOf(url)).toBe(200);
  for (const { id } of [open, closed]) await sql.tx((tx) => media.media.moderation.hide(tx, id, astrid.id));
  await client.call(deleteVideo, { token: owner.token, params: { video_id: deleted.id } });
  for (const { url } of [open, closed, deleted]) await until(async () => (await statusOf(url)) === 404);
  expect(await statusOf(closed.own!)).toBe(200);
  await sql.tx((tx) => media.media.moderation.show(tx, closed.id));
  await until(async () => (await statusOf(closed.url)) === 200);
  await sql.pool`INSERT INTO media_owners (owner_id, suspended, changed_at) VALUES (${owner.id}, true, now())
    ON CONFLICT (owner_id) DO UPDATE SET suspended = true, changed_at = now()`;
  // Whatever event was lost, a second later it is known.
  clock.step(1_001);
  expect(await statusOf(left.url)).toBe(404);
});

test("MD150: nothing above was a failure of ours", () => {
  expect(house.broken).toEqual([]);
});
