import type { Id, PersonId, PostId } from "#kernel/ids.ts";

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

/**
 * A way to know what the followed put before their followers. All ways give the same answer, that of plain SQL; they
 * differ in what it costs. None of them knows who may see what: rules run later, at read time.
 */
export interface Timeline {
  readonly name: string;
  /**
   * The newest entries of these people below `before` (null: from the top), newest first.
   * @returns fewer than `entries_max` only where there is truly nothing older
   */
  read(actors: readonly PersonId[], before: string | null, entries_max: number): Promise<Entry[]>;
}
