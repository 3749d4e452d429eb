import { cpus } from "node:os";

import { evaluateHistory, type Evaluation, type History } from "#systems/feed/index.ts";

import { chanceOf } from "../systems/feed/foryou/chance.ts";
import { EXPECTED_OF } from "../systems/feed/foryou/evaluate.ts";
import { PRIOR } from "../systems/feed/foryou/model.ts";
import { train } from "../systems/feed/foryou/train.ts";
import { makeGraph, readGraph, readMessages } from "./for-you/graph.ts";
import { historyOf, historyOn, type MadeUpHistory } from "./for-you/history.ts";

/**
 * How well For you finds what people then like, beside popularity, recency and the plain home, by replay.
 *
 *   bun bench/for-you.ts [--graph=facebook-combined.txt.gz] [--messages=college-msg.txt.gz] [--seed=1] [--moments=1500]
 *
 * With a graph: a history of likes made up on it (see for-you/history.ts). With messages: those, read as a feed. Without either: a
 * graph of circles is made up too. Weights are made from the first four fifths of the time, everything is measured on the last one.
 */
const text = (name: string) => process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const number = (name: string, otherwise: number) => Number(text(name) ?? otherwise);
const seed = number("seed", 1);
const moments_max = number("moments", 1_500);
const [graph, messages] = [text("graph"), text("messages")];

const made = (days: number) => ({
  days,
  posts: number("posts", 12_000),
  topics: 16,
  visits_per_day: number("visits", 0.5),
  shown_per_visit: 20,
  seed,
});

console.log(`Bun ${Bun.version}, ${cpus().length} cores (${cpus()[0]?.model}), seed ${seed}`);
if (graph) await measure(`likes made up on ${graph.split("/").at(-1)}`, historyOn(await readGraph(graph), made(14)));
if (messages)
  await measure(`${messages.split("/").at(-1)} read as a feed`, historyOf(await readMessages(messages), 0.2));
if (!graph && !messages)
  await measure("likes made up on circles of 30", historyOn(makeGraph(1_000, 30, chanceOf(seed)), made(14)));

async function measure(name: string, history: History & Partial<MadeUpHistory>): Promise<void> {
  const count = (kind: string) => history.acts.filter((act) => act.kind === kind).length.toLocaleString("en");
  console.log(
    `\n${name}: ${history.posts.length.toLocaleString("en")} posts, ${count("like")} likes, ${count("seen")} seen`,
  );
  const before = process.cpuUsage();
  const told = evaluateHistory(history, { moments_max, seed, worth: history.worth });
  const cpu_s = Object.values(process.cpuUsage(before)).reduce((a, b) => a + b, 0) / 1e6;
  print(told);
  const { report } = train(history, PRIOR, seed);
  for (const one of report.outcomes.filter(({ positives }) => positives > 0)) {
    const losses = [one.log_loss, one.log_loss_in_place, one.log_loss_base_rate].map((n) => n.toFixed(4));
    console.log(
      `${one.outcome}: ${one.positives} of ${report.examples}; log-loss ${losses[0]} (set by hand ${losses[1]}, base rate ${losses[2]})${one.taken ? "" : ", not taken"}`,
    );
  }
  console.log(`${cpu_s.toFixed(1)} CPU seconds for ${told.moments} moments and the training before them`);
}

function print({ moments, people, scores, visits, order }: Evaluation): void {
  console.log(`\nOf all that was there: ${moments} moments of ${people} people\n`);
  table(scores);
  if (visits === 0) return;
  console.log(`Of what was on the screen: ${visits} visits\n`);
  table(order);
}

function table(scores: Evaluation["scores"]): void {
  const ks = Object.keys(scores[0]!.hit);
  const more = scores[0]!.expected === undefined ? [] : [`likes to expect of ${EXPECTED_OF}`];
  console.log(`| | ${[...ks.map((k) => `hit@${k}`), ...ks.map((k) => `nDCG@${k}`), ...more].join(" | ")} |`);
  console.log(`|---|${[...ks, ...ks, ...more].map(() => "---:|").join("")}`);
  for (const { method, hit, ndcg, expected } of scores) {
    const told = [...Object.values(hit), ...Object.values(ndcg), ...(expected === undefined ? [] : [expected])];
    const cells = told.map((n) => n.toFixed(3));
    console.log(`| ${method} | ${cells.join(" | ")} |`);
  }
  console.log("");
}
