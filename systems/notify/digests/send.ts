import { randomUUID } from "node:crypto";

import { Problem } from "#kernel/errors.ts";
import { backoffMs } from "#kernel/retry.ts";
import { isUnasked } from "#ports/calls/index.ts";
import { MAIL_NAME_CHARS_MAX, MailRefused, replyLine } from "#ports/mail/index.ts";

import {
  CLAIM_MS,
  DIGEST_BACKOFF,
  DIGEST_GROUPS_MAX,
  DIGEST_PUT_OFF_MS_MAX,
  DIGEST_PUT_OFF_SHARE,
  DIGEST_TRIES_MAX,
  DIGESTS_PER_CLAIM_MAX,
} from "../bounds.ts";
import type { Inbox } from "../inbox.ts";
import type { Ground } from "../needs.ts";
import type { Addresses } from "../settings/addresses.ts";
import * as wishes from "../settings/store.ts";
import { awayViewer } from "../viewers.ts";
import { letterOf } from "./letter.ts";
import * as store from "./store.ts";

export interface Postman {
  /** Sends all letters that are due. @returns how many were looked at */
  run(signal: AbortSignal): Promise<number>;
}

/**
 * Letters that are due: claimed; then, under the inbox's lock, closed over what they tell of; then sent by an id that the
 * mail engine knows again; then marked. Who dies after the sending leaves it to be sent once more under the same id: the
 * outbox drops it, a mail server may deliver it twice, and nothing is ever left out.
 */
export function createPostman(ground: Ground, inbox: Inbox, addresses: Addresses): Postman {
  const { sql, clock, mail, people, public_url } = ground;
  const now = () => new Date(clock.now());

  /** @returns how it ended */
  async function letter(token: string, row: store.DigestRow): Promise<store.DigestEnd | null> {
    const { person_id, key } = row;
    const [address, wished, switches, cards] = await Promise.all([
      wishes.address(sql.pool, person_id),
      wishes.wishes(sql.pool, [person_id]),
      wishes.switches(sql.pool, [person_id]),
      people.cards([person_id]),
    ]);
    const card = cards.get(person_id);
    const wanted = (wished.get(person_id) ?? wishes.WISHES_USUAL).digest === key;
    if (!address?.confirmed_at || !wanted || !card || card.suspended || public_url === null) return "dropped";
    const range =
      row.from_seq !== null && row.up_to_seq !== null
        ? { from_seq: row.from_seq, up_to_seq: row.up_to_seq }
        : await sql.tx((tx) => store.closeWindow(tx, token, row));
    if (!range) return null;
    const kinds = wishes.kindsWith(switches(person_id), "email");
    const { items, more } = await inbox.unreadBetween(awayViewer(card), {
      above: range.from_seq,
      up_to: range.up_to_seq,
      kinds,
      groups_max: DIGEST_GROUPS_MAX,
    });
    if (items.length === 0) return "empty";
    const unsubscribe_token = addresses.unsubscribeToken(person_id, address.address);
    const house = await ground.house_name();
    const sending = mail.send({
      key: `notify.digest:${row.id}`,
      to: address.address,
      from_name: nameIn(house),
      ...letterOf({ house, public_url, key, items, more, unsubscribe_token }),
    });
    try {
      await sending;
    } catch (error) {
      if (error instanceof MailRefused && error.of === "address")
        await sql.tx((tx) => addresses.refused(tx, address, error.reply));
      throw error;
    }
    return "sent";
  }

  async function one(token: string, row: store.DigestRow): Promise<void> {
    try {
      const end = await letter(token, row);
      if (end !== null) await sql.tx((tx) => store.endDigest(tx, token, row.id, { state: end }, now()));
    } catch (error) {
      // The mail server does not answer, so it was not asked: no try is gone, and it is no news.
      const age_ms = clock.now() - row.window_ends_at.getTime();
      if (isUnasked(error) && age_ms < DIGEST_PUT_OFF_MS_MAX) {
        const least_ms = Math.max(DIGEST_BACKOFF.base_ms, age_ms * DIGEST_PUT_OFF_SHARE);
        const wait_ms = least_ms * (1 + clock.random() / 4) + error.retry_after_ms;
        return sql.tx((tx) =>
          store.putOff(tx, token, row.id, { due_at: new Date(clock.now() + wait_ms), tried: false }),
        );
      }
      const refused = error instanceof MailRefused;
      // What no mail can be, and what a server refused for good, stays so; the row says why.
      const hopeless =
        refused || (error instanceof Problem && error.status === 422) || row.tries + 1 >= DIGEST_TRIES_MAX;
      await sql.tx(async (tx) => {
        if (!hopeless) {
          const wait_ms = DIGEST_BACKOFF.base_ms + backoffMs(row.tries, DIGEST_BACKOFF, clock.random);
          await store.putOff(tx, token, row.id, { due_at: new Date(clock.now() + wait_ms), tried: true });
          return;
        }
        // The state that it ends in needs its range, also where it never came so far.
        if (row.from_seq === null) await store.closeWindow(tx, token, row);
        await store.endDigest(
          tx,
          token,
          row.id,
          { state: "failed", reason: replyLine((error as Error).message) },
          now(),
        );
      });
      if (!refused) throw error;
    }
  }

  return {
    async run(signal) {
      let looked = 0;
      const failed: unknown[] = [];
      for (;;) {
        signal.throwIfAborted();
        const token = randomUUID();
        const claim = { token, at: now(), until: new Date(clock.now() + CLAIM_MS), rows_max: DIGESTS_PER_CLAIM_MAX };
        const rows = await sql.tx((tx) => store.claimDigests(tx, claim));
        looked += rows.length;
        for (const ended of await Promise.allSettled(rows.map((row) => one(token, row))))
          if (ended.status === "rejected") failed.push(ended.reason);
        if (rows.length < DIGESTS_PER_CLAIM_MAX) break;
      }
      // Each has its own next time; the job that fails says why in the log.
      if (failed.length > 0) throw new AggregateError(failed, `${failed.length} letters could not be sent now`);
      return looked;
    },
  };
}

/** A house's name is one line anyway; a header must never hang on it. */
const nameIn = (house: string): string => replyLine(house).slice(0, MAIL_NAME_CHARS_MAX).toWellFormed();
