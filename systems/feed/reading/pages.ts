import { Problem } from "#kernel/errors.ts";
import { BIGINT_MAX } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor } from "#kernel/paging.ts";

/** Reads of one page before a thin page is handed out: a page never costs more than this, whatever the rules drop. */
export const PAGE_READS_MAX = 6;
const READ_LISTED_MAX = 200;
/** Of each read, for what the rules will drop; usually they drop nothing, and one read is enough. */
const SLACK_LISTED = 3;

/** A list of which some places are not for this viewer. */
export interface Source<L extends { key: string }, S> {
  name: string;
  isKey(text: string): boolean;
  /** @returns fewer than `listed_max` only at the true end */
  read(after: string | null, listed_max: number): Promise<L[]>;
  /** In the order of `listed`: what is shown of each, or null. */
  judge(listed: readonly L[]): Promise<(S | null)[]>;
}

export interface Filled<S> {
  shown: S[];
  next_cursor: string | null;
}

export interface PageOf {
  limit: number;
  cursor?: string | undefined;
  /** Where there is no cursor: the page begins with this entry, or with the next one below where it has gone. */
  from?: string | undefined;
}

/** The smallest key above an entry's; the largest there can be stands for the top. */
const rightAbove = (entry_id: string): string | null =>
  BigInt(entry_id) >= BIGINT_MAX ? null : (BigInt(entry_id) + 1n).toString();

/**
 * A full page, by reading on past what the rules drop. The cursor is the last place shown (or, on a page that ran into
 * its bound, the last one judged), so that the next page begins right behind it whatever was written meanwhile.
 */
export async function fillPage<L extends { key: string }, S>(
  source: Source<L, S>,
  { limit, cursor, from }: PageOf,
  signal?: Pick<AbortSignal, "throwIfAborted">,
): Promise<Filled<S>> {
  let after = cursor === undefined ? (from === undefined ? null : rightAbove(from)) : keyOf(source, cursor);
  const shown: S[] = [];
  let last_shown = after;
  let listed_max = limit + 1 + SLACK_LISTED;
  for (let reads = 0; reads < PAGE_READS_MAX; reads++) {
    // The first read is what the caller asked for; before each further one it is asked whether anybody still waits.
    if (reads > 0) signal?.throwIfAborted();
    const listed = await source.read(after, listed_max);
    const judged = await source.judge(listed);
    for (let i = 0; i < listed.length; i++) {
      const item = judged[i];
      if (item === null || item === undefined) continue;
      // One more than fits: there is a next page, and only then a cursor.
      if (shown.length === limit) return { shown, next_cursor: cursorOf(source, last_shown!) };
      shown.push(item);
      last_shown = listed[i]!.key;
    }
    if (listed.length < listed_max) return { shown, next_cursor: null };
    after = listed.at(-1)!.key;
    listed_max = Math.min(READ_LISTED_MAX, listed_max * 2);
  }
  return { shown, next_cursor: cursorOf(source, shown.length === limit ? last_shown! : after!) };
}

const cursorOf = (source: { name: string }, key: string) => encodeCursor([source.name, key]);

function keyOf(source: { name: string; isKey(text: string): boolean }, cursor: string): string {
  const [name, key] = decodeCursor(cursor, ["string", "string"]) as [string, string];
  if (name === source.name && source.isKey(key)) return key;
  throw new Problem(400, "cursor.invalid", "This cursor is of another list. Start this list from its beginning.");
}
