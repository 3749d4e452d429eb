import { notFound } from "#kernel/errors.ts";
import type { CommentId, ImageId, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

import type { CommentReader } from "../comments/read.ts";
import { lockComment } from "../comments/store.ts";
import { type FeedEvent, tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import { findOwnPost, lockPost } from "../posts/store.ts";
import { hasMedia, placeOf } from "../posts/write.ts";
import { stepQuotes } from "../quotes/count.ts";
import type { Reader } from "../reading/reader.ts";
import { findCommentPlace, type Marks, setCommentHidden, setMarks, setPlace, setPostHidden } from "./store.ts";

/**
 * What moderators do to posts and comments, each inside the transaction that writes down who did it and why. Whether they
 * may is the moderation system's to say. What an act returns is called after the commit, so that this process knows at once.
 */
export interface FeedModeration {
  /** What stands there now, deleted or hidden too; null for what never was or whose words have gone. */
  subject(db: Query, kind: "post" | "comment", id: string): Promise<FeedSubject | null>;
  /** @throws Problem 404 for what this viewer may not read */
  mustRead(viewer: SignedIn, kind: "post" | "comment", id: string): Promise<void>;
  /** False where it is so already, or gone. */
  hide(tx: Query, kind: "post" | "comment", id: string, by: PersonId): Promise<Done>;
  show(tx: Query, kind: "post" | "comment", id: string, by: PersonId): Promise<Done>;
  /**
   * Out of its space: what was for the space becomes its author's alone, what was public stays so on their own page.
   * With a `place`, back to where it was.
   */
  move(tx: Query, id: PostId, place: FeedPlace | null, by: PersonId): Promise<Done>;
  /**
   * Marks it as sensitive, with a warning before its words; its author cannot take that off. `marks` that are not sensitive
   * give it back to its author. @returns what stood there before, null where it was marked so already or is gone
   */
  mark(tx: Query, id: PostId, marks: Marks, by: PersonId): Promise<{ before: Marks; done: Done } | null>;
}

/** Null where nothing was to be done. */
export type Done = (() => void) | null;

export interface FeedPlace {
  audience: Audience;
  space_id: SpaceId | null;
}

export interface FeedSubject extends FeedPlace {
  author_id: PersonId;
  /** Of a comment: the post that it stands under. */
  post_id: PostId;
  text: string;
  video_id: VideoId | null;
  image_ids: ImageId[];
  version: number;
  created_at: Date;
  edited_at: Date | null;
  is_deleted: boolean;
  is_hidden: boolean;
}

export function createFeedModeration(
  ground: Ground,
  reader: Pick<Reader, "post">,
  comments: Pick<CommentReader, "comment">,
): FeedModeration {
  const { log, media, clock } = ground;
  const now = () => new Date(clock.now());

  async function toldOf(tx: Query, event: FeedEvent): Promise<Done> {
    await tell(log, tx, event);
    return () => ground.happened(event);
  }

  async function setPost(tx: Query, id: PostId, hidden: boolean, by: PersonId): Promise<Done> {
    const row = await lockPost(tx, id);
    if (!row || row.purged_at !== null || (row.hidden_at !== null) === hidden) return null;
    await setPostHidden(tx, id, hidden ? by : null, now());
    // A deleted post's media are out of sight already, and come back with it.
    if (hasMedia(row) && row.deleted_at === null) await (hidden ? media.hidePost(tx, id) : media.showPost(tx, id, row));
    const type = hidden ? "feed.post_hidden" : "feed.post_shown";
    return toldOf(tx, { type, version: 1, data: { ...placeOf(row), by } });
  }

  async function setComment(tx: Query, id: CommentId, hidden: boolean, by: PersonId): Promise<Done> {
    const row = await lockComment(tx, id);
    if (!row || row.text === "" || (row.hidden_at !== null) === hidden) return null;
    await setCommentHidden(tx, id, hidden ? by : null, now());
    const type = hidden ? "feed.comment_hidden" : "feed.comment_shown";
    const data = { comment_id: id, post_id: row.post_id, author_id: row.author_id, by };
    return toldOf(tx, { type, version: 1, data });
  }

  const set = (tx: Query, kind: "post" | "comment", id: string, hidden: boolean, by: PersonId) =>
    kind === "post" ? setPost(tx, id as PostId, hidden, by) : setComment(tx, id as CommentId, hidden, by);

  return {
    async subject(db, kind, id) {
      if (kind === "post") {
        const row = await findOwnPost(db, id as PostId);
        if (!row || row.purged_at !== null) return null;
        return { ...row, post_id: row.id, is_deleted: row.deleted_at !== null, is_hidden: row.hidden_at !== null };
      }
      const row = await findCommentPlace(db, id as CommentId);
      if (!row || row.text === "") return null;
      const bare = { video_id: null, image_ids: [], version: 1 };
      return { ...row, ...bare, is_deleted: row.deleted_at !== null, is_hidden: row.hidden_at !== null };
    },
    async mustRead(viewer, kind, id) {
      if (kind === "post") await reader.post(viewer, id as PostId);
      else await comments.comment(viewer, id as CommentId);
    },
    hide: (tx, kind, id, by) => set(tx, kind, id, true, by),
    show: (tx, kind, id, by) => set(tx, kind, id, false, by),
    async move(tx, id, place, by) {
      const row = await lockPost(tx, id);
      if (!row || row.purged_at !== null) throw notFound("post");
      const next = place ?? {
        audience: row.audience === "space" ? ("private" as const) : row.audience,
        space_id: null,
      };
      if (next.space_id === row.space_id) return null;
      await setPlace(tx, id, next);
      await stepQuotes(tx, row, { ...row, ...next });
      if (hasMedia(row) && row.deleted_at === null && row.hidden_at === null) await media.showPost(tx, id, next);
      const data = { ...placeOf({ ...row, ...next }), from_space_id: row.space_id, by };
      return toldOf(tx, { type: "feed.post_moved", version: 1, data });
    },
    async mark(tx, id, { sensitive, content_warning }, by) {
      const row = await lockPost(tx, id);
      if (!row || row.purged_at !== null) return null;
      const before = { sensitive: row.sensitive, content_warning: row.content_warning };
      const next = { sensitive, content_warning: content_warning ?? (sensitive ? before.content_warning : null) };
      if (sensitive && row.marked_by !== null && next.content_warning === before.content_warning) return null;
      await setMarks(tx, id, next, sensitive ? by : null);
      return {
        before,
        done: await toldOf(tx, { type: "feed.post_marked", version: 1, data: { ...placeOf(row), by } }),
      };
    },
  };
}
