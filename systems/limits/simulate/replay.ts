import type { Clock } from "#ports/clock/index.ts";
import { addressKey } from "#ports/limiter/index.ts";

import type { Asking, CompiledSet } from "../rule-set-book.ts";
import type { Grant } from "../rules-contract.ts";
import { BUSIEST_FOLLOWED_MAX, BUSIEST_TOLD_MAX } from "./bounds.ts";
import { createBusiest } from "./busiest.ts";
import type { SimulatedRoute, SimulationReport } from "./contract.ts";
import type { LogEntry } from "./entry.ts";
import { createRouteFinder } from "./routes.ts";
import { createShown } from "./shown.ts";
import { createSide, keyOf } from "./side.ts";
import { createTimeline } from "./timeline.ts";

export interface ReplayNeeds {
  in_force: CompiledSet;
  proposed: CompiledSet;
  routes: readonly SimulatedRoute[];
  /** Routes that no rule set touches, as `METHOD /path`: the ways in (`reserved.ts`). */
  apart?: readonly string[];
  /** What somebody was given; free where nothing is said. */
  personGrant?: (person_id: string) => Grant | null;
  spaceGrant?: (space_id: string) => Grant | null;
}

export interface Replay {
  /** Requests in the order of their time. */
  play(entries: readonly LogEntry[]): void;
  report(): Omit<SimulationReport, "log"> & { log: Pick<SimulationReport["log"], ReplaySays> };
}

type ReplaySays = "first_at_ms" | "last_at_ms" | "refused_then" | "uncounted" | "unknown_routes" | "says";

const GUESTS = "/guests";
const NOBODY = "nobody";

/**
 * Plays requests to two rule sets as a house would have been asked: with the limiter that it runs on, at the time that the log
 * tells. What people would have done otherwise after a refusal is not known; they do here what they did.
 */
export function createReplay(needs: ReplayNeeds): Replay {
  const { personGrant, spaceGrant } = needs;
  let now_ms = 0;
  const clock = clockOf(() => now_ms);
  const in_force = createSide(needs.in_force, clock);
  const proposed = createSide(needs.proposed, clock);
  const routeOf = createRouteFinder(needs.routes);
  const apart = new Set(needs.apart);
  const timeline = createTimeline();
  const newly = createBusiest(BUSIEST_FOLLOWED_MAX);
  const requests_by_route = new Map<string, number>();
  const says = { person: 0, token: 0, space: 0, address: 0 };
  let requests = 0;
  let newly_refused = 0;
  let no_longer_refused = 0;
  let first_at_ms: number | null = null;
  let last_at_ms: number | null = null;
  let refused_then = 0;
  let uncounted = 0;
  let unknown_routes = 0;

  function play(entry: LogEntry): void {
    const found = routeOf(entry.method, entry.path);
    first_at_ms ??= entry.at_ms;
    last_at_ms = entry.at_ms;
    if (entry.status === 429) refused_then++;
    if (!found.limited || apart.has(found.route)) {
      uncounted++;
      return;
    }
    if (!found.known) unknown_routes++;
    requests++;
    requests_by_route.set(found.route, (requests_by_route.get(found.route) ?? 0) + 1);
    now_ms = entry.at_ms;
    const { person_id, token_id, space_id } = entry;
    if (person_id !== null) says.person++;
    if (token_id !== null) says.token++;
    if (space_id !== null) says.space++;
    if (entry.address !== "") says.address++;
    // Whoever has a good credential draws from their own, as in a house.
    const address = person_id === null && entry.address !== "" ? addressKey(entry.address) : null;
    const asking: Asking = {
      route: found.route,
      cost_tokens: entry.cost_tokens ?? found.cost_tokens,
      address,
      person_id,
      token_id,
      space: space_id === null ? null : spaceOf(space_id),
      person_grant: person_id === null ? null : (personGrant?.(person_id) ?? null),
      space_grant: space_id === null ? null : (spaceGrant?.(spaceOf(space_id).id) ?? null),
    };
    const who = person_id !== null ? `person:${person_id}` : address !== null ? `address:${address}` : NOBODY;
    const then = in_force.ask(asking, now_ms, who, entry.took_ms);
    const now = proposed.ask(asking, now_ms, who, entry.took_ms);
    timeline.count(now_ms, then, now);
    if (now && !then) {
      newly_refused++;
      newly.refused(who, now_ms);
    } else if (!now) newly.passed(who, now_ms);
    if (then && !now) no_longer_refused++;
  }

  return {
    play(entries) {
      for (let i = 0; i < entries.length; i++) play(entries[i]!);
    },
    report() {
      const shown = createShown();
      const only = newly.top(Infinity).filter(({ key }) => !in_force.refusedEver(key));
      return {
        log: { first_at_ms, last_at_ms, refused_then, uncounted, unknown_routes, says },
        requests,
        in_force: in_force.told(shown, requests_by_route),
        proposed: proposed.told(shown, requests_by_route),
        change: {
          newly_refused,
          no_longer_refused,
          newly: only.slice(0, BUSIEST_TOLD_MAX).map((one) => keyOf(one, shown)),
          newly_count: only.length,
          newly_exact: newly.forgotten === 0 && in_force.isExact(),
        },
        timeline: timeline.points(),
        timeline_step_ms: timeline.step_ms,
      };
    },
  };
}

const spaceOf = (space_id: string) =>
  space_id.endsWith(GUESTS)
    ? { id: space_id.slice(0, -GUESTS.length), is_member: false }
    : { id: space_id, is_member: true };

/** The log's time. Nothing sleeps here, and nothing is left to chance. */
function clockOf(now: () => number): Clock {
  const nothing = (): never => {
    throw new Error("A replay neither waits nor draws lots.");
  };
  return { now, monotonic: now, sleep: nothing, every: nothing, random: nothing };
}
