import type { Sql } from "#ports/sql/index.ts";

import { type CompiledSet, compileRuleSet } from "./rule-set-book.ts";
import { DEFAULT_RULE_SET, readRuleSet } from "./rule-set.ts";
import * as store from "./store.ts";

/** The version that holds where nobody published any: the house's own. */
export const OWN_VERSION = "0";
/** A start looks so far back for a set that it can read. */
const LOOK_BACK_MAX = 20;

/** The rule set by which this node holds. */
export interface InForce {
  /** Read on each request; another object after each change. */
  readonly now: { version: string; set: CompiledSet };
  /** Why this node holds by another set than the one that was published last; null when it does not. */
  readonly trouble: string | null;
  /** Reads what was published last. What cannot be read leaves the old one holding. @throws when the database is away */
  reload(): Promise<void>;
}

export function createInForce({ sql, onTrouble }: { sql: Sql; onTrouble: (because: string) => void }): InForce {
  let now = { version: OWN_VERSION, set: compileRuleSet(DEFAULT_RULE_SET) };
  let trouble: string | null = null;
  let isBegun = false;
  let reloading: Promise<void> = Promise.resolve();

  async function read(version: string): Promise<{ set: CompiledSet } | { because: string }> {
    if (version === OWN_VERSION) return { set: compileRuleSet(DEFAULT_RULE_SET) };
    const row = await store.find(sql.pool, version);
    if (!row) return { because: `The rule set ${version} is not there.` };
    const { set, troubles } = readRuleSet(row.body);
    if (set) return { set: compileRuleSet(set) };
    const [{ pointer, detail } = { pointer: "", detail: "" }] = troubles;
    return { because: `The rule set ${version} cannot be read by this node: ${pointer} ${detail}` };
  }

  async function reloadNow(): Promise<void> {
    // Only a node that begins has no old one to hold by, and looks for the newest that it understands.
    const rows = await store.publishings(sql.pool, isBegun ? 1 : LOOK_BACK_MAX);
    const versions = rows.length === 0 ? [OWN_VERSION] : rows.map(({ version }) => version);
    let first: string | null = null;
    for (const version of versions) {
      if (version === now.version && isBegun) break;
      const found = await read(version);
      if ("set" in found) {
        now = { version, set: found.set };
        break;
      }
      first ??= `${found.because} It goes on with the rule set that it had.`;
    }
    isBegun = true;
    if (first !== null && first !== trouble) onTrouble(first);
    trouble = first;
  }

  return {
    get now() {
      return now;
    },
    get trouble() {
      return trouble;
    },
    reload() {
      // One after the other: of two at once the one that asked first, and was told the older version, could end last.
      const mine = reloading.then(reloadNow);
      reloading = mine.catch(() => {});
      return mine;
    },
  };
}
