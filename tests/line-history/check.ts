import type { Sql } from "#ports/sql/index.ts";

import type { Device } from "./device.ts";

/** What the world did that clients must not be able to tell otherwise. */
export interface History {
  epoch: string;
  removals: { room: string; person_id: string; seq: number }[];
}

/**
 * Everything that was acknowledged stands once; everybody entitled applied all of it, without a gap, in one order; nothing
 * was applied that nobody sent, or after somebody was taken out. At rest nothing of this may be left.
 */
export async function checkHistory(
  sql: Sql,
  devices: readonly Device[],
  rooms: readonly string[],
  history: History,
): Promise<string[]> {
  const faults = devices.flatMap((device) => device.faults);
  const issued = new Set(devices.flatMap((device) => device.issued.map(({ cid }) => cid)));
  for (const device of devices) {
    if (device.unsent() > 0) faults.push(`${device.name} has ${device.unsent()} unanswered`);
    else
      for (const { cid } of device.issued)
        if (!device.acked.has(cid) && !device.refused.has(cid)) faults.push(`${device.name}: ${cid} was forgotten`);
  }
  for (const room of rooms) {
    const stream = `room:${room}`;
    const items = (await sql.pool`SELECT seq::int AS seq, id::text AS id, cid, sender_id FROM realtime_items
      WHERE stream = ${stream} ORDER BY seq`) as {
      seq: number;
      id: string;
      cid: string | null;
      sender_id: string | null;
    }[];
    for (const [i, { seq, cid }] of items.entries()) {
      if (seq !== i + 1) faults.push(`${stream} has ${seq} where ${i + 1} was next`);
      if (cid !== null && !issued.has(cid)) faults.push(`${cid} in ${stream} was never sent`);
    }
    const cids = items.flatMap(({ cid }) => cid ?? []);
    if (new Set(cids).size < cids.length) faults.push(`something stands twice in ${stream}`);
    for (const device of devices) {
      const applied = device.applied.get(stream) ?? [];
      for (const [i, { seq, id }] of applied.entries())
        if (items[i] && (items[i].seq !== seq || items[i].id !== id))
          faults.push(`${device.name} has another ${seq} of ${stream}`);
      const out = history.removals.find((r) => r.room === room && r.person_id === device.person_id);
      if (!out && applied.length < items.length)
        faults.push(`${device.name} has ${applied.length} of ${items.length} of ${stream}`);
      if (out && applied.length > out.seq - 1)
        faults.push(`${device.name} has more of ${stream} than before they were taken out`);
      const places = device.issued.flatMap(({ cid, stream: to }) =>
        to === stream ? (items.find((item) => item.cid === cid)?.seq ?? []) : [],
      );
      if (places.some((place, i) => i > 0 && place <= places[i - 1]!))
        faults.push(`${device.name}'s words in ${stream} changed places`);
      for (const [cid, { stream: to, seq }] of device.acked)
        if (to === stream && items[Number(seq) - 1]?.cid !== cid)
          faults.push(`${device.name}: ${cid} was acknowledged and is not there`);
    }
  }
  return faults;
}
