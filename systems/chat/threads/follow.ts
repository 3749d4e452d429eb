import type { PersonId } from "#kernel/ids.ts";
import { afterCommit, type Tx } from "#ports/sql/index.ts";
import { personStream } from "#systems/realtime/index.ts";

import { ROWS_PER_PORTION_MAX } from "../bounds.ts";
import { type Ground, nowOf } from "../ground.ts";
import { findMessage, type NewMessage } from "../messages/store.ts";
import type { MessageId } from "../needs.ts";
import * as store from "./store.ts";

/**
 * In the transaction that writes an answer: who wrote it follows, read up to it; who is named in it and who began the thread follow
 * unless they left it. @returns who follows, and is to be told
 */
export async function followByAnswer(
  ground: Ground,
  tx: Tx,
  row: Pick<NewMessage, "seq" | "author_id" | "mention_ids"> & { root_id: MessageId },
): Promise<PersonId[]> {
  const { root_id, seq, author_id } = row;
  // What was answered before is not new to who comes in by this answer.
  const before = String(BigInt(seq) - 1n);
  const root = await findMessage(tx, root_id);
  const others = new Set([...row.mention_ids, ...(root && root.deleted_at === null ? [root.author_id] : [])]);
  others.delete(author_id);
  await store.follow(
    tx,
    root_id,
    [
      { person_id: author_id, read_seq: seq, again: true },
      ...[...others].map((person_id) => ({ person_id, read_seq: before, again: false })),
    ],
    nowOf(ground),
  );
  const followers = await store.followersOf(tx, root_id, ROWS_PER_PORTION_MAX);
  // To their pages, wherever they look; a lost one does no harm, for the list is asked for with the next look.
  afterCommit(tx, `thread:${root_id}`, () => {
    for (const person_id of followers)
      if (person_id !== author_id) ground.line.ephemeral(personStream(person_id), "thread", null, { root_id });
  });
  return followers;
}
