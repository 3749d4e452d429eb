import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { MemberRow } from "../channels/store.ts";
import type { ChannelId } from "../needs.ts";

/** Members after an id, in the order of ids. `last` is null where there are none. */
export async function audiencePortion(
  q: Query,
  channel_id: ChannelId,
  after: string,
  rows_max: number,
): Promise<{ ids: PersonId[]; members: MemberRow[]; last: string | null }> {
  const members = (await q`SELECT * FROM chat_members WHERE channel_id = ${channel_id} AND person_id > ${after}::bigint
    ORDER BY person_id LIMIT ${rows_max}`) as MemberRow[];
  return { ids: members.map((row) => row.person_id), members, last: members.at(-1)?.person_id ?? null };
}

/** Who wishes to be told of everything in a channel; muted or not is for the caller to see. */
export const hearersOfAll = async (q: Query, channel_id: ChannelId, rows_max: number): Promise<PersonId[]> =>
  (
    (await q`SELECT person_id FROM chat_members WHERE channel_id = ${channel_id} AND level = 'all'
      ORDER BY person_id LIMIT ${rows_max}`) as { person_id: PersonId }[]
  ).map((row) => row.person_id);
