import {
  type Elsewhere,
  evaluateHouse,
  type Evaluation,
  installTrained,
  type Trained,
  trainHouse,
} from "#systems/feed/index.ts";

import { columns, type Command, command, UsageError } from "./command.ts";
import { openHouse } from "./house.ts";

const SEED_DEFAULT = 1;
const DAYS_DEFAULT = 90;
const DAYS_MAX = 3_650;
const MOMENTS_DEFAULT = 2_000;

const days = { type: "string", value: "N", says: `of how many days; ${DAYS_DEFAULT} where nothing is said` } as const;
const seed = {
  type: "string",
  value: "N",
  says: "draws what is drawn by chance; the same again gives the same",
} as const;

const train = command({
  path: ["feed", "train"],
  summary: "Learns For you's weights from what happened in this house, and puts them in place if they are better",
  about:
    "Weights are made from the first four fifths of what people did, and checked on the rest. An outcome takes its new weights only if they tell it better than those in place and than knowing only how common it is. Of whom For you is off, nothing is read. Exit code 1: nothing was better, and all stays as it was.",
  options: {
    days,
    seed,
    "dry-run": { type: "boolean", says: "only tells what it found" },
    json: { type: "boolean", says: "as JSON" },
  },
  async run(values, terminal) {
    const asked = { days: whole("days", values.days, DAYS_DEFAULT, DAYS_MAX), seed: seedOf(values.seed) };
    await using house = await openHouse(terminal);
    const { ground } = house.feed.rooms.forYou;
    const trained = await trainHouse(ground, asked.days, asked.seed, elsewhere(house));
    const version = values["dry-run"] ? null : await installTrained(ground, trained);
    if (values.json) terminal.out(JSON.stringify({ ...trained, version, ...asked }));
    else for (const line of toldOfTraining(trained, version, values["dry-run"])) terminal.out(line);
    return trained.is_better ? 0 : 1;
  },
});

const evaluate = command({
  path: ["feed", "evaluate"],
  summary: "How well For you would have found what people here then liked, beside popularity and recency",
  about:
    "Replays the last days: at moments when somebody came back, each way makes its list of what was there, and what they did within the day after is what it should have found. Weights are made from the time before. Nothing is changed.",
  options: {
    days,
    seed,
    moments: { type: "string", value: "N", says: `at most so many; ${MOMENTS_DEFAULT} where nothing is said` },
    json: { type: "boolean", says: "as JSON" },
  },
  async run(values, terminal) {
    const asked = {
      days: whole("days", values.days, DAYS_DEFAULT, DAYS_MAX),
      moments_max: whole("moments", values.moments, MOMENTS_DEFAULT, 1_000_000),
      seed: seedOf(values.seed),
    };
    await using house = await openHouse(terminal);
    const told = await evaluateHouse(house.feed.rooms.forYou.ground, asked, elsewhere(house));
    if (values.json) terminal.out(JSON.stringify({ ...told, ...asked }));
    else for (const line of toldOfEvaluation(told)) terminal.out(line);
    return 0;
  },
});

/** What moderators were told of; the feed stands below them. */
const elsewhere = ({ moderation }: Awaited<ReturnType<typeof openHouse>>): Elsewhere => ({
  reportsSince: (since, reports_max) => moderation.postsReportedSince(since, reports_max),
});

export const choiceCommands: readonly Command[] = [train, evaluate];

function whole(name: string, typed: string | undefined, otherwise: number, most: number): number {
  if (typed === undefined) return otherwise;
  const n = Number(typed);
  if (/^\d{1,7}$/.test(typed) && n >= 1 && n <= most) return n;
  throw new UsageError(`--${name} is "${typed}", but it must be a whole number from 1 to ${most}.`);
}

const seedOf = (typed: string | undefined) => whole("seed", typed, SEED_DEFAULT, 9_999_999);

function toldOfTraining({ report, is_better }: Trained, version: number | null, is_dry: boolean): string[] {
  const loss = (n: number) => n.toFixed(4);
  return [
    `${report.examples.toLocaleString("en")} times that somebody met a post, by ${report.people.toLocaleString("en")} people.`,
    "Log-loss on the last fifth; smaller is better:",
    "",
    ...columns([
      ["", "happened", "new", "in place", "base rate", ""],
      ...report.outcomes.map((one) => [
        one.outcome,
        String(one.positives),
        // Too rare to learn from: there is nothing new.
        one.log_loss === one.log_loss_in_place ? "–" : loss(one.log_loss),
        loss(one.log_loss_in_place),
        loss(one.log_loss_base_rate),
        one.taken ? "taken" : "as it was",
      ]),
    ]),
    "",
    version !== null
      ? `Version ${version} is in place.`
      : is_better && is_dry
        ? "Better; nothing was put in place."
        : "Nothing is better than what is in place, and that stays.",
  ];
}

function toldOfEvaluation({ moments, people, scores, visits, order }: Evaluation): string[] {
  if (moments === 0) return ["Too little happened here to measure anything: nobody came back and did something."];
  return [
    `${moments.toLocaleString("en")} moments at which one of ${people.toLocaleString("en")} people came back. Of all that was there:`,
    "",
    ...scoresOf(scores),
    ...(visits === 0
      ? []
      : ["", `Of what was on their screen alone, at ${visits.toLocaleString("en")} visits:`, "", ...scoresOf(order)]),
  ];
}

function scoresOf(scores: Evaluation["scores"]): string[] {
  const ks = Object.keys(scores[0]?.hit ?? {}).map(Number);
  return columns([
    ["", ...ks.map((k) => `hit@${k}`), ...ks.map((k) => `nDCG@${k}`)],
    ...scores.map((one) => [
      one.method,
      ...ks.map((k) => one.hit[k]!.toFixed(3)),
      ...ks.map((k) => one.ndcg[k]!.toFixed(3)),
    ]),
  ]);
}
