import { Problem } from "#kernel/errors.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { Realtime } from "#systems/realtime/index.ts";

/** The smallest system that has streams: rooms with members. */
export function serveRooms(realtime: Realtime, sql: Sql): void {
  realtime.streams("room", {
    async mayRead({ person_id }, key) {
      const rows = await sql.pool`SELECT 1 FROM room_members WHERE room = ${key} AND person_id = ${person_id}`;
      return rows.length > 0;
    },
    send: ({ person_id }, key, cid, data) =>
      sql.tx(async (tx) => {
        const rows = await tx`SELECT 1 FROM room_members WHERE room = ${key} AND person_id = ${person_id} FOR SHARE`;
        if (rows.length === 0) throw new Problem(403, "room.not_yours", "You are not in this room.");
        const { items } = await realtime.append(tx, `room:${key}`, [
          { kind: "message", data, sender_id: person_id, cid },
        ]);
        return items[0]!;
      }),
  });
}

export const makeRooms = (sql: Sql) =>
  sql.pool`CREATE TABLE room_members (room text, person_id bigint, PRIMARY KEY (room, person_id))`;

/** They leave by an item of the room; from that item on nothing of it is theirs. @returns its number */
export async function removeMember(
  realtime: Realtime,
  sql: Sql,
  room: string,
  person_id: string,
): Promise<number | null> {
  return sql.tx(async (tx) => {
    const gone = await tx`DELETE FROM room_members WHERE room = ${room} AND person_id = ${person_id} RETURNING 1`;
    if (gone.length === 0) return null;
    const { items } = await realtime.append(tx, `room:${room}`, [
      { kind: "removed", data: person_id, recheck: person_id },
    ]);
    return Number(items[0]!.seq);
  });
}

/** The number by which they went, where whoever took them out never heard the answer. */
export async function removedAt(sql: Sql, room: string, person_id: string): Promise<number | null> {
  const rows = (await sql.pool`SELECT seq::int AS seq FROM realtime_items
    WHERE stream = ${`room:${room}`} AND kind = 'removed' AND data = ${JSON.stringify(person_id)}`) as {
    seq: number;
  }[];
  return rows[0]?.seq ?? null;
}
