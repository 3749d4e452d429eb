import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { MessageId } from "../needs.ts";

export interface ForwardRow {
  message_id: MessageId;
  of_id: MessageId;
  author_id: PersonId;
  body: string;
  images: number;
  film: boolean;
  voice: boolean;
  at: Date;
}

/**
 * Keeps what a message passes on, as it stands now; of one that only passes on another, that other one. The message that it is of is held
 * until the transaction ends, so that nothing is passed on that is being deleted.
 * @returns what it is of; null where it is gone
 */
export async function insertForward(tx: Query, message_id: MessageId, source_id: MessageId): Promise<MessageId | null> {
  const [own] = (await tx`
    INSERT INTO chat_forwards (message_id, of_id, author_id, body, images, film, voice, at)
    SELECT ${message_id}, s.id, s.author_id, s.body, cardinality(s.image_ids), s.video_id IS NOT NULL, s.sound_id IS NOT NULL, s.created_at
    FROM chat_messages s WHERE s.id = ${source_id} AND s.deleted_at IS NULL
      AND (s.forward_of_id IS NULL OR s.body <> '') FOR SHARE
    RETURNING of_id`) as { of_id: MessageId }[];
  if (own) return own.of_id;
  const [passed] = (await tx`
    INSERT INTO chat_forwards (message_id, of_id, author_id, body, images, film, voice, at)
    SELECT ${message_id}, f.of_id, f.author_id, f.body, f.images, f.film, f.voice, f.at
    FROM chat_forwards f JOIN chat_messages s ON s.id = f.of_id AND s.deleted_at IS NULL
    WHERE f.message_id = ${source_id} FOR SHARE OF s
    RETURNING of_id`) as { of_id: MessageId }[];
  return passed?.of_id ?? null;
}

export async function forwardsIn(q: Query, ids: readonly MessageId[]): Promise<Map<MessageId, ForwardRow>> {
  if (ids.length === 0) return new Map();
  const rows = (await q`SELECT message_id, of_id, author_id, body, images, film, voice, at FROM chat_forwards
    WHERE message_id = ANY(${q.array([...ids], "BIGINT")})`) as ForwardRow[];
  return new Map(rows.map((row) => [row.message_id, row]));
}

/** What these passed on, and what was passed on of them. */
export async function deleteForwards(tx: Query, ids: readonly MessageId[]): Promise<void> {
  const these = tx.array([...ids], "BIGINT");
  await tx`DELETE FROM chat_forwards WHERE message_id = ANY(${these}) OR of_id = ANY(${these})`;
}
