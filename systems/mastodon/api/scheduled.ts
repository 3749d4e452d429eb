import { z } from "zod";

import { feedRoutes as r } from "#systems/feed/index.ts";

import { imageEntity } from "../entities/media.ts";
import { VISIBILITY } from "../entities/statuses.ts";
import { parseFields } from "../wire/fields.ts";
import { linkHeader } from "../wire/reply.ts";
import { zCount, zPlace } from "../wire/shapes.ts";
import { type Asked, type Desk, person, refuse, type Serve } from "./endpoint.ts";

type Scheduled = Awaited<ReturnType<typeof one>>;
const one = (asked: Asked) => asked.call(r.getScheduled, { params: { id: asked.params.id! } });

/** @throws Problem 422 */
export function momentOf(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw refuse("Validation failed: Scheduled at must be a time");
  return at.toISOString();
}

export async function scheduledEntity({ ground }: Desk, origin: string, { id, publish_at, post }: Scheduled) {
  const images = await ground.media.imageCards(post.image_ids ?? []);
  return {
    id,
    scheduled_at: publish_at,
    params: {
      text: post.text,
      poll: post.poll
        ? {
            options: post.poll.options,
            expires_in: post.poll.open_s,
            multiple: post.poll.multiple,
            hide_totals: post.poll.hides_results,
          }
        : null,
      media_ids: post.image_ids ?? (post.video_id ? [post.video_id] : null),
      sensitive: post.sensitive ?? false,
      spoiler_text: post.content_warning ?? "",
      visibility: VISIBILITY[post.audience],
      in_reply_to_id: null,
      language: null,
      application_id: 0,
      scheduled_at: null,
      idempotency: null,
      with_rate_limit: false,
    },
    media_attachments: [...images.values()].map((image) => imageEntity(image, origin)),
  };
}

/** Posts that the house publishes by itself, later. */
export function serveScheduled(serve: Serve, desk: Desk): void {
  const read = person("read:statuses");
  const write = person("write:statuses");
  const present = (asked: Asked, scheduled: Scheduled) => scheduledEntity(desk, asked.origin, scheduled);

  serve("GET", "/api/v1/scheduled_statuses", read, async (asked) => {
    const { limit, max_id } = parseFields(z.object({ limit: zCount(40, 20), max_id: zPlace }), asked.fields);
    const { items, next_cursor } = await asked.call(r.listScheduled, {
      query: { limit, ...(max_id === undefined ? {} : { cursor: max_id }) },
    });
    return {
      body: await Promise.all(items.map((scheduled) => present(asked, scheduled))),
      headers: linkHeader(asked.request.url, asked.origin, {
        next: next_cursor === null ? null : ["max_id", next_cursor],
        prev: null,
      }),
    };
  });
  serve("GET", "/api/v1/scheduled_statuses/:id", read, async (asked) => ({
    body: await present(asked, await one(asked)),
  }));
  serve("PUT", "/api/v1/scheduled_statuses/:id", write, async (asked) => {
    const { scheduled_at } = parseFields(z.object({ scheduled_at: z.string().max(60) }), asked.fields);
    const body = { publish_at: momentOf(scheduled_at) };
    return {
      body: await present(asked, await asked.call(r.editScheduled, { params: { id: asked.params.id! }, body })),
    };
  });
  serve("DELETE", "/api/v1/scheduled_statuses/:id", write, async (asked) => {
    await asked.call(r.cancelScheduled, { params: { id: asked.params.id! } });
    return { body: {} };
  });
}
