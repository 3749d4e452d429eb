import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import { PLAN_AHEAD_MS, SCHEDULE_AHEAD_MS_MAX, SCHEDULE_AHEAD_MS_MIN, SCHEDULED_MAX } from "../drafts/bounds.ts";
import type { DraftContent } from "../drafts/contract.ts";
import { checkMatch, holdFor, showsMedia, takeDraft } from "../drafts/drafts.ts";
import { type DraftId, insertDraft } from "../drafts/store.ts";
import type { Ground } from "../ground.ts";
import type { PostAsked } from "../posts/asked-contract.ts";
import { checkPost } from "../posts/write.ts";
import * as store from "./store.ts";
import type { ScheduledId, ScheduledRow } from "./store.ts";

export const PUBLISH_JOB = "feed.publish";

const now = ({ clock }: Pick<Ground, "clock">) => new Date(clock.now());
const mediaOf = (post: PostAsked) => ({ video_id: post.video_id ?? null, image_ids: post.image_ids ?? [] });

/** The job waits in the queue only for what is near; the rest is planned by a look each hour. */
export async function plan(ground: Pick<Ground, "clock" | "jobs">, tx: Query, row: ScheduledRow): Promise<void> {
  const delay_ms = Math.max(0, row.publish_at.getTime() - ground.clock.now());
  if (delay_ms > PLAN_AHEAD_MS) return;
  await ground.jobs.enqueue(
    tx,
    PUBLISH_JOB,
    { scheduled_id: row.id, version: row.version },
    { delay_ms, tenant: row.person_id, unique_key: `${PUBLISH_JOB}:${row.id}:${row.version}` },
  );
}

/** @throws Problem 422 `scheduled.too_soon`, `scheduled.too_late` */
function momentOf(ground: Pick<Ground, "clock">, publish_at: string): Date {
  const at = new Date(publish_at);
  const ahead_ms = at.getTime() - ground.clock.now();
  if (ahead_ms < SCHEDULE_AHEAD_MS_MIN)
    throw new Problem(422, "scheduled.too_soon", "Choose a moment at least a minute ahead, or publish it now.");
  if (ahead_ms > SCHEDULE_AHEAD_MS_MAX)
    throw new Problem(422, "scheduled.too_late", "Choose a moment within a year from now.");
  return at;
}

/**
 * Has a post published later. What could be said against it now is said now; it is asked again at its moment.
 * @throws Problem as `createPost`, and 409 `scheduled.too_many`, 422 `scheduled.too_soon` and `scheduled.too_late`
 */
export async function schedulePost(
  ground: Ground,
  viewer: SignedIn,
  asked: { post: PostAsked; publish_at: string; draft_id?: DraftId | null | undefined },
  idempotency_key: string | null,
): Promise<ScheduledRow> {
  const { person_id } = viewer;
  const publish_at = momentOf(ground, asked.publish_at);
  await checkPost(ground, viewer, asked.post);
  return ground.sql.tx(async (tx) => {
    await store.lockScheduledOf(tx, person_id);
    const first = idempotency_key === null ? null : await store.findScheduledByKey(tx, person_id, idempotency_key);
    if (first) return first;
    if ((await store.countScheduled(tx, person_id)) >= SCHEDULED_MAX) {
      throw conflict("scheduled.too_many", `You have ${SCHEDULED_MAX} scheduled posts. Publish or cancel one first.`);
    }
    if (asked.draft_id) await takeDraft(ground, tx, person_id, asked.draft_id);
    const id = ground.ids.next<"scheduled">();
    if (showsMedia(asked.post)) await holdFor(ground, tx, person_id, id, mediaOf(asked.post));
    const row = { id, person_id, content: asked.post, publish_at, created_at: now(ground) };
    const made = await store.insertScheduled(tx, row, idempotency_key);
    await plan(ground, tx, made);
    return made;
  });
}

/** @throws Problem as `schedulePost`, and 404 `scheduled.not_found`, 412 `scheduled.changed` */
export async function editScheduled(
  ground: Ground,
  viewer: SignedIn,
  id: ScheduledId,
  change: { post?: PostAsked | undefined; publish_at?: string | undefined },
  if_match: string | null,
): Promise<ScheduledRow> {
  const publish_at = change.publish_at === undefined ? null : momentOf(ground, change.publish_at);
  if (!(await store.findScheduled(ground.sql.pool, viewer.person_id, id))) throw notFound("scheduled");
  if (change.post) await checkPost(ground, viewer, change.post);
  return ground.sql.tx(async (tx) => {
    const before = await store.lockScheduled(tx, viewer.person_id, id);
    if (!before) throw notFound("scheduled");
    checkMatch(if_match, before.version, "scheduled.changed", "It was changed on another device. Read it again.");
    if (change.post) await holdFor(ground, tx, viewer.person_id, id, mediaOf(change.post));
    const next = { content: change.post ?? before.content, publish_at: publish_at ?? before.publish_at };
    const row = await store.updateScheduled(tx, id, next, now(ground));
    await plan(ground, tx, row);
    return row;
  });
}

/** What is not published is kept as a draft under the same id: what it held stays held. */
export async function keepAsDraft(
  ground: Pick<Ground, "clock">,
  tx: Query,
  row: ScheduledRow,
  failed: { code: string; detail: string } | null,
): Promise<void> {
  await insertDraft(
    tx,
    {
      id: row.id as DraftId,
      person_id: row.person_id,
      content: draftOf(row.content),
      failed_code: failed?.code.slice(0, 100) ?? null,
      failed_detail: failed?.detail.slice(0, 500) ?? null,
      created_at: now(ground),
    },
    null,
  );
}

/** @throws Problem 404 `scheduled.not_found` */
export async function cancelScheduled(ground: Ground, viewer: SignedIn, id: ScheduledId): Promise<void> {
  await ground.sql.tx(async (tx) => {
    if (!(await store.lockScheduled(tx, viewer.person_id, id))) throw notFound("scheduled");
    const row = await store.takeScheduled(tx, id, null);
    if (row) await keepAsDraft(ground, tx, row, null);
  });
}

const draftOf = (post: PostAsked): DraftContent => ({
  text: post.text,
  audience: post.audience,
  space_id: post.space_id ?? null,
  video_id: post.video_id ?? null,
  image_ids: post.image_ids ?? [],
  content_warning: post.content_warning ?? null,
  sensitive: post.sensitive ?? false,
  quote_id: post.quote_id ?? null,
  poll: post.poll ?? null,
});
