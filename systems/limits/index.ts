import { join } from "node:path";

import type { Caches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { LimitAsked } from "#ports/http/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { MigrationFolder, Sql } from "#ports/sql/index.ts";
import type { People } from "#systems/people/index.ts";
import type { Spaces } from "#systems/spaces/index.ts";

import { type Book, createBook } from "./book.ts";
import { DECISIONS_KEPT_MS, FLUSH_MS } from "./bounds.ts";
import { type Check, createCheck } from "./check.ts";
import { trim } from "./counts-store.ts";
import { type Counts, createCounts } from "./counts.ts";
import { createDecisions, createNames, type Decisions } from "./decisions.ts";
import { LIMITS_TOPIC, readLimitsEvent } from "./events.ts";
import { createInForce, type InForce } from "./in-force.ts";
import { createRefusals, type Refusals } from "./refusals.ts";
import { createReserved } from "./reserved.ts";
import { createSets, type Sets } from "./sets.ts";
import { createTiers, type Tiers } from "./tiers.ts";
import { createWhere } from "./where.ts";

/** Needs the migrations of people and spaces before it. */
export const LIMITS_FOLDER: MigrationFolder = { system: "limits", folder: join(import.meta.dirname, "sql") };

export interface LimitsNeeds {
  sql: Sql;
  log: Log;
  clock: Clock;
  caches: Caches;
  /** That of the house; its book and this system draw from it. */
  limiter: Limiter;
  /** Where keys of others are counted: another one in the same process, or the one that all nodes share. */
  others_limiter: Limiter;
  people: Pick<People, "cards" | "byHandle" | "tokens">;
  spaces: Pick<Spaces, "cards" | "find" | "membershipsOf">;
  /** The house's own, the same in every process: addresses are kept as hashes with it. */
  secret: string;
  /** Ways in, which no rule set closes, as `METHOD /path`. */
  sign_in_routes: readonly string[];
  /** What the page asks for before it can show admins their desk, as `METHOD /path`; none where there is no page. */
  desk_routes?: readonly string[];
  /** Those that a rule may name, as `METHOD /path`. Asked when somebody writes a rule set. */
  routes: () => readonly string[];
  /** What a request for one takes, where it is not one token. */
  costs?: () => Readonly<Record<string, number>>;
  /** This node holds by another rule set than the one that was published. */
  onTrouble?: (because: string) => void;
  /** Counts could not be handed over; they are kept. */
  onFailure?: (error: unknown) => void;
}

export interface Limits extends AsyncDisposable {
  /** What each request draws from, for `createApi`. */
  book: Book;
  /** The space in whose rooms a request was, by what its path names; null outside of spaces. From memory most times. */
  spaceOf(asked: LimitAsked): Promise<{ id: string; is_member: boolean } | null>;
  /** Hands over what this node counted; it happens by itself every few seconds. */
  flush(): Promise<void>;
  /** Why this node holds by another rule set than the one that was published, in words for the house's notes; null when all is well. */
  trouble(): string | null;
  stats(): Record<string, number>;
  /** Forgets old counts, on one node at a time or many. Start it on nodes that work in the background. */
  work(): Disposable;
  /** For this system's own routes. */
  rooms: { sets: Sets; tiers: Tiers; decisions: Decisions; refusals: Refusals; check: Check };
}

const TRIM_MS = 600_000;

/** Follows its own events from here on, so that what is published on another node holds here a moment later. */
export async function createLimits(needs: LimitsNeeds): Promise<Limits> {
  await using opened = new AsyncDisposableStack();
  const { sql, log, clock, caches, limiter, people, spaces } = needs;
  const in_force = createInForce({ sql, onTrouble: needs.onTrouble ?? (() => {}) });
  const reserved = createReserved(needs.sign_in_routes, needs.desk_routes ?? []);
  const tiers = createTiers({ sql, log, clock, people, spaces });
  const counts = createCounts({ sql, clock, nameOf: createNames(needs.secret) });
  const rooms = {
    sets: createSets({
      sql,
      log,
      clock,
      people,
      in_force,
      reserved,
      routes: needs.routes,
      costs: needs.costs ?? (() => ({})),
    }),
    tiers,
    decisions: createDecisions({ sql, clock, people, spaces, counts }),
    refusals: createRefusals({ sql, clock, people, counts }),
    check: createCheck({ limiter: needs.others_limiter, house: limiter, clock }),
  };
  opened.use(await follow(log, in_force, tiers));
  const where = createWhere(caches, spaces);
  opened.defer(() => counts.flush().catch((error: unknown) => needs.onFailure?.(error)));
  const book = opened.use(createBook({ limiter, clock, in_force, reserved, tiers, where, counts }));
  opened.use(clock.every(FLUSH_MS, () => counts.flush().catch((error: unknown) => needs.onFailure?.(error))));
  const owned = opened.move();
  return {
    book,
    rooms,
    async spaceOf({ route, params, viewer }) {
      const name = params?.[where.paramOf(route) ?? ""];
      return name === undefined ? null : where.find(name, viewer);
    },
    flush: () => counts.flush(),
    trouble: () => in_force.trouble,
    stats: () => statsOf(counts, book, in_force),
    work: () =>
      clock.every(TRIM_MS, () =>
        trim(sql.pool, new Date(clock.now() - DECISIONS_KEPT_MS)).catch((error: unknown) => needs.onFailure?.(error)),
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Live before the first read, so that nothing is missed between; and told of nothing before that read is done, so that it overwrites nothing. */
async function follow(log: Log, in_force: InForce, tiers: Tiers): Promise<AsyncDisposable> {
  const read = Promise.withResolvers<void>();
  // Whoever waits for it hears of a failure below.
  read.promise.catch(() => {});
  const tail = await log.tail(LIMITS_TOPIC, async (batch) => {
    await read.promise;
    let isPublished = false;
    for (const stored of batch) {
      const event = readLimitsEvent(stored);
      if (event?.type === "limits.published") isPublished = true;
      else if (event?.type === "limits.tier_changed") tiers.onEvent(event);
    }
    if (isPublished) await in_force.reload();
  });
  try {
    await tiers.load();
    await in_force.reload();
    read.resolve();
    return tail;
  } catch (error) {
    read.reject(error);
    await tail[Symbol.asyncDispose]();
    throw error;
  }
}

function statsOf(counts: Counts, book: Book, in_force: InForce): Record<string, number> {
  const { pending, skipped } = book.shadows();
  return {
    ...counts.totals(),
    shadows_pending: pending,
    shadows_skipped: skipped,
    waiting: book.waiting(),
    set_version: Number(in_force.now.version),
    is_troubled: in_force.trouble === null ? 0 : 1,
  };
}

export type { Book } from "./book.ts";
export { limitsRoutes } from "./contract.ts";
export { LIMITS_TOPIC, type LimitsEvent, readLimitsEvent } from "./events.ts";
export { type Asking, compileRuleSet, type CompiledSet, type Draw } from "./rule-set-book.ts";
export { diffRuleSets } from "./rule-set-diff.ts";
export { DEFAULT_RULE_SET, readRuleSet, type SetTrouble } from "./rule-set.ts";
export { serveLimits } from "./routes.ts";
export type { Algorithm, RuleSet } from "./rules-contract.ts";
export type { LimitsInForce } from "./sets-contract.ts";
export { routesOf, simulate, type SimulateNeeds, type SimulationReport } from "./simulate/index.ts";
