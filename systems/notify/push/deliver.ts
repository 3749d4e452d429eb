import { randomUUID } from "node:crypto";

import type { PersonId } from "#kernel/ids.ts";
import { backoffMs } from "#kernel/retry.ts";

import {
  ACTIVE_LOOK_MS,
  CLAIM_MS,
  PUSH_AGAIN_MS,
  PUSH_BACKOFF,
  PUSH_KEPT_MS,
  PUSH_LINES_MAX,
  PUSH_PEOPLE_PER_CLAIM_MAX,
  PUSH_TRIES_MAX,
  PUSHES_AT_ONCE_MAX,
} from "../bounds.ts";
import type { Notification } from "../contract.ts";
import type { Inbox } from "../inbox.ts";
import type { Ground } from "../needs.ts";
import { quietUntil } from "../settings/local-time.ts";
import * as wishes from "../settings/store.ts";
import * as inboxes from "../store.ts";
import { awayViewer } from "../viewers.ts";
import type { PushMessage } from "./contract.ts";
import { MANY_TAG, manyOf, messageOf, tagOf } from "./message.ts";
import type { Taken } from "./send.ts";
import * as store from "./store.ts";

type Send = (to: store.SubscriptionRow, message: PushMessage, signal: AbortSignal) => Promise<Taken>;
/** A browser that is to be told later. */
interface Rest {
  id: string;
  until: Date;
  was_sent: boolean;
}

type Settle = (row: store.PushRow, outcome: store.Outcome) => Promise<void>;

export interface Deliverer {
  /** Sends all that is due. @returns how many rows were looked at */
  run(signal: AbortSignal): Promise<number>;
}

/**
 * What is due goes to browsers: claimed, judged by the rules of this moment, sent, and written down. Who dies in between
 * leaves a claim that ends, and the next sends it again, where it replaces what it was.
 */
export function createDeliverer(ground: Ground, inbox: Inbox, send: Send): Deliverer {
  const { sql, clock } = ground;
  const now = () => new Date(clock.now());
  const inMs = (ms: number) => new Date(clock.now() + ms);

  async function person(person_id: PersonId, rows: store.PushRow[], settle: Settle, signal: AbortSignal) {
    const all = (outcome: store.Outcome, of: readonly store.PushRow[] = rows) =>
      Promise.all(of.map((row) => settle(row, outcome)));
    const [cards, subscriptions, { read_seq }] = await Promise.all([
      ground.people.cards([person_id]),
      store.subscriptionsOf(sql.pool, person_id),
      inboxes.inbox(sql.pool, person_id),
    ]);
    const card = cards.get(person_id);
    if (!card || card.suspended || subscriptions.length === 0) return all({ how: "gone" });
    const viewer = awayViewer(card);
    const [clear, due] = [rows.filter((row) => row.state === "clear"), rows.filter((row) => row.state === "due")];
    if (clear.length > 0) {
      const { count: unread } = await inbox.unread(viewer);
      await takeAway(
        subscriptions,
        { v: 1, clear: [...clear.map((row) => tagOf(row.group_id)), MANY_TAG], unread },
        signal,
      );
      await all({ how: "gone" }, clear);
    }

    const oldest = clock.now() - PUSH_KEPT_MS;
    const read = (row: store.PushRow) => BigInt(row.seq) <= BigInt(read_seq) || row.since.getTime() < oldest;
    await all({ how: "gone" }, due.filter(read));
    const open = due.filter((row) => !read(row));
    if (open.length === 0) return;
    const [wished, active] = await Promise.all([
      wishes.wishes(sql.pool, [person_id]),
      ground.line?.active([person_id]) ?? new Map<PersonId, { active: boolean }>(),
    ]);
    const { time_zone, quiet } = wished.get(person_id) ?? wishes.WISHES_USUAL;
    const quiet_ms = quietUntil(clock.now(), time_zone, quiet);
    if (quiet_ms !== null) return all(later(new Date(quiet_ms)), open);
    // It shows where they are looking; whether they read it is looked at again.
    if (active.get(person_id)?.active) return all(later(inMs(ACTIVE_LOOK_MS)), open);

    const [shown, switches] = await Promise.all([
      inbox.shown(
        viewer,
        open.map((row) => row.group_id),
      ),
      wishes.switches(sql.pool, [person_id]),
    ]);
    const wanted = open.flatMap((row) => {
      const one = shown.get(row.group_id);
      return one && !one.read && switches(person_id)(one.kind, "push") ? [{ row, one }] : [];
    });
    const kept = new Set(wanted.map(({ row }) => row));
    await all(
      { how: "gone" },
      open.filter((row) => !kept.has(row)),
    );
    if (wanted.length === 0) return;
    const [house, { count: unread }] = await Promise.all([ground.house_name(), inbox.unread(viewer)]);
    if (wanted.length > PUSHES_AT_ONCE_MAX) {
      const message = manyOf(ofAll(wanted), house, unread);
      await tell(subscriptions, message, wanted, settle, signal);
    } else {
      for (const { row, one } of wanted)
        await tell(subscriptions, messageOf(one, house, unread), [{ row }], settle, signal);
    }
  }

  const later = (due_at: Date): store.Outcome => ({ how: "later", due_at, failed: false, left_ids: null });
  const ofAll = (wanted: readonly { one: Notification }[]) => wanted.map(({ one }) => one);

  async function tell(
    subscriptions: readonly store.SubscriptionRow[],
    message: PushMessage,
    of: readonly { row: store.PushRow }[],
    settle: Settle,
    signal: AbortSignal,
  ) {
    const [first] = of;
    // Rows that are told together were never told apart before, so what is left of one is left of all.
    const left = of.length === 1 ? first!.row.left_ids : null;
    const to = left === null ? subscriptions : subscriptions.filter(({ id }) => left.includes(id));
    const rests = await goThrough(to, message, signal);
    const tries = Math.max(...of.map(({ row }) => row.tries));
    for (const { row } of of) {
      if (rests.length === 0) await settle(row, { how: "sent", at: now(), again_ms: PUSH_AGAIN_MS });
      else if (tries + 1 >= PUSH_TRIES_MAX)
        // Some devices have it, perhaps; the inbox and the digest have it for sure.
        await settle(row, { how: "sent", at: now(), again_ms: PUSH_AGAIN_MS });
      else {
        const until = Math.min(...rests.map(({ until }) => until.getTime()));
        const own = clock.now() + backoffMs(tries, PUSH_BACKOFF, clock.random);
        const left_ids = rests.map(({ id }) => id);
        // Where nothing was sent no try is gone: it goes by its age at last, as everything that is due does.
        const failed = rests.some(({ was_sent }) => was_sent);
        await settle(row, { how: "later", due_at: new Date(Math.max(until, own)), failed, left_ids });
      }
    }
  }

  /** @returns those that wish to be asked later */
  async function goThrough(
    to: readonly store.SubscriptionRow[],
    message: PushMessage,
    signal: AbortSignal,
  ): Promise<Rest[]> {
    const resting = to.flatMap(({ id, rests_until }) =>
      rests_until !== null && rests_until.getTime() > clock.now() ? [{ id, until: rests_until, was_sent: true }] : [],
    );
    const rests = new Map<string, Rest>(resting.map((one) => [one.id, one]));
    const told = await Promise.all(
      to
        .filter(({ id }) => !rests.has(id))
        .map(async (subscription) => [subscription, await send(subscription, message, signal)] as const),
    );
    const ids = (how: Taken["how"]) => told.flatMap(([{ id }, taken]) => (taken.how === how ? [id] : []));
    await sql.tx(async (tx) => {
      await store.markTaken(tx, ids("taken"), now());
      await store.deleteSubscriptions(tx, ids("dead"));
      for (const [{ id }, taken] of told)
        if (taken.how === "rests") {
          await store.markRefused(tx, id, taken.until);
          rests.set(id, { id, until: taken.until, was_sent: true });
        } else if (taken.how === "put_off") rests.set(id, { id, until: taken.until, was_sent: false });
    });
    return [...rests.values()];
  }

  /** Only where a page may do that in silence. One that does not arrive leaves what the page itself clears when it is opened. */
  async function takeAway(to: readonly store.SubscriptionRow[], message: PushMessage, signal: AbortSignal) {
    await goThrough(
      to.filter((subscription) => subscription.may_clear),
      message,
      signal,
    );
  }

  return {
    async run(signal) {
      let looked = 0;
      for (;;) {
        signal.throwIfAborted();
        const token = randomUUID();
        const rows_max = PUSH_PEOPLE_PER_CLAIM_MAX;
        const rows = await sql.tx((tx) => store.claimPushes(tx, { token, at: now(), until: inMs(CLAIM_MS), rows_max }));
        looked += rows.length;
        const settle: Settle = (row, outcome) => sql.tx((tx) => store.settlePush(tx, token, row, outcome));
        const people = [...Map.groupBy(rows, (row) => row.person_id)];
        for (let from = 0; from < people.length; from += PUSH_LINES_MAX)
          await Promise.all(
            people.slice(from, from + PUSH_LINES_MAX).map(([person_id, of]) => person(person_id, of, settle, signal)),
          );
        if (rows.length < rows_max) return looked;
      }
    },
  };
}
