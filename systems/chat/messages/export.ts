import type { PersonCard } from "#kernel/cards.ts";
import type { PersonId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { EXPORT_PAGE_MAX } from "../bounds.ts";
import { forwardsIn } from "../forwards/store.ts";
import { type Ground, readable } from "../ground.ts";
import type { ChannelId } from "../needs.ts";
import { presentPolls } from "../polls/present.ts";
import { everythingAfter } from "./store.ts";

/**
 * The whole channel as lines of JSON, read page by page as the client takes them. Whether they may read is asked again before each
 * page, so that who is put out meanwhile gets no more. @throws Problem 404 before anything is sent
 */
export async function exportChannel(ground: Ground, viewer: SignedIn, id: ChannelId): Promise<Response> {
  await readable(ground, viewer, id);
  const encoder = new TextEncoder();
  let after = "0";
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await readable(ground, viewer, id);
      const rows = await everythingAfter(ground.sql.pool, id, after, EXPORT_PAGE_MAX);
      const last = rows.at(-1);
      if (!last) return controller.close();
      after = last.seq;
      const cards: ReadonlyMap<PersonId, PersonCard> = await ground.people.cards([
        ...new Set(rows.map((row) => row.author_id)),
      ]);
      const polls = await presentPolls(ground, viewer, rows);
      const forwards = await forwardsIn(
        ground.sql.pool,
        rows.flatMap((row) => (row.forward_of_id === null ? [] : [row.id])),
      );
      const lines = rows.map((row) =>
        JSON.stringify({
          id: row.id,
          seq: row.seq,
          at: rfc3339(row.created_at),
          author: cards.get(row.author_id)?.handle ?? null,
          body: row.body,
          edited_at: row.edited_at === null ? null : rfc3339(row.edited_at),
          deleted: row.deleted_at !== null,
          reply_to_id: row.reply_to_id,
          root_id: row.root_id,
          image_ids: row.image_ids,
          video_id: row.video_id,
          sound_id: row.sound_id,
          forwarded: forwards.get(row.id)?.body ?? null,
          poll: polls.get(row.id) ?? null,
        }),
      );
      controller.enqueue(encoder.encode(`${lines.join("\n")}\n`));
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "application/x-ndjson; charset=utf-8",
      "content-disposition": `attachment; filename="channel-${id}.ndjson"`,
      "cache-control": "no-store",
    },
  });
}
