import { RING_OVERHEAD_BYTES as LIST_OVERHEAD_BYTES } from "./ring.ts";
import { STRATEGIES, type Strategy } from "./timeline.ts";

/** What is known of this house; rates are means over the last day. */
export interface CostNumbers {
  people: number;
  /** Used a session within the last day. */
  active_people: number;
  /** Of an active person: whom they follow, and those of them with more followers than the threshold. */
  follows_per_reader: number;
  heavy_per_reader: number;
  home_reads_per_s: number;
  /** Posts and reposts. */
  entries_per_s: number;
  /** Followers of whoever made an entry, and the same where those over the threshold count as none. */
  followers_per_entry: number;
  light_followers_per_entry: number;
  followed_people: number;
  heavy_people: number;
  followers_most: number;
}

/** µs on this machine, measured when asked. */
export interface CostSteps {
  ring_us: number;
  list_us: number;
  push_us: number;
  /** Making one reader's rings or list from the database, and reading a page there. */
  load_us: number;
  plain_us: number;
}

export interface CostBounds {
  rings_bytes_max: number;
  lists_bytes_max: number;
  list_entries_max: number;
}

/** What one strategy costs, of what only timelines do: hydrating, rules and sockets are the same for all. */
export interface StrategyCost {
  strategy: Strategy;
  /** CPU (and for the database, time) per second of the house's life, in µs. */
  us_per_s: number;
  reads_us_per_s: number;
  writes_us_per_s: number;
  database_us_per_s: number;
  /** Memory that it would want, on each node. */
  bytes: number;
  bytes_max: number;
}

export interface Advice {
  strategy: Strategy;
  because: string[];
}

/** Keys that a ring has room for, on the average of measured houses. */
const RING_KEYS_MEAN = 16;
/** Of a ring's row beside its keys. */
const RING_ROW_BYTES = 49;
const LIST_FILL = 0.97;
const LIST_ACTOR_BYTES = 6;
const KEY_BYTES = 8;
/** Each active reader's list or rings are made anew so often: a start, a sweep, a change of whom they follow. */
const LOADS_PER_READER_AND_S = 2 / 86_400;
/** A change is worth a switch only where it saves this share. */
const WORTH_SHARE = 0.2;
/** And at least this: a thousandth of one core. */
const WORTH_US_PER_S = 1_000;

export function costsOf(n: CostNumbers, steps: CostSteps, bounds: CostBounds): StrategyCost[] {
  const reads = n.home_reads_per_s;
  const active_share = n.people === 0 ? 0 : n.active_people / n.people;
  const ring_bytes = RING_ROW_BYTES + RING_KEYS_MEAN * KEY_BYTES;
  const list_bytes =
    LIST_OVERHEAD_BYTES + bounds.list_entries_max * LIST_FILL * KEY_BYTES + n.follows_per_reader * LIST_ACTOR_BYTES;
  const rings_bytes = Math.min(n.followed_people, n.active_people * n.follows_per_reader) * ring_bytes;
  const heavy_bytes = Math.min(n.heavy_people, n.active_people * n.heavy_per_reader) * ring_bytes;
  const lists_bytes = n.active_people * list_bytes;

  const cost = (
    strategy: Strategy,
    read_us: number,
    pushes_per_s: number,
    memory: { bytes: number; bytes_max: number } | null,
  ): StrategyCost => {
    const { bytes, bytes_max } = memory ?? { bytes: 0, bytes_max: 0 };
    // What memory does not hold is read again each time somebody asks for it.
    const missed = bytes > bytes_max ? 1 - bytes_max / bytes : 0;
    const loads_per_s = memory === null ? 0 : n.active_people * LOADS_PER_READER_AND_S + reads * missed;
    const reads_us_per_s = strategy === "plain" ? 0 : reads * read_us;
    const writes_us_per_s = pushes_per_s * steps.push_us;
    const database_us_per_s = strategy === "plain" ? reads * steps.plain_us : loads_per_s * steps.load_us;
    const us_per_s = reads_us_per_s + writes_us_per_s + database_us_per_s;
    return { strategy, us_per_s, reads_us_per_s, writes_us_per_s, database_us_per_s, bytes, bytes_max };
  };

  const of: Record<Strategy, StrategyCost> = {
    pull: cost("pull", n.follows_per_reader * steps.ring_us, 0, {
      bytes: rings_bytes,
      bytes_max: bounds.rings_bytes_max,
    }),
    push: cost("push", steps.list_us, n.entries_per_s * n.followers_per_entry * active_share, {
      bytes: lists_bytes,
      bytes_max: bounds.lists_bytes_max,
    }),
    hybrid: cost(
      "hybrid",
      steps.list_us + n.heavy_per_reader * steps.ring_us,
      n.entries_per_s * n.light_followers_per_entry * active_share,
      { bytes: lists_bytes + heavy_bytes, bytes_max: bounds.lists_bytes_max + bounds.rings_bytes_max },
    ),
    plain: cost("plain", 0, 0, null),
  };
  return STRATEGIES.map((strategy) => of[strategy]);
}

/** The cheapest, and why in sentences. Where the present one is nearly as cheap, or all are next to nothing, it stays. */
export function adviceOf(costs: readonly StrategyCost[], present: Strategy, n: CostNumbers, steps: CostSteps): Advice {
  const cheapest = costs.toSorted((a, b) => a.us_per_s - b.us_per_s)[0]!;
  const now = costs.find((cost) => cost.strategy === present)!;
  const because: string[] = [];
  if (n.home_reads_per_s === 0) {
    because.push("Nobody read a home in the last day, so nothing can be said yet. Keep what there is.");
    return { strategy: present, because };
  }
  const saves = now.us_per_s === 0 ? 0 : 1 - cheapest.us_per_s / now.us_per_s;
  const is_little = now.us_per_s - cheapest.us_per_s < WORTH_US_PER_S;
  const stays = cheapest.strategy === present || saves < WORTH_SHARE || is_little;
  const chosen = stays ? now : cheapest;
  const read_us = (chosen.reads_us_per_s + chosen.database_us_per_s) / n.home_reads_per_s;
  because.push(
    `A read by ${chosen.strategy} costs ${us(read_us)}; a reader follows ${many(n.follows_per_reader, "person", "people")} on average, and one ring more in a merge costs ${us(steps.ring_us)}.`,
  );
  const push = costs.find((cost) => cost.strategy === "push")!;
  const pushes_per_s = steps.push_us === 0 ? 0 : push.writes_us_per_s / steps.push_us;
  because.push(
    `Pushing everything would put ${per(pushes_per_s)} ids a second into lists, at ${us(steps.push_us)} each; the most followed author has ${many(n.followers_most, "follower")}.`,
  );
  for (const { strategy, bytes, bytes_max } of costs)
    if (bytes > bytes_max)
      because.push(`By ${strategy}, memory would hold ${whole((100 * bytes_max) / bytes)} % of what is read.`);
  if (cheapest.strategy === present) because.push(`Nothing is cheaper here than ${present}.`);
  else if (is_little)
    because.push("No other way would save a thousandth of one core here, so nobody would notice a switch.");
  else if (stays)
    because.push(`By ${cheapest.strategy} it would be ${whole(100 * saves)} % cheaper, which is not worth a switch.`);
  else because.push(`That saves ${whole(100 * saves)} % of what ${present} costs now.`);
  return { strategy: chosen.strategy, because };
}

const whole = (n: number) => Math.round(n).toLocaleString("en");
const many = (n: number, one: string, more = `${one}s`) => `${whole(n)} ${Math.round(n) === 1 ? one : more}`;
const per = (n: number) => (n >= 10 ? whole(n) : n.toPrecision(2));
const us = (n: number) => (n >= 1_000 ? `${per(n / 1_000)} ms` : `${per(n)} µs`);
