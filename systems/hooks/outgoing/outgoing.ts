import type { SpaceCard } from "#kernel/cards.ts";
import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { SpaceId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";
import type { ChannelId } from "#systems/chat/index.ts";
import { needSession } from "#systems/people/index.ts";

import { otherSpace, tooMany } from "../bots/bots.ts";
import { countInHome } from "../bots/store.ts";
import { DELIVERIES_WAITING_MAX, OUTGOING_PER_SPACE_MAX } from "../bounds.ts";
import { homeOf, managed } from "../home.ts";
import { type DeliveryId, type Ground, type HookId, nowOf } from "../needs.ts";
import type { Signing } from "../secrets.ts";
import { addressOutside } from "./address.ts";
import type { Delivery, Outgoing } from "./contract.ts";
import { CHANNEL_EVENTS, type OutgoingEvent, PING } from "./events-contract.ts";
import { webhookId } from "./happened.ts";
import { deliverLater } from "./jobs.ts";
import * as store from "./store.ts";

export interface OutgoingChange {
  name?: string | undefined;
  url?: string | undefined;
  events?: OutgoingEvent[] | undefined;
  channel_ids?: ChannelId[] | undefined;
  with_bots?: boolean | undefined;
  disabled?: boolean | undefined;
}

/** Addresses outside that are told of what happens. */
export interface OutgoingHooks {
  list(viewer: SignedIn, space: string): Promise<Outgoing[]>;
  create(
    viewer: SignedIn,
    asked: {
      space: string;
      name: string;
      url: string;
      events: OutgoingEvent[];
      channel_ids: ChannelId[];
      with_bots: boolean;
    },
  ): Promise<Outgoing & { secret: string }>;
  change(viewer: SignedIn, id: HookId, change: OutgoingChange): Promise<Outgoing>;
  rotate(viewer: SignedIn, id: HookId): Promise<Outgoing & { secret: string }>;
  remove(viewer: SignedIn, id: HookId): Promise<void>;
  ping(viewer: SignedIn, id: HookId): Promise<Delivery>;
  deliveries(
    viewer: SignedIn,
    id: HookId,
    asked: { limit: number; cursor?: string | undefined },
  ): Promise<Page<Delivery>>;
  redeliver(viewer: SignedIn, id: DeliveryId): Promise<Delivery>;
  /** Of these, the viewer's own that the house switched off, while they stand so and the viewer is in their space. */
  switchedOff(viewer: SignedIn, ids: readonly HookId[]): Promise<SwitchedOff[]>;
}

export interface SwitchedOff {
  id: HookId;
  name: string;
  /** A sentence. */
  because: string;
  space: SpaceCard;
}

export function createOutgoing(ground: Ground, signing: Signing): OutgoingHooks {
  const { sql, ids, people, chat } = ground;

  async function held(viewer: SignedIn, id: HookId, what = "hook"): Promise<store.OutgoingRow> {
    const row = await store.findOutgoing(sql.pool, id);
    if (!row) throw notFound(what);
    await managed(ground, viewer, row.space_id, what);
    return row;
  }

  async function present(rows: readonly store.OutgoingRow[]): Promise<Outgoing[]> {
    const hook_ids = rows.map((row) => row.id);
    const [cards, channels, waiting] = await Promise.all([
      people.cards(rows.map((row) => row.owner_id)),
      store.channelsOf(sql.pool, hook_ids),
      store.waitingOf(sql.pool, hook_ids),
    ]);
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      url: row.url,
      events: row.events,
      channel_ids: channels.get(row.id) ?? [],
      with_bots: row.with_bots,
      owner: cards.get(row.owner_id) ?? null,
      made_at: rfc3339(row.made_at),
      rotated_at: row.rotated_at && rfc3339(row.rotated_at),
      disabled: row.disabled_at !== null,
      disabled_because: row.disabled_because,
      failing_since: row.failing_since && rfc3339(row.failing_since),
      taken_at: row.taken_at && rfc3339(row.taken_at),
      waiting: waiting.get(row.id) ?? 0,
      dropped: Number(row.dropped),
    }));
  }

  async function one(id: HookId): Promise<Outgoing> {
    const row = await store.findOutgoing(sql.pool, id);
    const [shown] = row ? await present([row]) : [];
    if (!shown) throw notFound("hook");
    return shown;
  }

  /** Nobody has a program told what they cannot read themselves. @throws Problem 404 `channel.not_found`, 422 */
  async function readableChannels(
    viewer: SignedIn,
    space_id: SpaceId,
    events: readonly OutgoingEvent[],
    channel_ids: readonly ChannelId[],
  ): Promise<void> {
    if (channel_ids.length === 0 && events.some((event) => CHANNEL_EVENTS.includes(event)))
      throw new Problem(422, "hooks.channels_needed", "Name the channels of whose messages it is to be told.");
    for (const id of channel_ids) if ((await chat.channels.get(viewer, id)).space?.id !== space_id) throw otherSpace();
  }

  async function listen(tx: Query, id: HookId, channel_ids: readonly ChannelId[]): Promise<void> {
    await store.lockListening(tx);
    const deaf = await store.setListening(tx, id, channel_ids);
    await chat.watch(tx, channel_ids, true);
    await chat.watch(tx, deaf, false);
  }

  return {
    async list(viewer, space) {
      const home = await homeOf(ground, viewer, space);
      return home === null ? [] : present(await store.outgoingOf(sql.pool, home, OUTGOING_PER_SPACE_MAX));
    },

    async switchedOff(viewer, ids) {
      const rows = await store.switchedOffOf(sql.pool, viewer.person_id, ids);
      const [mine, cards] = await Promise.all([
        ground.spaces.membershipsOf(viewer.person_id),
        ground.spaces.cards(rows.map((row) => row.space_id)),
      ]);
      return rows.flatMap(({ id, name, space_id, disabled_because }) => {
        const space = mine.has(space_id) ? cards.get(space_id) : undefined;
        return space ? [{ id, name, because: disabled_because, space }] : [];
      });
    },

    async create(viewer, { space, name, url, events, channel_ids, with_bots }) {
      needSession(viewer);
      const home = await homeOf(ground, viewer, space);
      if (home === null) throw notFound("space");
      const address = addressOutside(ground, url);
      await readableChannels(viewer, home, events, channel_ids);
      const id = ids.next<"hook">();
      await sql.tx(async (tx) => {
        if ((await countInHome(tx, "hooks_outgoing", home)) >= OUTGOING_PER_SPACE_MAX)
          throw tooMany(OUTGOING_PER_SPACE_MAX, "outgoing webhooks");
        const row = { id, space_id: home, owner_id: viewer.person_id, name, url: address, events, with_bots };
        await store.insertOutgoing(tx, { ...row, made_at: nowOf(ground) });
        await listen(tx, id, channel_ids);
      });
      return { ...(await one(id)), secret: signing.secretOf({ id, secret_no: 1 }) };
    },

    async change(viewer, id, change) {
      const seen = await held(viewer, id);
      const url = change.url === undefined ? undefined : addressOutside(ground, change.url);
      const before = (await store.channelsOf(sql.pool, [id])).get(id) ?? [];
      const channel_ids = change.channel_ids ?? before;
      await readableChannels(viewer, seen.space_id, change.events ?? seen.events, channel_ids);
      await sql.tx(async (tx) => {
        const row = await store.lockOutgoing(tx, id);
        if (!row) throw notFound("hook");
        const { disabled } = change;
        const off =
          disabled === undefined
            ? row
            : disabled
              ? {
                  disabled_at: row.disabled_at ?? nowOf(ground),
                  disabled_by: viewer.person_id,
                  disabled_because: null,
                  failing_since: row.failing_since,
                }
              : { disabled_at: null, disabled_by: null, disabled_because: null, failing_since: null };
        await store.updateOutgoing(tx, id, {
          owner_id: viewer.person_id,
          name: change.name ?? row.name,
          url: url ?? row.url,
          events: change.events ?? row.events,
          with_bots: change.with_bots ?? row.with_bots,
          disabled_at: off.disabled_at,
          disabled_by: off.disabled_by,
          disabled_because: off.disabled_because,
          failing_since: off.failing_since,
        });
        await listen(tx, id, channel_ids);
      });
      return one(id);
    },

    async rotate(viewer, id) {
      needSession(viewer);
      await held(viewer, id);
      const secret_no = await sql.tx(async (tx) => {
        await store.nextSecret(tx, id, nowOf(ground));
        return (await store.findOutgoing(tx, id))!.secret_no;
      });
      return { ...(await one(id)), secret: signing.secretOf({ id, secret_no }) };
    },

    async remove(viewer, id) {
      await held(viewer, id);
      await sql.tx(async (tx) => {
        await listen(tx, id, []);
        await store.deleteOutgoing(tx, id);
      });
    },

    async ping(viewer, id) {
      const hook = await held(viewer, id);
      if (hook.disabled_at !== null) throw isOff();
      const at = nowOf(ground);
      const delivery_id = ids.next<"delivery">();
      await sql.tx(async (tx) => {
        if (((await store.roomOf(tx, [id], DELIVERIES_WAITING_MAX)).get(id) ?? 0) <= 0)
          throw conflict("hooks.too_much_waits", "Too much waits for this address already.");
        const webhook_id = webhookId(id, `ping ${delivery_id}`);
        const row = { id: delivery_id, hook_id: id, webhook_id, event: PING, subject: {}, happened_at: at };
        await store.insertDelivery(tx, row, at);
        await deliverLater(ground, tx, { id: delivery_id, hook_id: id, run: 1, tries: 0 }, 0);
      });
      return shown((await store.findDelivery(sql.pool, delivery_id))!);
    },

    async deliveries(viewer, id, { limit, cursor }) {
      await held(viewer, id);
      const below = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const rows = await store.deliveriesOf(sql.pool, id, below, limit + 1);
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return { items: page.map(shown), next_cursor: rows.length > limit && last ? encodeCursor([last.id]) : null };
    },

    async redeliver(viewer, id) {
      const seen = await store.findDelivery(sql.pool, id);
      if (!seen) throw notFound("delivery");
      const hook = await held(viewer, seen.hook_id, "delivery");
      if (hook.disabled_at !== null) throw isOff();
      await sql.tx(async (tx) => {
        const row = await store.lockDelivery(tx, id);
        if (!row) throw notFound("delivery");
        // A further run: what is left of the one before finds that it is not meant.
        const again = { run: row.run + 1, tries: 0, state: "waiting" as const, next_at: nowOf(ground) };
        await store.settleDelivery(tx, id, { ...row, ...again });
        await deliverLater(ground, tx, { ...row, ...again }, 0);
      });
      return shown((await store.findDelivery(sql.pool, id))!);
    },
  };
}

const shown = (row: store.DeliveryRow): Delivery => ({
  id: row.id,
  webhook_id: row.webhook_id,
  event: row.event,
  happened_at: rfc3339(row.happened_at),
  state: row.state,
  tries: row.tries,
  next_at: row.next_at && rfc3339(row.next_at),
  tried_at: row.tried_at && rfc3339(row.tried_at),
  status: row.status,
  ms: row.ms,
  answer: row.answer,
  because: row.because,
});

const isOff = () => conflict("hook.disabled", "This webhook is switched off. Switch it on first.");
