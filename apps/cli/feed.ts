import type { Explanation } from "#systems/feed/index.ts";

import { columns, type Command, command } from "./command.ts";
import { alongCommands } from "./feed-along.ts";
import { choiceCommands } from "./feed-choice.ts";
import { openHouse } from "./house.ts";

const explain = command({
  path: ["feed", "explain"],
  summary: "How homes are made here, what each way costs on this machine, and which is the cheapest",
  about:
    "From this house's own numbers of the last day and from steps that are measured now. An admin chooses on the page, under Settings, House, Timelines.",
  options: { json: { type: "boolean", says: "as JSON" } },
  async run({ json }, terminal) {
    await using house = await openHouse(terminal);
    const explained = await house.feed.rooms.explain();
    if (json) terminal.out(JSON.stringify(explained));
    else for (const line of told(explained)) terminal.out(line);
    return 0;
  },
});

/** Commands of the feed; each of its rooms may bring one. */
export const feedCommands: readonly Command[] = [explain, ...choiceCommands, ...alongCommands];

function told({ chosen, numbers: n, graph, steps, costs, advice, stats }: Explanation): string[] {
  const by =
    chosen.changed_at === null ? "the configuration" : `an admin, ${chosen.changed_at.toISOString().slice(0, 10)}`;
  const threshold =
    chosen.strategy === "hybrid" ? `, people with more than ${whole(chosen.push_followers_max)} followers pulled` : "";
  return [
    `Homes are made by ${chosen.strategy}${threshold} (chosen by ${by}).`,
    "",
    ...columns([
      ["people", `${whole(n.people)}, ${whole(n.active_people)} of them active in the last day`],
      [
        "whom an active person follows",
        `${whole(n.follows_per_reader)} on average, ${few(n.heavy_per_reader)} of them over the threshold`,
      ],
      [
        "followers",
        `half have ≤ ${whole(graph.followers_p50)}, 90 % ≤ ${whole(graph.followers_p90)}, 99 % ≤ ${whole(graph.followers_p99)}, the most ${whole(graph.followers_most)}`,
      ],
      ["homes read", `${few(n.home_reads_per_s)} a second`],
      [
        "posts and reposts",
        `${few(n.entries_per_s)} a second, by people with ${whole(n.followers_per_entry)} followers on average`,
      ],
      [
        "measured",
        `${few(steps.ring_us)} µs a ring, ${few(steps.push_us)} µs a push, ${few(steps.list_us)} µs a list, ${few(steps.load_us / 1000)} ms a load, ${few(steps.plain_us / 1000)} ms a read of the database`,
      ],
    ]),
    "",
    ...columns([
      ["", "µs a second", "reading", "pushing", "database", "memory"],
      ...costs.map((c) => [
        c.strategy === advice.strategy ? `> ${c.strategy}` : `  ${c.strategy}`,
        few(c.us_per_s),
        few(c.reads_us_per_s),
        few(c.writes_us_per_s),
        few(c.database_us_per_s),
        memoryOf(c, stats.shared !== null),
      ]),
    ]),
    "",
    `Advice: ${advice.strategy}.`,
    ...advice.because,
  ];
}

function memoryOf({ strategy, bytes, bytes_max }: Explanation["costs"][number], in_redis: boolean): string {
  if (bytes_max === 0) return "none";
  if (in_redis && (strategy === "push" || strategy === "hybrid")) return `${mib(bytes)} in Redis`;
  return `${mib(bytes)} of ${mib(bytes_max)}`;
}

const whole = (n: number) => Math.round(n).toLocaleString("en");
const few = (n: number) => (n === 0 ? "0" : n >= 10 ? whole(n) : n.toPrecision(2));
const mib = (bytes: number) => `${few(bytes / 1024 / 1024)} MiB`;
