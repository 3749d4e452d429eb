import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { Id, Ids, ImageId, PersonId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { SignedIn, SpaceRole } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";
import type { LinkBook } from "#systems/feed/index.ts";
import type { Relations } from "#systems/people/index.ts";
import type { Realtime } from "#systems/realtime/index.ts";

import type { MessageImage, MessageSound, MessageVideo } from "./contract.ts";

export type ChannelId = Id<"channel">;
export type MessageId = Id<"message">;
export type SoundId = Id<"sound">;
export type LinkId = Id<"link">;

/** What chat takes of the other systems: these few functions and no more, by shape. */
export interface ChatPeople {
  cards(ids: Iterable<PersonId>): Promise<ReadonlyMap<PersonId, PersonCard>>;
  byHandle(handle: string): Promise<PersonCard | null>;
  byHandles(handles: Iterable<string>): Promise<ReadonlyMap<string, PersonCard>>;
  relations(person_id: PersonId): Promise<Relations>;
}

export interface ChatSpaces {
  cards(ids: Iterable<SpaceId>): Promise<ReadonlyMap<SpaceId, SpaceCard>>;
  membershipsOf(person_id: PersonId): Promise<ReadonlyMap<SpaceId, SpaceRole>>;
  find(slug_or_id: string): Promise<SpaceCard | null>;
}

export interface ChatMedia {
  videoCards(ids: readonly VideoId[]): Promise<ReadonlyMap<VideoId, MessageVideo>>;
  imageCards(ids: readonly ImageId[]): Promise<ReadonlyMap<ImageId, MessageImage>>;
  soundCards(ids: readonly SoundId[]): Promise<ReadonlyMap<SoundId, MessageSound>>;
  /** In the transaction that sends: these are their author's, used nowhere else, and from now on the message's. @throws Problem 422 */
  claimForMessage(
    tx: Query,
    owner_id: PersonId,
    claim: { message_id: MessageId; video_id: VideoId | null; image_ids: ImageId[]; sound_id: SoundId | null },
  ): Promise<void>;
  releaseMessage(tx: Query, message_id: MessageId): Promise<void>;
}

export type ChatLine = Pick<Realtime, "append" | "streams" | "recheck" | "ephemeral" | "active" | "redact">;

export interface ChatNeeds {
  sql: Sql;
  log: Log;
  jobs: Jobs;
  clock: Clock;
  ids: Ids;
  people: ChatPeople;
  spaces: ChatSpaces;
  media: ChatMedia;
  line: ChatLine;
  /** Cards of links; a house that does not look outside has none. */
  links?: LinkBook | undefined;
  /** Who may write at this moment; everybody where nothing is said. @throws Problem 429 */
  admit?(viewer: SignedIn): Promise<void>;
}
