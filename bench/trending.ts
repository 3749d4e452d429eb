/**
 * What trending costs: acts counted per second on one core, the bytes it stands on, and how true its top is, beside exact
 * counting (who acted on what and when, all of it kept) on the same acts. No database: facts of posts are known.
 * `bun bench/trending.ts [acts] [seed]`
 */
import { createVirtualClock } from "#ports/clock/index.ts";
import { createBoards } from "#systems/feed/trending/boards.ts";
import type { PostSubjects } from "#systems/feed/trending/subjects.ts";

const acts_max = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 7);
const PEOPLE = 100_000;
const POSTS = 50_000;
const TAGS = 5_000;
const SPACES = 100;
const DAY_MS = 86_400_000;
const clock = createVirtualClock(1_763_719_200_000, seed);

/** Power law by the inverse of its sum: a few are on everybody's lips. */
const powerLaw = (n: number) => Math.min(n - 1, Math.floor(n * clock.random() ** 3));
const subjects: PostSubjects[] = Array.from({ length: POSTS }, (_, i) => ({
  is_there: true,
  is_public: i % 5 > 0,
  space_id: i % 3 === 0 ? String(1 + (i % SPACES)) : null,
  has_video: i % 10 === 0,
  hashtags: i % 2 === 0 ? [`t${powerLaw(TAGS)}`, `t${powerLaw(TAGS)}`] : [],
  links: i % 8 === 0 ? [`https://example.org/${i % 500}`] : [],
}));
const acts = Array.from({ length: acts_max }, (_, i) => ({
  post: powerLaw(POSTS),
  person: Math.floor(clock.random() * PEOPLE),
  at_ms: clock.now() + Math.floor((i / acts_max) * DAY_MS),
}));
const hashes = Array.from({ length: PEOPLE }, (_, i) => Number(Bun.hash.wyhash(String(i)) & 0xffff_ffffn));

const boards = createBoards();
const cpu = process.cpuUsage();
for (const { post, person, at_ms } of acts)
  boards.act(
    { post_id: String(post), person_id: String(person), writes: false },
    subjects[post]!,
    { person_hash: hashes[person]!, weight: 1 },
    at_ms,
  );
const ours_s = process.cpuUsage(cpu).user / 1e6;

/** The truth for one of the boards: public posts, the day's window, each pair of person and post once. */
Bun.gc(true);
const before = process.memoryUsage().heapUsed;
const cpu_exact = process.cpuUsage();
const exact = new Map<string, Map<number, number>>();
for (const { post, person, at_ms } of acts) {
  if (!subjects[post]!.is_public) continue;
  const key = String(post);
  const people = exact.get(key) ?? new Map<number, number>();
  if (!exact.has(key)) exact.set(key, people);
  if (!people.has(person)) people.set(person, at_ms);
}
const exact_s = process.cpuUsage(cpu_exact).user / 1e6;
Bun.gc(true);
const exact_bytes = process.memoryUsage().heapUsed - before;
const now_ms = acts.at(-1)!.at_ms;
const truth = [...exact]
  .map(([key, people]) => ({
    key,
    score: people.values().reduce((sum, at_ms) => sum + 2 ** (-(now_ms - at_ms) / DAY_MS), 0),
  }))
  .toSorted((a, b) => b.score - a.score);

const board = boards.board(null, "posts", "day")!;
const top = board.top(now_ms, 10);
const byKey = new Map(truth.map(({ key, score }) => [key, score]));
const wrong_by = top.map(({ key, score }) => Math.abs(score / byKey.get(key)! - 1));
const found = top.filter(({ key }) => truth.slice(0, 10).some((one) => one.key === key)).length;
const cpu_top = process.cpuUsage();
for (let i = 0; i < 200; i++) board.top(now_ms, 40);
const top_us = process.cpuUsage(cpu_top).user / 200;

const stats = boards.stats();
console.log(
  `${acts_max.toLocaleString()} acts of ${PEOPLE.toLocaleString()} people on ${POSTS.toLocaleString()} posts, seed ${seed}, Bun ${Bun.version}`,
);
console.table({
  "ours: all boards, both windows": {
    "acts/s of one core": Math.round(acts_max / ours_s),
    "µs an act": +((ours_s / acts_max) * 1e6).toFixed(2),
    MB: +(stats.bytes / 1e6).toFixed(1),
    holds: `${stats.boards} boards of ${stats.spaces} spaces and the house`,
  },
  "ours: posts of the house, a day": { MB: +(board.bytes / 1e6).toFixed(2), holds: "1,024 posts" },
  "exact: posts of the house, a day": {
    "acts/s of one core": Math.round(acts_max / exact_s),
    "µs an act": +((exact_s / acts_max) * 1e6).toFixed(2),
    MB: +(exact_bytes / 1e6).toFixed(1),
    holds: `${exact.size.toLocaleString()} posts with their people`,
  },
});
console.log(
  `top 10: ${found} of the true ten; off by ${((100 * wrong_by.reduce((a, b) => a + b, 0)) / wrong_by.length).toFixed(1)} % on average, ${(100 * Math.max(...wrong_by)).toFixed(1)} % at most; reading it takes ${top_us.toFixed(0)} µs`,
);
console.log(
  `bytes of one board: ${(exact_bytes / board.bytes).toFixed(0)} times fewer than exact; they do not grow with acts or people`,
);
