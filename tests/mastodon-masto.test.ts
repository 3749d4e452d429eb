import { afterAll, beforeAll, expect, test } from "bun:test";

import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient, type mastodon } from "masto";

import { feedRoutes } from "#systems/feed/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { type House, personOf, startHouse } from "./house.ts";
import { allow, OUT_OF_BAND, picture } from "./mastodon.ts";

/** `masto`, unmodified, against a real house over its real doors. */

let house: House;
let ann: mastodon.rest.Client;
let ben: mastodon.rest.Client;
let [annToken, benToken] = ["", ""];
let [annSession, benSession] = ["", ""];
const SCOPE = "read write follow push";

async function enter(session: string): Promise<string> {
  const app = await createRestAPIClient({ url: house.url }).v1.apps.create({
    clientName: "A phone",
    redirectUris: OUT_OF_BAND,
    scopes: SCOPE,
  });
  const code = await allow(house, session, { client_id: app.clientId!, redirect_uri: OUT_OF_BAND, scope: SCOPE });
  const token = await createOAuthAPIClient({ url: house.url }).token.create({
    clientId: app.clientId!,
    clientSecret: app.clientSecret!,
    redirectUri: OUT_OF_BAND,
    grantType: "authorization_code",
    code,
  });
  return token.accessToken;
}

beforeAll(async () => {
  house = await startHouse();
  annSession = await personOf(house, "ann");
  annToken = await enter(annSession);
  benSession = await personOf(house, "ben");
  benToken = await enter(benSession);
  ann = createRestAPIClient({ url: house.url, accessToken: annToken });
  ben = createRestAPIClient({ url: house.url, accessToken: benToken });
});
afterAll(() => house[Symbol.asyncDispose]());

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 45_000; Date.now() < end; await Bun.sleep(20)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`still not so: ${what}`);
}

test("MA50: masto reads the instance, signs in and knows who it is", async () => {
  const instance = await ann.v2.instance.fetch();
  expect(instance.version).toMatch(/^4\.3\.0 \(compatible; Folkhus /);
  expect(instance.configuration.statuses.maxCharacters).toBe(5_000);
  const me = await ann.v1.accounts.verifyCredentials();
  expect(me.acct).toBe("ann");
  expect((await fetch(me.avatar)).headers.get("content-type")).toBe("image/png");
  expect((await ann.v1.accounts.lookup({ acct: "ben" })).username).toBe("ben");
});

test("MA51: a post with a picture and its description, and the picture is there to be fetched", async () => {
  const media = await ann.v2.media.create({ file: picture(), description: "Something grey", focus: "0.5,-0.25" });
  expect(media).toMatchObject({ type: "image", description: "Something grey" });
  expect((media.meta as { focus: unknown }).focus).toEqual({ x: 0.5, y: -0.25 });
  const status = await ann.v1.statuses.create({
    status: "Look <b>here</b>, @ben #grey https://example.org/a?b=1&c=2",
    mediaIds: [media.id],
    visibility: "public",
  });
  expect(status.content).toContain("&lt;b&gt;here&lt;/b&gt;");
  expect(status.content).toContain(`<a href="${house.url}/@ben" class="u-url mention">`);
  expect(status.content).toContain(`<a href="${house.url}/tags/grey" class="mention hashtag" rel="tag">`);
  expect(status.mentions.map(({ acct }) => acct)).toEqual(["ben"]);
  const [attached] = status.mediaAttachments;
  const file = await fetch(attached!.url!);
  expect([file.status, file.headers.get("content-type")]).toEqual([200, "image/webp"]);
  expect((await ann.v1.media.$select(media.id).fetch()).id).toBe(media.id);
  // What is for followers has addresses of its own for whoever may see it.
  const own = await ann.v2.media.create({ file: picture() });
  const closed = await ann.v1.statuses.create({ status: "near", mediaIds: [own.id], visibility: "private" });
  const shown = closed.mediaAttachments[0]!.url!;
  expect((await fetch(shown)).status).toBe(200);
  expect((await fetch(shown.replace(/\.[\w-]{43}\//, `.${"x".repeat(43)}/`))).status).toBe(403);
});

test("MA52: home pages in every direction, and its order is that of our own feed", async () => {
  const annId = (await ann.v1.accounts.verifyCredentials()).id;
  await ben.v1.accounts.$select(annId).follow();
  for (let i = 0; i < 9; i++) await (i % 2 === 0 ? ann : ben).v1.statuses.create({ status: `number ${i}` });
  const ours = await house.client.call(feedRoutes.homeFeed, { token: benSession, query: { limit: 50 } });
  const wanted = ours.body.items.map((post) => post.entry_id ?? post.id);
  const down: string[] = [];
  for await (const page of ben.v1.timelines.home.list({ limit: 3 })) down.push(...page.map(({ id }) => id));
  expect(down).toEqual(wanted);
  const up = [wanted.at(-1)!];
  for (;;) {
    const page = await ben.v1.timelines.home.list({ limit: 3, minId: up[0]! });
    if (page.length === 0) break;
    up.unshift(...page.map(({ id }) => id));
  }
  expect(up).toEqual(wanted);
  const since = await ben.v1.timelines.home.list({ limit: 2, sinceId: wanted.at(-1)! });
  expect(since.map(({ id }) => id)).toEqual(wanted.slice(0, 2));
});

test("MA53: like, boost, keep, and take it all back", async () => {
  const post = await ann.v1.statuses.create({ status: "for all hands" });
  const at = ben.v1.statuses.$select(post.id);
  expect(await at.favourite()).toMatchObject({ favourited: true });
  expect(await at.bookmark()).toMatchObject({ bookmarked: true });
  const boost = await at.reblog();
  expect(boost.id).not.toBe(post.id);
  expect(boost.reblog).toMatchObject({ id: post.id, reblogged: true, favourited: true });
  expect((await ben.v1.statuses.$select(boost.id).fetch()).reblog!.id).toBe(post.id);
  expect((await at.favouritedBy.list()).map(({ acct }) => acct)).toEqual(["ben"]);
  expect((await at.rebloggedBy.list()).map(({ acct }) => acct)).toEqual(["ben"]);
  expect((await ben.v1.favourites.list())[0]!.id).toBe(post.id);
  expect((await ben.v1.bookmarks.list())[0]!.id).toBe(post.id);
  expect(await at.unfavourite()).toMatchObject({ favourited: false });
  expect(await at.unbookmark()).toMatchObject({ bookmarked: false });
  expect(await at.unreblog()).toMatchObject({ reblogged: false });
  expect((await ben.v1.favourites.list()).map(({ id }) => id)).not.toContain(post.id);
});

test("MA54: an answer is a status of its own, in its context, and can be answered, changed and deleted", async () => {
  const post = await ann.v1.statuses.create({ status: "What do you think?" });
  const first = await ben.v1.statuses.create({ status: "Much", inReplyToId: post.id });
  const second = await ann.v1.statuses.create({ status: "Of what?", inReplyToId: first.id });
  expect(second).toMatchObject({ inReplyToId: first.id, inReplyToAccountId: first.account.id });
  const around = await ann.v1.statuses.$select(first.id).context.fetch();
  expect(around.ancestors.map(({ id }) => id)).toEqual([post.id]);
  expect(around.descendants.map(({ id }) => id)).toEqual([second.id]);
  const whole = await ann.v1.statuses.$select(post.id).context.fetch();
  expect(whole.descendants.map(({ id }) => id)).toEqual([first.id, second.id]);
  const edited = await ben.v1.statuses.$select(first.id).update({ status: "Very much" });
  expect(edited.content).toBe("<p>Very much</p>");
  expect((await ann.v1.statuses.$select(first.id).favourite()).favouritesCount).toBe(1);
  expect((await ben.v1.statuses.$select(first.id).source.fetch()).text).toBe("Very much");
  await ben.v1.statuses.$select(first.id).remove();
  await expect(ben.v1.statuses.$select(first.id).fetch()).rejects.toThrow("Record not found");
});

test("MA55: a poll is asked, voted in once, and shows what came", async () => {
  const post = await ann.v1.statuses.create({
    status: "Which?",
    poll: { options: ["red", "green"], expiresIn: 3_600, multiple: false },
  });
  expect(post.poll!.options.map(({ title }) => title)).toEqual(["red", "green"]);
  const voted = await ben.v1.polls.$select(post.poll!.id).votes.create({ choices: [1] });
  expect(voted).toMatchObject({ voted: true, ownVotes: [1] });
  await expect(ben.v1.polls.$select(post.poll!.id).votes.create({ choices: [0] })).rejects.toThrow();
});

test("MA56: follow, mute and block are relationships, and hold on the next read", async () => {
  const annId = (await ann.v1.accounts.verifyCredentials()).id;
  const at = ben.v1.accounts.$select(annId);
  expect(await at.follow()).toMatchObject({ id: annId, following: true });
  expect((await at.followers.list()).map(({ acct }) => acct)).toEqual(["ben"]);
  expect(await at.mute()).toMatchObject({ muting: true });
  expect((await ben.v1.timelines.home.list()).every(({ account }) => account.acct === "ben")).toBe(true);
  expect((await ben.v1.mutes.list()).map(({ acct }) => acct)).toEqual(["ann"]);
  await at.unmute();
  expect(await at.block()).toMatchObject({ blocking: true, following: false });
  expect((await ben.v1.blocks.list()).map(({ acct }) => acct)).toEqual(["ann"]);
  await at.unblock();
  await at.follow();
  expect(await ben.v1.accounts.relationships.fetch({ id: [annId] })).toMatchObject([
    { following: true, blocking: false },
  ]);
});

test("MA57: what happened is told, one by one and in groups", async () => {
  const post = await ann.v1.statuses.create({ status: "tell me" });
  await ben.v1.statuses.$select(post.id).favourite();
  await ben.v1.statuses.create({ status: "told", inReplyToId: post.id });
  const told = await until("two notifications", async () => {
    const list = await ann.v1.notifications.list();
    return list.filter((one) => one.status?.id === post.id || one.status?.inReplyToId === post.id).length === 2 && list;
  });
  expect(told.slice(0, 2).map(({ type, account }) => [type, account.acct])).toEqual([
    ["mention", "ben"],
    ["favourite", "ben"],
  ]);
  const groups = await ann.v2.notifications.list();
  expect(groups.notificationGroups.find(({ type }) => (type as string) === "favourite")).toMatchObject({
    notificationsCount: 1,
  });
  const { groupKey } = groups.notificationGroups.find(({ type }) => (type as string) === "favourite")!;
  expect((await ann.v2.notifications.$select(groupKey).accounts.fetch()).map(({ acct }) => acct)).toEqual(["ben"]);
  await ann.v2.notifications.$select(groupKey).dismiss();
  await expect(ann.v2.notifications.$select(groupKey).fetch()).rejects.toThrow("Record not found");
  expect((await ann.v1.notifications.$select(told[0]!.id).fetch()).id).toBe(told[0]!.id);
  await ann.v1.notifications.$select(told[0]!.id).dismiss();
  expect((await ann.v1.notifications.list()).map(({ id }) => id)).not.toContain(told[0]!.id);
});

test("MA58: search finds people, hashtags, and what an address leads to", async () => {
  const post = await ann.v1.statuses.create({ status: "find me by my address" });
  expect((await ann.v2.search.list({ q: "be", type: "accounts" })).accounts.map(({ acct }) => acct)).toContain("ben");
  expect((await ann.v2.search.list({ q: "#grey" })).hashtags.map(({ name }) => name)).toEqual(["grey"]);
  expect((await ann.v2.search.list({ q: post.url!, resolve: true })).statuses.map(({ id }) => id)).toEqual([post.id]);
});

test("MA63: lists of people are lists, with their own timeline in every direction", async () => {
  const annId = (await ann.v1.accounts.verifyCredentials()).id;
  const list = await ben.v1.lists.create({ title: "Near", exclusive: true });
  expect(list).toMatchObject({ title: "Near", exclusive: true });
  await ben.v1.lists.$select(list.id).accounts.create({ accountIds: [annId] });
  expect((await ben.v1.lists.$select(list.id).accounts.list()).map(({ acct }) => acct)).toEqual(["ann"]);
  expect((await ben.v1.accounts.$select(annId).lists.list()).map(({ id }) => id)).toEqual([list.id]);
  const page = await ben.v1.timelines.list.$select(list.id).list({ limit: 5 });
  expect(page.length).toBe(5);
  expect(page.every(({ account }) => account.acct === "ann")).toBe(true);
  const up = await ben.v1.timelines.list.$select(list.id).list({ minId: page[4]!.id, limit: 2 });
  expect(up.map(({ id }) => id)).toEqual(page.slice(2, 4).map(({ id }) => id));
  // Who is read in a list of their own stands there alone.
  expect((await ben.v1.timelines.home.list()).every(({ account }) => account.acct !== "ann")).toBe(true);
  await expect(ann.v1.lists.$select(list.id).fetch()).rejects.toThrow("Record not found");
  await ben.v1.lists.$select(list.id).update({ title: "Nearer", exclusive: false });
  expect((await ben.v1.lists.list()).map(({ title }) => title)).toEqual(["Nearer"]);
  await ben.v1.lists.$select(list.id).remove();
  expect(await ben.v1.lists.list()).toEqual([]);
});

test("MA64: where somebody stopped reading, on every device", async () => {
  const [newest] = await ben.v1.timelines.home.list({ limit: 1 });
  const made = await ben.v1.markers.create({ home: { lastReadId: newest!.id } });
  expect(made.home.lastReadId).toBe(newest!.id);
  expect((await ben.v1.markers.fetch({ timeline: ["home"] })).home.lastReadId).toBe(newest!.id);
  const [told] = await ann.v1.notifications.list({ limit: 1 });
  await ann.v1.markers.create({ notifications: { lastReadId: told!.id } });
  expect((await ann.v1.markers.fetch({ timeline: ["notifications"] })).notifications.lastReadId).toBe(told!.id);
});

test("MA65: filters are muted words: those that warn come along, those that hide leave nothing", async () => {
  const warn = await ben.v2.filters.create({
    title: "Spoilers",
    context: ["home", "public"],
    filterAction: "warn",
    keywordsAttributes: [{ keyword: "ending", wholeWord: true }],
  });
  expect(warn.keywords).toMatchObject([{ keyword: "ending", wholeWord: true }]);
  const post = await ann.v1.statuses.create({ status: "the ending is good" });
  const seen = (await ben.v1.timelines.home.list()).find(({ id }) => id === post.id);
  expect(seen!.filtered![0]!.filter.filterAction).toBe("warn");
  await ben.v2.filters.$select(warn.id).update({ title: "Spoilers", context: ["home"], filterAction: "hide" });
  expect((await ben.v1.timelines.home.list()).map(({ id }) => id)).not.toContain(post.id);
  for (const { id } of await ben.v2.filters.list()) await ben.v2.filters.$select(id).remove();
  expect((await ben.v1.timelines.home.list()).map(({ id }) => id)).toContain(post.id);
});

test("MA65: a filter has a name and several words, as apps make it: first the filter, then its words; what a change does not name stays", async () => {
  const made = await ben.v2.filters.create({
    title: "Sport",
    context: ["home"],
    filterAction: "hide",
    expiresIn: 3_600,
  });
  expect(made).toMatchObject({ title: "Sport", filterAction: "hide", context: ["home"], keywords: [] });
  const at = ben.v2.filters.$select(made.id);
  const goal = await at.keywords.create({ keyword: "goal", wholeWord: true });
  // Some send all of them at once.
  await Promise.all([at.keywords.create({ keyword: "match" }), at.keywords.create({ keyword: "match" })]);
  expect((await at.keywords.list()).map(({ keyword, wholeWord }) => [keyword, wholeWord])).toEqual([
    ["goal", true],
    ["match", false],
  ]);
  expect((await ben.v2.filters.list()).map(({ title, keywords }) => [title, keywords.length])).toEqual([["Sport", 2]]);
  const post = await ann.v1.statuses.create({ status: "what a goal" });
  expect((await ben.v1.timelines.home.list()).map(({ id }) => id)).not.toContain(post.id);
  const renamed = await at.update({ title: "Ball games" } as never);
  expect(renamed).toMatchObject({ title: "Ball games", filterAction: "hide", context: ["home"] });
  expect(new Date(renamed.expiresAt!).getTime()).toBeGreaterThan(Date.now() + 3_000_000);
  await at.update({ title: "Ball games", filterAction: "warn", context: ["home"] });
  expect((await ben.v1.timelines.home.list()).find(({ id }) => id === post.id)!.filtered).toHaveLength(1);
  const keyword = await ben.v2.filters.keywords.$select(goal.id).update({ keyword: "penalty" });
  expect((await at.fetch()).keywords.map((one) => one.keyword)).toEqual(["penalty", "match"]);
  await ben.v2.filters.keywords.$select(keyword.id).remove();
  expect((await at.fetch()).keywords.map((one) => one.keyword)).toEqual(["match"]);
  await expect(ann.v2.filters.$select(made.id).fetch()).rejects.toThrow("Record not found");
  await at.remove();
  expect(await ben.v2.filters.list()).toEqual([]);
  expect(await ben.v1.filters.list()).toEqual([]);
});

test("MA66: who is private is asked, and answers", async () => {
  const [annMe, benMe] = [await ann.v1.accounts.verifyCredentials(), await ben.v1.accounts.verifyCredentials()];
  await ben.v1.accounts.$select(annMe.id).unfollow();
  expect((await ann.v1.accounts.updateCredentials({ locked: true, note: "Shy" })).locked).toBe(true);
  expect(await ben.v1.accounts.$select(annMe.id).follow()).toMatchObject({ following: false, requested: true });
  expect((await ann.v1.followRequests.list()).map(({ acct }) => acct)).toEqual(["ben"]);
  expect(await ann.v1.followRequests.$select(benMe.id).authorize()).toMatchObject({ followedBy: true });
  expect(await ben.v1.accounts.relationships.fetch({ id: [annMe.id] })).toMatchObject([
    { following: true, requested: false },
  ]);
  await ann.v1.accounts.updateCredentials({ locked: false });
});

test("MA67: a report reaches the house's moderators, by its rules", async () => {
  const { rules } = await ben.v2.instance.fetch();
  expect(rules.length).toBeGreaterThan(3);
  const annId = (await ann.v1.accounts.verifyCredentials()).id;
  const post = await ann.v1.statuses.create({ status: "buy this" });
  const report = await ben.v1.reports.create({
    accountId: annId,
    statusIds: [post.id],
    comment: "It sells",
    category: "violation",
    ruleIds: [rules[0]!.id],
  });
  expect(report.id).toMatch(/^\d+$/);
  expect((report as { targetAccount?: { acct: string } }).targetAccount!.acct).toBe("ann");
});

test("MA68: a post is scheduled, moved and taken back; trends and preferences are there", async () => {
  const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
  const made = (await ann.v1.statuses.create({
    status: "tomorrow",
    scheduledAt,
  })) as unknown as mastodon.v1.ScheduledStatus;
  expect(made.params.text).toBe("tomorrow");
  const later = new Date(Date.now() + 7_200_000).toISOString();
  const moved = await ann.v1.scheduledStatuses.$select(made.id).update({ scheduledAt: later });
  expect(new Date(moved.scheduledAt).getTime()).toBe(new Date(later).getTime());
  expect((await ann.v1.scheduledStatuses.list()).map(({ id }) => id)).toEqual([made.id]);
  await ann.v1.scheduledStatuses.$select(made.id).remove();
  expect(await ann.v1.scheduledStatuses.list()).toEqual([]);
  expect(await ann.v1.trends.tags.list()).toBeArray();
  expect(await ann.v1.trends.statuses.list()).toBeArray();
  expect(await ann.v1.trends.links.list()).toBeArray();
  expect((await ann.v1.preferences.fetch())["posting:default:visibility"]).toBe("public");
});

/** What Ivory, Tusky, Elk, Phanpy and Ice Cubes ask for when they start and while somebody looks around, by their sources. */
const ASKED_AT_START = [
  "v1/instance",
  "v2/instance",
  "v1/instance/rules",
  "v1/instance/peers",
  "v1/instance/extended_description",
  "v1/instance/translation_languages",
  "v1/instance/languages",
  "v1/custom_emojis",
  "v1/announcements?with_dismissed=true",
  "v1/accounts/verify_credentials",
  "v1/apps/verify_credentials",
  "v1/preferences",
  "v1/markers?timeline[]=home&timeline[]=notifications",
  "v1/lists",
  "v1/filters",
  "v2/filters",
  "v1/followed_tags?limit=200",
  "v1/featured_tags",
  "v1/featured_tags/suggestions",
  "v1/follow_requests?limit=80",
  "v1/blocks",
  "v1/mutes",
  "v1/domain_blocks",
  "v1/endorsements",
  "v1/conversations",
  "v1/bookmarks",
  "v1/favourites",
  "v1/scheduled_statuses",
  "v1/suggestions",
  "v2/suggestions?limit=20",
  "v1/directory?local=true",
  "v1/trends/tags?limit=5",
  "v1/trends/statuses?limit=5",
  "v1/trends/links?limit=5",
  "v1/timelines/home?limit=40",
  "v1/timelines/public?local=true",
  "v1/timelines/tag/grey",
  "v1/timelines/direct",
  "v1/notifications?limit=30",
  "v1/notifications/unread_count",
  "v1/notifications/policy",
  "v1/notifications/requests",
  "v1/notifications/requests/merged",
  "v2/notifications?grouped_types[]=favourite",
  "v2/notifications/unread_count",
  "v2/notifications/policy",
  "v1/annual_reports",
  "v1/streaming/health",
  "v2/search?q=ben&type=accounts",
  "v1/tags/grey",
];

test("MA69: what apps ask for when they start is there, each with its shape; what is not to be had is refused with a sentence", async () => {
  const get = (path: string) => fetch(`${house.url}/api/${path}`, { headers: { authorization: `Bearer ${annToken}` } });
  const lacking: string[] = [];
  for (const path of ASKED_AT_START) {
    const { status } = await get(path);
    if (status !== 200) lacking.push(`${path}: ${status}`);
  }
  expect(lacking).toEqual([]);
  const benId = (await ben.v1.accounts.verifyCredentials()).id;
  for (const part of [
    "statuses",
    "followers",
    "following",
    "lists",
    "featured_tags",
    "endorsements",
    "identity_proofs",
  ])
    expect([part, (await get(`v1/accounts/${benId}/${part}`)).status]).toEqual([part, 200]);
  expect((await get("v1/push/subscription")).status).toBe(404);
  await expect(
    ann.v1.push.subscription.create({
      subscription: { endpoint: "https://push.example.org/x", keys: { p256dh: "k", auth: "a" } },
      policy: "all",
      data: {},
    } as never),
  ).rejects.toThrow("sends no notifications to apps");
  await ann.v1.push.subscription.remove();
  const post = await ann.v1.statuses.create({ status: "keep me up" });
  await expect(ann.v1.statuses.$select(post.id).pin()).rejects.toThrow("Nothing is pinned");
  await expect(ann.v1.statuses.$select(post.id).mute()).rejects.toThrow("Mute a word of it");
  await expect(ann.v1.tags.$select("grey").follow()).rejects.toThrow("feed (RSS)");
  expect((await ann.v1.profile.avatar.remove()).avatar).toContain("/api/pictures/avatar-");
});

test("MA70: many by their ids: statuses of every kind, accounts, and whom of those that one follows follow them too", async () => {
  const post = await ann.v1.statuses.create({ status: "one of many" });
  const answer = await ben.v1.statuses.create({ status: "another", inReplyToId: post.id });
  const closed = await ann.v1.statuses.create({ status: "for followers", visibility: "private" });
  const cleoSession = await personOf(house, "cleo");
  const cleo = createRestAPIClient({ url: house.url, accessToken: await enter(cleoSession) });
  const many = await cleo.v1.statuses.fetch({ id: [answer.id, post.id, closed.id, "1", post.id] });
  expect(many.map(({ id }) => id)).toEqual([answer.id, post.id]);
  expect(many[0]!.inReplyToAccountId).toBe(post.account.id);
  const [annId, benId] = [post.account.id, answer.account.id];
  expect((await cleo.v1.accounts.fetch({ id: [annId, benId, "1"] })).map(({ acct }) => acct).toSorted()).toEqual([
    "ann",
    "ben",
  ]);
  await ben.v1.accounts.$select(annId).follow();
  const familiar = async () =>
    (await cleo.v1.accounts.familiarFollowers.fetch({ id: [annId] } as never)).map(({ accounts }) =>
      accounts.map(({ acct }) => acct),
    );
  expect(await familiar()).toEqual([[]]);
  await cleo.v1.accounts.$select(benId).follow();
  expect(await familiar()).toEqual([["ben"]]);
  await ann.v1.accounts.updateCredentials({ locked: true });
  expect(await familiar()).toEqual([[]]);
  await ann.v1.accounts.updateCredentials({ locked: false });
});

/** What a stream said, in the order in which it came. */
async function collect(events: AsyncIterable<mastodon.streaming.Event>, into: mastodon.streaming.Event[]) {
  for await (const event of events) into.push(event);
}
const stream = (token: string) =>
  createStreamingAPIClient({ streamingApiUrl: house.url.replace("http", "ws"), accessToken: token, retry: false });

test("MA59: a stream tells what is new, changed, gone and told of; many on one line", async () => {
  const client = stream(benToken);
  const [home, open, tag]: mastodon.streaming.Event[][] = [[], [], []];
  void collect(client.user.subscribe(), home!);
  void collect(client.public.subscribe(), open!);
  void collect(client.hashtag.subscribe({ tag: "heard" }), tag!);
  const said = (events: mastodon.streaming.Event[]) => events.map(({ event }) => event);
  // The subscriptions are on their way; what is posted until they arrived is theirs to read.
  await until("the streams are open", async () => {
    await ann.v1.statuses.create({ status: "knock #heard" });
    return home!.length > 0 && open!.length > 0 && tag!.length > 0;
  });
  // In order: what was knocked with is through when this is.
  const go = await ann.v1.statuses.create({ status: "go #heard" });
  const through = (events: mastodon.streaming.Event[]) =>
    events.some(({ payload }) => (payload as { id?: string }).id === go.id);
  await until("all of them heard it", async () => [home!, open!, tag!].every(through));
  for (const events of [home!, open!, tag!]) events.length = 0;
  const post = await ann.v1.statuses.create({ status: "news" });
  await ann.v1.statuses.$select(post.id).update({ status: "newer news" });
  await until("update and edit", async () => home!.length >= 2 && open!.length >= 2);
  expect(said(home!)).toEqual(["update", "status.update"]);
  expect((home![1]!.payload as mastodon.v1.Status).content).toBe("<p>newer news</p>");
  await ann.v1.statuses.$select(post.id).remove();
  const closed = await ann.v1.statuses.create({ status: "for followers", visibility: "private" });
  await until("the end, and what is for followers", async () => home!.length >= 4);
  expect(home!.slice(2).map(({ event, payload }) => [event, (payload as { id?: string }).id ?? payload])).toEqual([
    ["delete", post.id],
    ["update", closed.id],
  ]);
  expect(said(open!)).toEqual(["update", "status.update", "delete"]);
  const mine = await ben.v1.statuses.create({ status: "like me" });
  await ann.v1.statuses.$select(mine.id).favourite();
  const told = await until("the notification", async () => home!.find(({ event }) => event === "notification"));
  expect((told.payload as mastodon.v1.Notification).account.acct).toBe("ann");
  client.close();
});

test("MA59: rules hold for each event and listener: nothing of the muted, at once", async () => {
  const client = stream(benToken);
  const home: mastodon.streaming.Event[] = [];
  void collect(client.user.subscribe(), home);
  await until("the stream is open", async () => {
    await ann.v1.statuses.create({ status: "knock" });
    return home.length > 0;
  });
  const annId = (await ann.v1.accounts.verifyCredentials()).id;
  await ben.v1.accounts.$select(annId).mute();
  const hears = (id: string) => home.some(({ payload }) => (payload as { id?: string }).id === id);
  const muted = await ann.v1.statuses.create({ status: "unheard" });
  // Each is judged by the rules of the moment in which it is told, one after the other: this one comes after the muted.
  const own = await ben.v1.statuses.create({ status: "one's own" });
  await until("what came after, while muted", async () => hears(own.id));
  await ben.v1.accounts.$select(annId).unmute();
  const heard = await ann.v1.statuses.create({ status: "heard again" });
  await until("what came after", async () => hears(heard.id));
  expect(hears(muted.id)).toBe(false);
  client.close();
});

test("MA60: a revoked token is dead on the next call, from the program's side and from the person's", async () => {
  const tokens = (await house.client.call(peopleRoutes.listTokens, { token: annSession })).body.items;
  expect(tokens.map(({ name, scopes, program }) => [name, scopes, program])).toEqual([
    ["A phone", ["read", "write"], true],
  ]);
  const socket = new WebSocket(
    `${house.url.replace("http", "ws")}/api/v1/streaming?stream=user&access_token=${annToken}`,
  );
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const gone = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
  await house.client.call(peopleRoutes.revokeToken, { token: annSession, params: { id: tokens[0]!.id } });
  expect((await gone).code).toBe(1008);
  await expect(ann.v1.accounts.verifyCredentials()).rejects.toThrow("The access token is invalid");
});
