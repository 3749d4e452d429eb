import type { Id, PersonId, PostId } from "#kernel/ids.ts";

import { STRATEGIES } from "./contract.ts";

export { STRATEGIES };

/** A post's entry has the post's own id. */
export type EntryId = Id<"entry"> | PostId;

/** One thing that a person put before their followers: a post of theirs, or one that they passed on. */
export interface Entry {
  /** Of the post itself, or of the repost; newer ones are larger. The order of every timeline and its cursor. */
  id: EntryId;
  post_id: PostId;
  actor_id: PersonId;
}

/** `id === post_id` says that the actor wrote it. */
export const isRepost = (entry: Entry): boolean => entry.id !== entry.post_id;

/** A place in somebody's home. Who wrote a post is known from the post; who passed one on only from here. */
export interface HomeEntry {
  /** The entry's id. */
  key: string;
  post_id: PostId;
  reposter_id: PersonId | null;
  /** Whose entry it is, one of the `actors` that were asked for; left out where only ids are known. */
  actor_id?: PersonId;
}

/**
 * `pull` merges the rings of the followed at each read; `push` keeps a list of ids per active viewer; `hybrid` keeps lists
 * of what people with few followers put there and pulls the rest; `plain` asks the database.
 */
export type Strategy = (typeof STRATEGIES)[number];

/**
 * A way to know what the followed put before their followers. All ways give the same answer, that of plain SQL; they
 * differ in what it costs. None of them knows who may see what: rules run later, at read time.
 */
export interface Timeline {
  readonly name: Strategy;
  /**
   * The newest entries of these people below `before` (null: from the top), newest first.
   * @returns fewer than `entries_max` only where there is truly nothing older
   */
  read(actors: readonly PersonId[], before: string | null, entries_max: number): Promise<Entry[]>;
  /**
   * The same for one viewer's home, which a strategy may have at hand. `actors` is the truth of whom they follow, with
   * themselves: give the same array for as long as that does not change, for what was found is remembered by it.
   */
  readHome(
    viewer_id: PersonId,
    actors: readonly PersonId[],
    before: string | null,
    entries_max: number,
  ): Promise<HomeEntry[]>;
}

export const homeEntry = (entry: Entry): HomeEntry => ({
  key: entry.id,
  post_id: entry.post_id,
  reposter_id: isRepost(entry) ? entry.actor_id : null,
});
