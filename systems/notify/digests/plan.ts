import type { PersonId } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";
import type { Query } from "#ports/sql/index.ts";

import { DIGEST_AT_MIN, DIGEST_WEEKDAY } from "../bounds.ts";
import type { Ground } from "../needs.ts";
import { nextAt } from "../settings/local-time.ts";
import * as wishes from "../settings/store.ts";
import { type DigestKey, hasUnmailed, type NewDigest, putDigests } from "./store.ts";

/** The end of the window that a moment is in, on the person's own clock. */
export function windowEnd(at_ms: number, key: DigestKey, time_zone: string): number {
  return nextAt(at_ms, time_zone, DIGEST_AT_MIN, key === "weekly" ? DIGEST_WEEKDAY : null);
}

const WINDOWS_TRIED_MAX = 3;

/**
 * What has just come into these inboxes is told by mail at the end of its window, where its person has a confirmed address
 * and wants it. In the transaction that holds the inboxes' locks: a window that a letter has closed is not added to, and
 * what is not in one is in the next.
 */
export async function planDigests(
  { clock }: Pick<Ground, "clock">,
  tx: Query,
  person_ids: readonly PersonId[],
): Promise<void> {
  if (person_ids.length === 0) return;
  const reached = await wishes.reachedByMail(tx, person_ids);
  if (reached.size === 0) return;
  const wished = await wishes.wishes(tx, [...reached]);
  const now_ms = clock.now();
  let open = [...reached].flatMap((person_id): (NewDigest & { time_zone: string })[] => {
    const { digest, time_zone } = wished.get(person_id) ?? wishes.WISHES_USUAL;
    if (digest === "off") return [];
    return [{ person_id, key: digest, time_zone, window_ends_at: new Date(windowEnd(now_ms, digest, time_zone)) }];
  });
  for (let i = 0; i < WINDOWS_TRIED_MAX && open.length > 0; i++) {
    const closed = new Set((await putDigests(tx, open, new Date(now_ms))).map((digest) => digest.person_id));
    open = open
      .filter(({ person_id }) => closed.has(person_id))
      .map((digest) => {
        const after = Math.max(digest.window_ends_at.getTime(), now_ms);
        return { ...digest, window_ends_at: new Date(windowEnd(after, digest.key, digest.time_zone)) };
      });
  }
  // A clock that is days behind the others' cannot be; whatever it was, the next arrival plans again.
  if (open.length > 0) throw new Error(`no window within ${WINDOWS_TRIED_MAX * DAY_MS} ms is open`);
}

/** After somebody changed what they want: for what is unread already. Under the inbox's lock. */
export async function planAgain(ground: Pick<Ground, "clock">, tx: Query, person_id: PersonId): Promise<void> {
  const of = (await wishes.switches(tx, [person_id]))(person_id);
  if (await hasUnmailed(tx, person_id, wishes.kindsWith(of, "email"))) await planDigests(ground, tx, [person_id]);
}
