import type { CommentId, Id, PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { Appending, Log, StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

/** What happens in the feed, told in the transaction in which it happens. Version 1 of each. */
export const FEED_TOPIC = "feed";
/** Sums that changed, in batches; a topic of its own, so that who follows the feed does not wade through them. */
export const COUNTS_TOPIC = "feed_counts";

interface PostFacts extends JsonObject {
  post_id: PostId;
  author_id: PersonId;
}
interface Placed extends PostFacts {
  audience: string;
  space_id: SpaceId | null;
  video_id: string | null;
  image_ids: string[];
  /** Where it quotes, or did so until now; events of before 2026-11-21 do not say. */
  quotes_id: PostId | null;
}
interface Reaction extends PostFacts {
  person_id: PersonId;
}

export type FeedEvent =
  /** `post_restored`: it is there, and is no news: brought back by its author, or brought along from elsewhere under its own old date. */
  | { type: "feed.post_created" | "feed.post_restored"; version: 1; data: Placed & { mention_ids: string[] } }
  /** `mention_ids` are those whom the edit names for the first time. */
  | { type: "feed.post_edited"; version: 1; data: Placed & { mention_ids: string[]; post_version: number } }
  | { type: "feed.post_deleted"; version: 1; data: Placed & { deleted_by: PersonId } }
  /** The time to undo is over: whoever holds something for this post (media) may free it. */
  | { type: "feed.post_purged"; version: 1; data: Placed }
  /** Somebody wrote a post about another's. */
  | { type: "feed.quoted"; version: 1; data: PostFacts & { quoted_id: PostId; quoted_author_id: PersonId } }
  /** The author of the quoted post took it out of the post that quotes it. */
  | { type: "feed.quote_detached"; version: 1; data: PostFacts & { quoted_id: PostId; quoted_author_id: PersonId } }
  | { type: "feed.link_hidden" | "feed.link_shown"; version: 1; data: PostFacts }
  /** Somebody voted; who, is not told. */
  | { type: "feed.voted"; version: 1; data: PostFacts & { edition: number; vote_id: string } }
  /** A poll has ended. Its voters are told of in portions, by one such event each; the first one is for the author too. */
  | {
      type: "feed.poll_ended";
      version: 1;
      data: PostFacts & { edition: number; portion: number; voters: number; voter_ids: PersonId[] };
    }
  | { type: "feed.liked" | "feed.unliked"; version: 1; data: Reaction }
  | { type: "feed.bookmarked" | "feed.unbookmarked"; version: 1; data: Reaction }
  | { type: "feed.reposted" | "feed.unreposted"; version: 1; data: Reaction & { entry_id: string } }
  | {
      type: "feed.commented" | "feed.comment_edited" | "feed.comment_deleted";
      version: 1;
      data: Reaction & {
        comment_id: CommentId;
        parent_id: CommentId | null;
        parent_author_id: PersonId | null;
        mention_ids: string[];
      };
    }
  /** Moderators took it out of sight, gave it back, or changed its mark of being sensitive. */
  | { type: "feed.post_hidden" | "feed.post_shown" | "feed.post_marked"; version: 1; data: Placed & { by: PersonId } }
  | {
      type: "feed.comment_hidden" | "feed.comment_shown";
      version: 1;
      data: PostFacts & { comment_id: CommentId; by: PersonId };
    }
  /** A space's moderators put it out of the space, or let it back in; the place is the new one. */
  | { type: "feed.post_moved"; version: 1; data: Placed & { from_space_id: SpaceId | null; by: PersonId } }
  | {
      type: "feed.comment_liked" | "feed.comment_unliked";
      version: 1;
      data: { comment_id: CommentId; post_id: PostId; author_id: PersonId; person_id: PersonId };
    };

export type FeedEventOf<T extends FeedEvent["type"]> = Extract<FeedEvent, { type: T }>;

/** [subject id, likes, reposts, comments, views, quotes] as they now stand. Version 2 had no quotes. */
export interface CountedEvent {
  type: "feed.counted";
  version: 3;
  data: { counts: [string, number, number, number, number, number][] };
}

/** What happens to one's own writing; nobody else hears of it. */
export const WRITING_TOPIC = "feed_writing";
/** A scheduled post could not be published. It is kept as the draft `draft_id`, with the reason. */
export interface ScheduleFailedEvent {
  type: "feed.schedule_failed";
  version: 1;
  data: { draft_id: string; author_id: PersonId; code: string; detail: string };
}
/** It was published by itself. */
export interface SchedulePublishedEvent {
  type: "feed.schedule_published";
  version: 1;
  data: { scheduled_id: string; author_id: PersonId };
}

/** Posts that look different now although nobody edited them: a poll was summed, a link's card came. */
export interface ChangedEvent {
  type: "feed.changed";
  version: 1;
  data: { post_ids: PostId[] };
}

/** Somebody looked at what is behind a link that others than posts show: `holders` as they hold it, `chat:5`, the newest 200. */
export const LINKS_TOPIC = "feed_links";
export interface LinkLookedEvent {
  type: "feed.link_looked";
  version: 1;
  data: { link_id: Id<"link">; holders: string[] };
}

/** Reactions are ordered per person, so that a thousand likers of one post never wait for one lock; the rest per post. */
export function orderOf(event: FeedEvent): string {
  switch (event.type) {
    case "feed.liked":
    case "feed.unliked":
    case "feed.bookmarked":
    case "feed.unbookmarked":
    case "feed.reposted":
    case "feed.unreposted":
    case "feed.comment_liked":
    case "feed.comment_unliked":
      return `person:${event.data.person_id}`;
    case "feed.commented":
    case "feed.comment_edited":
    case "feed.comment_deleted":
    case "feed.comment_hidden":
    case "feed.comment_shown":
      return `comment:${event.data.comment_id}`;
    case "feed.voted":
      // Each for itself: voters of one poll do not wait for one lock, and no name stands here.
      return `vote:${event.data.vote_id}`;
    default:
      return `post:${event.data.post_id}`;
  }
}

export const tell = (log: Log, tx: Query, event: FeedEvent): Promise<void> =>
  log.append(tx, FEED_TOPIC, orderOf(event), event);

/** The same within a statement of the caller's. */
export const telling = (log: Log, db: Query, event: FeedEvent): Promise<Appending> =>
  log.within(db, FEED_TOPIC, orderOf(event), event);

/** An event of ours that this version understands; null for one of a newer house, which is left alone. */
export const readFeedEvent = (stored: StoredEvent): FeedEvent | null =>
  stored.version === 1 && stored.type.startsWith("feed.") ? (stored as unknown as FeedEvent) : null;
