import type { PersonId } from "#kernel/ids.ts";
import { type Poll, type PollAsked, presentPoll } from "#kernel/polls.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query, Tx } from "#ports/sql/index.ts";

import type { Ground } from "../ground.ts";
import type { MessageRow } from "../messages/store.ts";
import type { MessageId } from "../needs.ts";
import * as store from "./store.ts";

export const END_JOB = "chat.end_poll";

/** In the transaction that sends: the poll, and what sees to its end. */
export async function beginPoll(
  ground: Ground,
  tx: Tx,
  message: Pick<MessageRow, "id" | "author_id">,
  asked: PollAsked,
): Promise<void> {
  const open_ms = asked.open_s * 1_000;
  const { options, multiple, hides_results } = asked;
  const ends_at = new Date(ground.clock.now() + open_ms);
  await store.insertPoll(tx, { message_id: message.id, options, multiple, hides_results, ends_at });
  await endLater(ground, tx, message.id, message.author_id, open_ms, "");
}

export const endLater = (
  { jobs }: Ground,
  tx: Query,
  id: MessageId,
  tenant: PersonId,
  delay_ms: number,
  again: string,
): Promise<unknown> =>
  jobs.enqueue(tx, END_JOB, { message_id: id }, { delay_ms, tenant, unique_key: `${END_JOB}:${id}${again}` });

/** The polls of these messages, as one reader may see them. */
export async function presentPolls(
  ground: Ground,
  viewer: SignedIn,
  messages: readonly Pick<MessageRow, "id" | "author_id">[],
  q: Query = ground.sql.pool,
): Promise<Map<MessageId, Poll>> {
  const rows = await store.findPolls(
    q,
    messages.map((message) => message.id),
  );
  if (rows.length === 0) return new Map();
  const chosen = await store.choicesOf(
    q,
    viewer.person_id,
    rows.map((row) => row.message_id),
  );
  const authors = new Map(messages.map((message) => [message.id, message.author_id]));
  return new Map(
    rows.map((row) => [
      row.message_id,
      presentPoll(
        { ...row, edition: 1, votes: [...row.votes] },
        {
          is_author: authors.get(row.message_id) === viewer.person_id,
          chosen: chosen.get(row.message_id) ?? null,
          now_ms: ground.clock.now(),
        },
      ),
    ]),
  );
}
