import { Problem } from "#kernel/errors.ts";
import type { SpaceId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { SpaceFacts } from "../rules.ts";
import { heldIn } from "../storage/store.ts";
import { sizeText } from "./admission.ts";

/**
 * Room of a space, beside that of the person: everything that stands in it counts for both. Runs in the transaction that takes the room, with
 * the space's room locked (after the person's, where both are), so that two at once cannot both take the last of it.
 * @throws Problem 413 `upload.space_full`
 */
export async function checkSpaceRoom(
  tx: Query,
  spaces: Pick<SpaceFacts, "storageMax">,
  space_id: SpaceId,
  more_bytes: number,
): Promise<void> {
  if (more_bytes <= 0) return;
  await tx`SELECT pg_advisory_xact_lock(hashtextextended('media.room:space:' || ${space_id}::text, 0))`;
  const { used_bytes, quota_bytes } = await spaceRoom(tx, spaces, space_id);
  if (used_bytes + more_bytes <= quota_bytes) return;
  throw new Problem(
    413,
    "upload.space_full",
    `This space has ${sizeText(Math.max(0, quota_bytes - used_bytes))} of ${sizeText(quota_bytes)} left, and this needs ${sizeText(more_bytes)}. Delete something in it first, or ask who runs it.`,
  );
}

/** What stands in a space, as every sum of it is made, and what may. */
export async function spaceRoom(
  q: Query,
  spaces: Pick<SpaceFacts, "storageMax">,
  space_id: SpaceId,
): Promise<{ used_bytes: number; quota_bytes: number }> {
  const held = await heldIn(q, { by: "space", id: space_id });
  return {
    used_bytes: held.reduce((sum, { bytes }) => sum + bytes, 0),
    quota_bytes: (await spaces.storageMax(space_id)) ?? 0,
  };
}
