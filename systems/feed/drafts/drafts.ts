import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { PersonId, PostId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Ground } from "../ground.ts";
import { DRAFTS_MAX } from "./bounds.ts";
import type { DraftContent } from "./contract.ts";
import * as store from "./store.ts";
import type { DraftId, DraftRow } from "./store.ts";

type Needs = Pick<Ground, "sql" | "clock" | "ids" | "media">;
const now = ({ clock }: Pick<Ground, "clock">) => new Date(clock.now());

/**
 * What a draft or a scheduled post shows is held for it under its own id, as for a post that is private: it is not thrown
 * away as unused, and no other post shows it meanwhile.
 * @throws Problem 422 `post.media_not_usable`
 */
export async function holdFor(
  { media }: Pick<Ground, "media">,
  tx: Query,
  owner_id: PersonId,
  id: string,
  shows: Pick<DraftContent, "video_id" | "image_ids">,
): Promise<void> {
  await media.claimForPost(tx, owner_id, {
    post_id: id as PostId,
    video_id: shows.video_id,
    image_ids: shows.image_ids,
    audience: "private",
    space_id: null,
  });
}

export const letGo = ({ media }: Pick<Ground, "media">, tx: Query, id: string) => media.releasePost(tx, id as PostId);

/**
 * Keeps a new draft. The same key finds the first one again.
 * @throws Problem 409 `draft.too_many`, 422 `post.media_not_usable`
 */
export async function createDraft(
  ground: Needs,
  viewer: SignedIn,
  content: DraftContent,
  idempotency_key: string | null,
): Promise<DraftRow> {
  const { person_id } = viewer;
  return ground.sql.tx(async (tx) => {
    await store.lockDraftsOf(tx, person_id);
    const first = idempotency_key === null ? null : await store.findDraftByKey(tx, person_id, idempotency_key);
    if (first) return first;
    if ((await store.countDrafts(tx, person_id)) >= DRAFTS_MAX)
      throw conflict("draft.too_many", `You have ${DRAFTS_MAX} drafts. Publish one or throw one away first.`);
    const id = ground.ids.next<"draft">();
    if (showsMedia(content)) await holdFor(ground, tx, person_id, id, content);
    return store.insertDraft(
      tx,
      { id, person_id, content, failed_code: null, failed_detail: null, created_at: now(ground) },
      idempotency_key,
    );
  });
}

/** @throws Problem 404 `draft.not_found`, 412 `draft.changed`, 422 `post.media_not_usable` */
export async function saveDraft(
  ground: Needs,
  viewer: SignedIn,
  id: DraftId,
  content: DraftContent,
  if_match: string | null,
): Promise<DraftRow> {
  return ground.sql.tx(async (tx) => {
    const before = await store.lockDraft(tx, viewer.person_id, id);
    if (!before) throw notFound("draft");
    checkMatch(if_match, before.version, "draft.changed", "This draft was changed on another device. Read it again.");
    if (!isSameMedia(before.content, content)) await holdFor(ground, tx, viewer.person_id, id, content);
    return store.updateDraft(tx, id, content, now(ground));
  });
}

/** @throws Problem 404 `draft.not_found` */
export async function throwDraftAway(ground: Needs, viewer: SignedIn, id: DraftId): Promise<void> {
  await ground.sql.tx(async (tx) => {
    if (!(await takeDraft(ground, tx, viewer.person_id, id))) throw notFound("draft");
  });
}

/** It becomes something else, in the caller's transaction: what it held is free for that. @returns false where it was gone */
export async function takeDraft(
  ground: Pick<Ground, "media">,
  tx: Query,
  person_id: PersonId,
  id: DraftId,
): Promise<boolean> {
  const gone = await store.deleteDraft(tx, person_id, id);
  if (gone && showsMedia(gone.content)) await letGo(ground, tx, id);
  return gone !== null;
}

export const showsMedia = (content: { video_id?: string | null; image_ids?: readonly string[] | null }) =>
  (content.video_id ?? null) !== null || (content.image_ids?.length ?? 0) > 0;

const isSameMedia = (a: DraftContent, b: DraftContent) =>
  a.video_id === b.video_id && a.image_ids.join() === b.image_ids.join();

/** @throws Problem 412 */
export function checkMatch(if_match: string | null, version: number, code: string, detail: string): void {
  if (if_match === null || if_match.trim() === "*") return;
  if (if_match.split(",").some((tag) => tag.trim() === `"${version}"`)) return;
  throw new Problem(412, code, detail);
}
