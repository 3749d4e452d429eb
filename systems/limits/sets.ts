import { Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";
import type { People } from "#systems/people/index.ts";

import * as b from "./bounds.ts";
import { tell } from "./events.ts";
import { type InForce, OWN_VERSION } from "./in-force.ts";
import type { Reserved } from "./reserved.ts";
import { diffRuleSets } from "./rule-set-diff.ts";
import { DEFAULT_RULE_SET, readRuleSet } from "./rule-set.ts";
import type { RuleSet } from "./rules-contract.ts";
import type { Difference, LimitsInForce, SetCard, SetWhole } from "./sets-contract.ts";
import * as store from "./store.ts";

const PUBLISHINGS_SHOWN_MAX = 20;
const BELOW_ALL = "9223372036854775807";
/** Of the house's own set, and of what a newer or older house wrote. */
const NO_RULES: RuleSet = { rules: [] };

/** Whoever writes and publishes; may they is asked before. */
type By = Pick<SignedIn, "person_id">;

export interface Draft {
  set: unknown;
  note: string;
}

export interface Publish {
  note: string;
  instead_of: string;
  revision?: number | undefined;
}

/** Rule sets: drafts, what was published when, and what holds. */
export interface Sets {
  inForce(): Promise<LimitsInForce>;
  list(page: { limit: number; cursor?: string | undefined }): Promise<Page<SetCard>>;
  get(version: string): Promise<SetWhole>;
  create(by: By, draft: Draft & { based_on: string }): Promise<SetWhole>;
  change(by: By, version: string, draft: Draft & { revision: number }): Promise<SetWhole>;
  discard(version: string): Promise<void>;
  /** @param asked `revision` is that of the draft which was looked at; where nothing is said, any. */
  publish(by: By, version: string, asked: Publish): Promise<LimitsInForce>;
  diff(from: string, to: string): Promise<{ items: Difference[]; revision: number }>;
}

export interface SetsNeeds {
  sql: Sql;
  log: Log;
  clock: Clock;
  people: Pick<People, "cards">;
  in_force: InForce;
  reserved: Reserved;
  /** Those that a rule may name, as `METHOD /path`. */
  routes: () => readonly string[];
  /** What a request for one takes where it is not one token. */
  costs: () => Readonly<Record<string, number>>;
}

export function createSets({ sql, log, clock, people, in_force, reserved, routes, costs }: SetsNeeds): Sets {
  const published = async (db: Query) => (await store.publishings(db, 1))[0]?.version ?? OWN_VERSION;

  /** @throws Problem 400 with all that is wrong, 413 where it is larger than any set */
  function checked(value: unknown): RuleSet {
    const { set, troubles } = readRuleSet(value, routes());
    if (set && JSON.stringify(set).length > b.SET_BYTES_MAX)
      throw new Problem(413, "limits.set_too_large", `A rule set has ${b.SET_BYTES_MAX} bytes of JSON at most.`);
    if (set) return set;
    const errors = troubles.map(({ pointer, detail }) => ({
      pointer: `/body/set${pointer}`.slice(0, 200),
      detail: detail.slice(0, 300),
    }));
    const first = errors[0]!;
    throw new Problem(400, "limits.set_broken", `This rule set cannot hold: ${first.pointer}: ${first.detail}`, {
      errors,
    });
  }

  async function find(db: Query, version: string): Promise<store.SetRow> {
    const row = await store.find(db, version);
    if (!row) throw new Problem(404, "limits.set_not_found", "There is no such rule set, or it was thrown away.");
    return row;
  }

  async function draft(tx: Query, version: string): Promise<store.SetRow> {
    const row = version === OWN_VERSION ? null : await find(tx, version);
    if (row === null || row.published_at !== null)
      throw new Problem(
        409,
        "limits.set_published",
        "What was published once stays as it is. Make a draft from it instead.",
      );
    return row;
  }

  /** As it stands; one that this node cannot read has no rules to show. */
  const setOf = (row: store.SetRow): RuleSet => readRuleSet(row.body).set ?? NO_RULES;

  async function present(rows: store.SetRow[]): Promise<SetWhole[]> {
    const [holds, cards] = await Promise.all([
      published(sql.pool),
      people.cards(new Set(rows.flatMap(({ made_by, changed_by }) => [made_by, changed_by]))),
    ]);
    const personOf = (id: PersonId) => cards.get(id) ?? null;
    return rows.map((row) => ({
      version: row.version,
      state: row.version === holds ? "in_force" : row.published_at === null ? "draft" : "published",
      note: row.note,
      based_on: row.based_on,
      revision: row.revision,
      rules: setOf(row).rules.length,
      made_by: personOf(row.made_by),
      made_at: rfc3339(row.made_at),
      changed_by: personOf(row.changed_by),
      changed_at: rfc3339(row.changed_at),
      published_at: row.published_at && rfc3339(row.published_at),
      set: setOf(row),
    }));
  }

  const one = async (version: string) => (await present([await find(sql.pool, version)]))[0]!;

  async function own(): Promise<SetWhole> {
    return {
      version: OWN_VERSION,
      state: (await published(sql.pool)) === OWN_VERSION ? "in_force" : "own",
      note: "The house's own, where nobody published another.",
      based_on: null,
      revision: 1,
      rules: DEFAULT_RULE_SET.rules.length,
      made_by: null,
      made_at: null,
      changed_by: null,
      changed_at: null,
      published_at: null,
      set: DEFAULT_RULE_SET,
    };
  }

  const get = (version: string) => (version === OWN_VERSION ? own() : one(version));

  async function inForce(): Promise<LimitsInForce> {
    const rows = await store.publishings(sql.pool, PUBLISHINGS_SHOWN_MAX);
    const cards = await people.cards(new Set(rows.map(({ by_id }) => by_id)));
    const version = rows[0]?.version ?? OWN_VERSION;
    return {
      version,
      set: (await get(version)).set,
      publishings: rows.map((row) => ({
        version: row.version,
        by: cards.get(row.by_id) ?? null,
        at: rfc3339(row.at),
        note: row.note,
      })),
      node_version: in_force.now.version,
      trouble: in_force.trouble,
      reserved: reserved.rules.map(({ id, summary, level, routes: of, limit }) => ({
        id,
        summary,
        level,
        routes: of,
        limit,
      })),
      apart: [...reserved.sign_in, ...routes().filter((route) => reserved.isDesk(route))],
      routes: [...routes()],
      costs: { ...costs() },
    };
  }

  return {
    inForce,
    get,

    async list({ limit, cursor }) {
      const below = cursor === undefined ? BELOW_ALL : String(decodeCursor(cursor, ["id"])[0]);
      const rows = await store.list(sql.pool, below, limit + 1);
      const shown = rows.slice(0, limit);
      const items: SetCard[] = (await present(shown)).map(({ set: _, ...card }) => card);
      const isEnd = rows.length <= limit;
      if (isEnd) items.push((({ set: _, ...card }) => card)(await own()));
      return { items, next_cursor: isEnd ? null : encodeCursor([shown.at(-1)!.version]) };
    },

    async create(by, { set, note, based_on }) {
      const body = checked(set);
      const at = new Date(clock.now());
      const version = await sql.tx(async (tx) => {
        await store.lockSets(tx);
        if ((await store.drafts(tx)) >= b.DRAFTS_MAX)
          throw new Problem(
            409,
            "limits.too_many_drafts",
            `There are ${b.DRAFTS_MAX} drafts already. Throw one away first.`,
          );
        const next = await store.nextVersion(tx);
        await store.insert(tx, { version: next, body, note, based_on }, by.person_id, at);
        return next;
      });
      return one(version);
    },

    async change(by, version, { set, note, revision }) {
      const body = checked(set);
      await sql.tx(async (tx) => {
        await store.lockSets(tx);
        const row = await draft(tx, version);
        if (row.revision !== revision) throw changedMeanwhile();
        await store.change(tx, version, body, note, by.person_id, new Date(clock.now()));
      });
      return one(version);
    },

    async discard(version) {
      await sql.tx(async (tx) => {
        await store.lockSets(tx);
        await draft(tx, version);
        await store.remove(tx, version);
      });
    },

    async publish(by, version, { note, instead_of, revision }) {
      await sql.tx(async (tx) => {
        await store.lockSets(tx);
        const holds = await published(tx);
        if (holds !== instead_of)
          throw new Problem(
            409,
            "limits.set_changed",
            `Meanwhile the rule set ${holds} came into force. Look at it before you publish another.`,
          );
        // Also an old one: it may name routes that are no more.
        if (version !== OWN_VERSION) {
          const row = await find(tx, version);
          if (revision !== undefined && row.revision !== revision) throw changedMeanwhile();
          checked(row.body);
        }
        const at = new Date(clock.now());
        const last = (await store.publishings(tx, 1))[0]?.seq ?? "0";
        const seq = (BigInt(last) + 1n).toString();
        await store.publish(tx, { seq, version, by_id: by.person_id, at, note });
        if (version !== OWN_VERSION) await store.markPublished(tx, version, at);
        await store.forgetOld(tx, (BigInt(seq) - BigInt(b.PUBLISHED_KEPT_MAX) + 1n).toString());
        const data = { seq, set_version: version, by: by.person_id };
        await tell(log, tx, { type: "limits.published", version: 1, data });
      });
      // The other nodes hear of it by the log, and this one does not wait for it.
      await in_force.reload();
      return inForce();
    },

    async diff(from, to) {
      const [before, after] = await Promise.all([get(from), get(to)]);
      return { items: diffRuleSets(before.set, after.set), revision: after.revision };
    },
  };
}

const changedMeanwhile = () =>
  new Problem(
    409,
    "limits.set_changed",
    "Somebody else changed this draft meanwhile. Load it again, and look at what is in it now.",
  );
