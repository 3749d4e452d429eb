import { afterAll, expect, test } from "bun:test";

import type { PersonId, PostId } from "#kernel/ids.ts";
import { DAY_MS, HOUR_MS } from "#kernel/time.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r, type Post } from "../contract.ts";
import { testFeed } from "../testing.ts";
import { candidatesFor } from "./candidates.ts";
import { chanceOf } from "./chance.ts";
import { evaluate, ndcgOf } from "./evaluate.ts";
import { fit, logLoss } from "./fit.ts";
import { historyOf, installTrained } from "./house.ts";
import { type Model, OUTCOMES, predict, PRIOR } from "./model.ts";
import { modelInPlace } from "./refresh.ts";
import { createWorld, type History, type HistoryAct, type HistoryPost, inTime } from "./replay.ts";
import { bitOf, examplesOf, train } from "./train.ts";

const seed = Math.floor(Math.random() * 2 ** 32);
const START_MS = 1_800_000_000_000;

/** Two villages that like only their own hashtag, at random moments of twenty days. */
function villages(with_seed: number, people = 40): History {
  const chance = chanceOf(with_seed);
  const villageOf = (id: number) => (id % 2 === 0 ? "bread" : "boats");
  const posts: HistoryPost[] = Array.from({ length: 400 }, (_, i) => {
    const author = Math.floor(chance() * people);
    return {
      post_id: `${10_000 + i}`,
      author_id: `${author + 1}`,
      at_ms: START_MS + i * 1.2 * HOUR_MS,
      space_id: null,
      tags: [villageOf(author)],
      has_film: false,
      has_pictures: false,
      is_public: true,
    };
  });
  const acts: HistoryAct[] = [];
  for (let person = 0; person < people; person++) {
    for (const post of posts) {
      if (post.author_id === `${person + 1}` || chance() > 0.25) continue;
      const at_ms = post.at_ms + chance() * 48 * HOUR_MS;
      const wants = post.tags[0] === villageOf(person) ? chance() < 0.6 : chance() < 0.02;
      acts.push({ kind: "seen", person_id: `${person + 1}`, post_id: post.post_id, at_ms });
      if (wants) acts.push({ kind: "like", person_id: `${person + 1}`, post_id: post.post_id, at_ms: at_ms + 1_000 });
    }
  }
  acts.sort((a, b) => a.at_ms - b.at_ms);
  return { posts, acts, followsOf: () => new Set(), spacesOf: () => new Set() };
}

test("FD156: with no examples weights are those set by hand, and with many they find what is there", () => {
  expect(fit([], bitOf("like"), PRIOR.weights.like)).toMatchObject({ bias: PRIOR.weights.like.bias });
  const chance = chanceOf(seed);
  const truth = { bias: -1, of: { alike: 2, fresh: -1 } };
  const examples = Array.from({ length: 20_000 }, () => {
    const row = PRIOR_ROW.map(() => (chance() < 0.5 ? 0 : Math.floor(chance() * 1_001)));
    const p = predict({ version: 0, weights: { ...PRIOR.weights, like: truth } }, "like", row);
    return { row, outcomes: chance() < p ? bitOf("like") : 0, at_ms: 0 };
  });
  const found = fit(examples, bitOf("like"), PRIOR.weights.like);
  expect(Math.abs(found.of.alike! - 2), `seed ${seed}`).toBeLessThan(0.3);
  expect(Math.abs(found.of.fresh! + 1)).toBeLessThan(0.3);
  const lossOf = (weights: Model["weights"]["like"]) =>
    logLoss(examples, bitOf("like"), (row) =>
      predict({ version: 0, weights: { ...PRIOR.weights, like: weights } }, "like", row),
    );
  expect(lossOf(found)).toBeLessThanOrEqual(lossOf(truth) + 1e-4);
});
const PRIOR_ROW = Array.from({ length: 15 }, () => 0);

test("FD156: what tells nothing better than how common it is is not taken, and what is too rare keeps its weights", () => {
  const chance = chanceOf(seed);
  const history = villages(seed);
  // Likes without any sense: nothing can be learned of them.
  const seen = history.acts.filter((act) => act.kind === "seen");
  const acts = seen.flatMap((act): HistoryAct[] => (chance() < 0.3 ? [act, { ...act, kind: "like" }] : [act]));
  const trained = train({ ...history, acts }, PRIOR, seed);
  const like = trained.report.outcomes.find((one) => one.outcome === "like")!;
  const shared = trained.report.outcomes.find((one) => one.outcome === "share")!;
  expect(shared).toMatchObject({ positives: 0, taken: false });
  expect(trained.weights.share).toEqual(PRIOR.weights.share);
  expect(like.log_loss, `seed ${seed}`).toBeGreaterThan(like.log_loss_base_rate - 0.01);
  // Whoever trains again on the same finds nothing better, and so takes nothing.
  const good = train(history, PRIOR, seed);
  expect(good.is_better).toBe(true);
  const again = train(history, { version: 1, weights: good.weights }, seed);
  expect(again.is_better).toBe(false);
  expect(again.weights).toEqual(good.weights);
});

test("FD156: on what is known well enough, trained weights tell it better than the base rate and than those set by hand", () => {
  const { report, weights } = train(villages(seed), PRIOR, seed);
  const like = report.outcomes.find((one) => one.outcome === "like")!;
  expect(like.taken, `seed ${seed}`).toBe(true);
  expect(like.log_loss).toBeLessThan(like.log_loss_base_rate);
  expect(like.log_loss).toBeLessThan(like.log_loss_in_place);
  expect(weights.like.of.tags_liked!).toBeGreaterThan(0);
});

test("FD156: whoever remembers what they saw is learned from by that, and for others posts of the time are drawn", () => {
  const history = villages(seed);
  const known = examplesOf(history, seed);
  expect(known.examples.length).toBe(history.acts.filter((act) => act.kind === "seen").length);
  const likes = history.acts.filter((act) => act.kind === "like");
  const drawn = examplesOf({ ...history, acts: likes }, seed);
  const liked = drawn.examples.filter((one) => one.outcomes !== 0).length;
  expect(liked).toBe(likes.length);
  expect(drawn.examples.length).toBeGreaterThan(liked * 3);
  expect(examplesOf({ ...history, acts: likes }, seed).examples).toEqual(drawn.examples);
});

test("FD158: a list is worth what its places are worth", () => {
  const wanted = new Set<PostId>(["1", "2"]);
  expect(ndcgOf(["3", "4"], wanted, 2)).toBe(0);
  expect(ndcgOf(["1", "2"], wanted, 2)).toBe(1);
  expect(ndcgOf(["3", "1"], wanted, 2)).toBeCloseTo(1 / Math.log2(3) / (1 + 1 / Math.log2(3)), 12);
  expect(ndcgOf(["1"], new Set(), 2)).toBe(0);
});

test("FD158: a replay knows nothing of what comes later, and tells what finds what people then liked", () => {
  const history = villages(7);
  const likes = { ...history, acts: history.acts.filter((act) => act.kind === "like") };
  const half_ms = likes.acts[Math.floor(likes.acts.length / 2)]!.at_ms;
  const { weights } = train({ ...likes, acts: likes.acts.filter((act) => act.at_ms < half_ms) }, PRIOR, 7);
  const models = { trained: { version: 1, weights }, hand: PRIOR };
  const asked = { models, from_share: 0.5, moments_max: 150, seed: 7 };
  const { scores, moments } = evaluate(likes, asked);
  expect(moments).toBeGreaterThan(50);
  const of = (method: string) => scores.find((one) => one.method === method)!;
  expect(of("trained").ndcg[10]!).toBeGreaterThan(of("popularity of two days").ndcg[10]!);
  expect(of("trained").ndcg[10]!).toBeGreaterThan(of("recency").ndcg[10]!);
  // The same again: nothing depends on when it is asked.
  expect(evaluate(likes, asked).scores).toEqual(scores);
  // What happens after the last measured moment's day changes nothing.
  const cut_ms = history.acts.at(-1)!.at_ms - 4 * DAY_MS;
  const before = { ...likes, acts: likes.acts.filter((act) => act.at_ms <= cut_ms) };
  const world = createWorld(before);
  for (const { post, act } of inTime(before)) {
    if (post) world.write(post);
    else world.happen(act);
  }
  expect(world.open("1", cut_ms).every((post) => post.at_ms <= history.posts.at(-1)!.at_ms)).toBe(true);
});

// ————— against the database —————

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { ground } = t.feed.rooms.forYou;
const { pool } = t.house.db.sql;

test("FD155: the database now and the replay of what happened give the same candidates with the same features", async () => {
  const people: TestPerson[] = [];
  for (let i = 0; i < 6; i++) people.push(await t.house.person(`w${i}`));
  const chance = chanceOf(seed);
  const pick = <T>(from: readonly T[]) => from[Math.floor(chance() * from.length)]!;
  for (const who of people) {
    for (const whom of people) if (who !== whom && chance() < 0.5) await t.follow(who, whom);
  }
  const posts: { post: Post; by: TestPerson }[] = [];
  for (let i = 0; i < 30; i++) {
    const by = pick(people);
    const text = `n ${i}${chance() < 0.5 ? " #tea" : ""}${chance() < 0.3 ? " #rye" : ""}`;
    posts.push({ post: await t.post(by, text, { audience: chance() < 0.2 ? "followers" : "public" }), by });
  }
  for (let i = 0; i < 80; i++) {
    const [who, { post }] = [pick(people), pick(posts)];
    const params = { id: post.id };
    const what = chance();
    if (what < 0.6) await call(r.likePost, { params, token: who.token });
    else if (what < 0.75) await call(r.repostPost, { params, token: who.token });
    else if (what < 0.9) await call(r.createComment, { params, token: who.token, body: { text: "yes" } });
    else await call(r.lessForYou, { token: who.token, body: { post_id: post.id, kind: "post" } });
  }
  await t.settled();
  await t.house.log.caughtUp("feed", "feed.for_you");
  const history = await historyOf(ground, 90);
  const world = createWorld(history);
  for (const { post, act } of inTime(history)) {
    if (post) world.write(post);
    else world.happen(act);
  }
  const now_ms = ground.clock.now();
  const still = { ...ground, clock: { ...ground.clock, now: () => now_ms } };
  let compared = 0;
  for (const who of people) {
    const told = (found: Awaited<ReturnType<typeof candidatesFor>>) =>
      Object.fromEntries(found.map(({ post_id, features, sources }) => [post_id, { features, sources }]));
    const real = told(await candidatesFor(still, who.id, chanceOf(1)));
    expect(told(world.candidates(who.id as PersonId, now_ms)), `seed ${seed}, ${who.handle}`).toEqual(real);
    compared += Object.keys(real).length;
  }
  expect(compared).toBeGreaterThan(20);
});

test("FD312: quotes, films watched and reports are learned from where there are any, and of nobody who has For you off", async () => {
  const [author, who, off] = [
    await t.house.person("maker"),
    await t.house.person("learner"),
    await t.house.person("off"),
  ];
  t.media.video("8801", author.id);
  const film = await t.post(author, "film", { video_id: "8801" });
  const [quoted, bad] = [await t.post(author, "quoted"), await t.post(author, "bad")];
  for (const { token } of [who, off])
    await call(r.createPost, { token, body: { text: "look", audience: "public", quote_id: quoted.id } });
  await call(r.createPost, { token: who.token, body: { text: "for me", audience: "private", quote_id: bad.id } });
  await call(r.setForYouSettings, { token: off.token, body: { on: false } });
  const at = new Date(ground.clock.now());
  t.media.watchedBy = async (person_id) => (person_id === author.id ? [] : [{ video_id: "8801", share: 0.75, at }]);
  const reportsSince = async () =>
    [who, off].map(({ id }) => ({ person_id: id as PersonId, post_id: bad.id as PostId, at }));
  const { acts } = await historyOf(ground, 90, { reportsSince });
  delete t.media.watchedBy;
  const of = ({ id }: TestPerson) =>
    acts
      .filter((act) => act.person_id === id)
      .map(({ kind, post_id, share }) => [kind, post_id, share].filter(Boolean));
  expect(of(who).toSorted()).toEqual([
    ["report", bad.id],
    ["share", quoted.id],
    ["watch", film.id, 0.75],
  ]);
  expect(of(off)).toEqual([]);
  // Reported by nobody we know of: without the system that knows, there is none.
  expect((await historyOf(ground, 90)).acts.filter(({ kind }) => kind === "report")).toEqual([]);
});

test("FD312: what is quoted, watched and reported moves those weights, and only those that there is enough of", () => {
  const history = villages(seed);
  const more: HistoryAct[] = history.acts.flatMap((act): HistoryAct[] => {
    const { person_id, post_id, at_ms } = act;
    if (act.kind === "like") return [{ kind: "share", person_id, post_id, at_ms: at_ms + 1 }];
    const isTheirs = history.posts.find((post) => post.post_id === post_id)!.tags[0] === "bread";
    return isTheirs && Number(person_id) % 2 === 1
      ? [{ kind: "report", person_id, post_id, at_ms: at_ms + 1 }]
      : [{ kind: "watch", person_id, post_id, at_ms: at_ms + 1, share: 0.2 }];
  });
  const acts = [...history.acts, ...more].toSorted((a, b) => a.at_ms - b.at_ms);
  const { report } = train({ ...history, acts }, PRIOR, seed);
  const told = Object.fromEntries(report.outcomes.map((one) => [one.outcome, one]));
  for (const outcome of ["share", "report"] as const) {
    expect(told[outcome]!.positives, `seed ${seed}`).toBeGreaterThan(100);
    expect(told[outcome]!.taken, `${outcome}, seed ${seed}`).toBe(true);
  }
  // Begun and left is not watched.
  expect([told.watch!.positives, told.watch!.taken]).toEqual([0, false]);
});

test("FD156: weights are put in place by version, only if better, and the house's lists say by which they were made", async () => {
  expect((await modelInPlace(pool)).version).toBe(0);
  const good = train(villages(seed), PRIOR, seed);
  expect(await installTrained(ground, { ...good, is_better: false })).toBeNull();
  expect((await modelInPlace(pool)).version).toBe(0);
  expect(await installTrained(ground, good)).toBe(1);
  expect(await modelInPlace(pool)).toEqual({ version: 1, weights: good.weights });
  expect(await installTrained(ground, good)).toBe(2);
  const who = await t.house.person("model");
  await t.post(await t.house.person("author"), "by version");
  const { body } = await call(r.forYouFeed, { token: who.token });
  const why = await call(r.forYouWhy, { params: { id: body.items[0]!.id }, token: who.token });
  expect(why.body.model).toEqual({ version: 2, made_at: expect.any(String) });
  const model = (await call(r.forYouModel, { token: who.token })).body;
  expect(model.weights.map((one) => one.outcome)).toEqual([...OUTCOMES]);
  expect(model.report!.outcomes.find((one) => one.outcome === "like")!.taken).toBe(true);
});
