import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { ImageId, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { SpaceRole } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Outside } from "#ports/outside/index.ts";
import type { Query } from "#ports/sql/index.ts";
import type { GraphNumbers, Relations } from "#systems/people/index.ts";

import type { PostImage, PostVideo } from "./contract.ts";

/**
 * What the feed takes of the other systems: these few functions and no more, by shape. `people`, `spaces` and `media`
 * fit as they are; a test may bring less.
 */
export interface FeedPeople {
  cards(ids: readonly PersonId[]): Promise<ReadonlyMap<PersonId, PersonCard>>;
  /** Goes up whenever any card may have changed; where there is none, cards are asked for at each read. */
  cardsVersion?(): number;
  /** Handles as the tokenizer gives them, in lower case; unknown ones are missing. */
  byHandles(handles: readonly string[]): Promise<ReadonlyMap<string, PersonCard>>;
  relations(person_id: PersonId): Promise<Relations>;
  /** Those of `ids` who have more than so many followers, by the counts that people keep. */
  followedByMany(ids: readonly PersonId[], followers_max: number): Promise<PersonId[]>;
  followerCounts(ids: readonly PersonId[]): Promise<ReadonlyMap<PersonId, number>>;
  /** Who follows whom in numbers, for who asks what a timeline costs. */
  graphNumbers(followers_max: number, active_since: Date): Promise<GraphNumbers>;
}

export interface FeedSpaces {
  cards(ids: readonly SpaceId[]): Promise<ReadonlyMap<SpaceId, SpaceCard>>;
  membershipsOf(person_id: PersonId): Promise<ReadonlyMap<SpaceId, SpaceRole>>;
  /** By slug or id; null where there is none. */
  find(slug_or_id: string): Promise<FoundSpace | null>;
}

export interface FoundSpace extends SpaceCard {
  owner_id: PersonId;
  who_may_post: "members" | "moderators";
}

export interface FeedMedia {
  /** As this post's readers may get them; what was deleted is missing. */
  videoCards(ids: readonly VideoId[]): Promise<ReadonlyMap<VideoId, PostVideo>>;
  imageCards(ids: readonly ImageId[]): Promise<ReadonlyMap<ImageId, PostImage>>;
  /**
   * Inside the transaction that makes the post: these belong to its author, are not used elsewhere, and from now on are
   * seen by whom the post is seen by. @throws Problem 422 `post.media_not_usable` with what is wrong
   */
  claimForPost(tx: Query, owner_id: PersonId, post: MediaClaim): Promise<void>;
  /** The post is out of sight but may come back. */
  hidePost(tx: Query, post_id: PostId): Promise<void>;
  /** It came back, or is from now on for others. */
  showPost(tx: Query, post_id: PostId, seen_by: Pick<MediaClaim, "audience" | "space_id">): Promise<void>;
  /** It has gone for good. */
  releasePost(tx: Query, post_id: PostId): Promise<void>;
  /** How far this person came in the films they watched last, the latest first; what they keep no history of is missing. */
  watchedBy?(person_id: PersonId, films_max: number): Promise<{ video_id: VideoId; share: number; at: Date }[]>;
}

export interface MediaClaim {
  post_id: PostId;
  video_id: VideoId | null;
  image_ids: ImageId[];
  audience: Audience;
  space_id: SpaceId | null;
}

/** What cards of links stand on; a house that does not look outside has none. */
export interface LinkNeeds {
  outside: Outside;
  pictures: LinkPictures;
  /** Where this house is on the network, as far as it knows: its own pages are not fetched. */
  public_url: string | null;
  /** Between two looks at pages of one host; `HOST_GAP_MS` where nothing is said. */
  host_gap_ms?: number;
  /** For one page, all of it; `PAGE_MS_MAX` where nothing is said. */
  page_ms_max?: number;
  /** Told of a picture that could not be had; the card stands without it. */
  onPictureLost?: (error: unknown) => void;
}

/** Copies of the pictures that other sites show with their pages. */
export interface LinkPictures {
  /** @returns null where it is no picture that we take */
  keep(
    id: string,
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<{ name: string; width: number; height: number } | null>;
  urlOf(name: string): string;
  dropOthers(id: string, name: string | null): Promise<void>;
}
