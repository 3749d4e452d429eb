import type { Deadline } from "#kernel/deadline.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import { type Query, until } from "#ports/sql/index.ts";

import type { ChannelId, MessageId } from "../needs.ts";

export interface SearchAsked {
  channel_ids: readonly ChannelId[];
  author_id: PersonId | null;
  words: string | null;
  before_id: string | null;
  after_id: string | null;
  has_image: boolean;
  has_video: boolean;
  has_voice: boolean;
  has_link: boolean;
  has_pin: boolean;
  rows_max: number;
}

/** Newest first. Words that many messages have take long, so it ends with who asked. */
export async function search(
  q: Query,
  asked: SearchAsked,
  within: { deadline: Deadline; clock: Clock },
): Promise<MessageId[]> {
  const looking = q<{ id: MessageId }[]>`
    SELECT id FROM chat_messages
    WHERE channel_id = ANY(${q.array([...asked.channel_ids], "BIGINT")}) AND deleted_at IS NULL
      AND (${asked.words}::text IS NULL OR words @@ to_tsquery('simple', ${asked.words}::text))
      AND (${asked.author_id}::bigint IS NULL OR author_id = ${asked.author_id}::bigint)
      AND (${asked.before_id}::bigint IS NULL OR id < ${asked.before_id}::bigint)
      AND (${asked.after_id}::bigint IS NULL OR id >= ${asked.after_id}::bigint)
      AND (NOT ${asked.has_image}::boolean OR cardinality(image_ids) > 0)
      AND (NOT ${asked.has_video}::boolean OR video_id IS NOT NULL)
      AND (NOT ${asked.has_voice}::boolean OR sound_id IS NOT NULL)
      AND (NOT ${asked.has_link}::boolean OR body ~ 'https?://')
      AND (NOT ${asked.has_pin}::boolean OR pinned_at IS NOT NULL)
    ORDER BY id DESC LIMIT ${asked.rows_max}`;
  return (await until(looking, within)).map((row) => row.id);
}
