import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { deleteForwards } from "./forwards/store.ts";
import type { MessageRow } from "./messages/store.ts";
import type { ChannelId } from "./needs.ts";
import { deletePolls } from "./polls/store.ts";
import { deleteFollows, forgetFollows } from "./threads/store.ts";

/** Living messages of somebody, in no order. */
export async function someOf(tx: Query, author_id: PersonId, rows_max: number): Promise<MessageRow[]> {
  return (await tx`SELECT * FROM chat_messages WHERE author_id = ${author_id} AND deleted_at IS NULL
    ORDER BY id DESC LIMIT ${rows_max} FOR NO KEY UPDATE`) as MessageRow[];
}

export async function forgetReactions(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM chat_reactions WHERE person_id = ${person_id}`;
}

export async function forgetWishes(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM chat_drafts WHERE person_id = ${person_id}`;
  await tx`DELETE FROM chat_scheduled WHERE author_id = ${person_id}`;
  await forgetFollows(tx, person_id);
  await tx`DELETE FROM chat_preferences WHERE person_id = ${person_id}`;
}

export async function channelsToTrim(q: Query): Promise<{ id: ChannelId; retention_days: number }[]> {
  return (await q`SELECT id, retention_days FROM chat_channels WHERE retention_days IS NOT NULL ORDER BY id`) as {
    id: ChannelId;
    retention_days: number;
  }[];
}

/** Messages of a channel that are older than a moment, the oldest first, with what hangs on them. @returns what went */
export async function trimSome(
  tx: Query,
  channel_id: ChannelId,
  before: Date,
  rows_max: number,
): Promise<Pick<MessageRow, "id" | "seq" | "video_id" | "image_ids" | "sound_id" | "link_id">[]> {
  const rows = (await tx`
    DELETE FROM chat_messages WHERE id IN (SELECT id FROM chat_messages WHERE channel_id = ${channel_id}
      AND created_at < ${before}::timestamptz ORDER BY seq LIMIT ${rows_max})
    RETURNING id, seq, video_id, image_ids, sound_id, link_id`) as Pick<
    MessageRow,
    "id" | "seq" | "video_id" | "image_ids" | "sound_id" | "link_id"
  >[];
  const ids = tx.array(
    rows.map((row) => row.id),
    "BIGINT",
  );
  await deletePolls(
    tx,
    rows.map((row) => row.id),
  );
  await deleteForwards(
    tx,
    rows.map((row) => row.id),
  );
  await deleteFollows(
    tx,
    rows.map((row) => row.id),
  );
  await tx`DELETE FROM chat_edits WHERE message_id = ANY(${ids})`;
  await tx`DELETE FROM chat_reactions WHERE message_id = ANY(${ids})`;
  return rows;
}

export async function makePartitions(q: Query, now: Date, months_ahead: number): Promise<void> {
  await q`SELECT chat_make_partition((date_trunc('month', ${now}::timestamptz AT TIME ZONE 'UTC') + n * interval '1 month')::date)
    FROM generate_series(0, ${months_ahead}::int) AS n`;
}
