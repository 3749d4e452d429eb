import { notFound, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { ChannelId } from "#systems/chat/index.ts";
import { needSession } from "#systems/people/index.ts";

import { comeIn, makeBot, otherSpace, tooMany } from "../bots/bots.ts";
import { countInHome, findBot } from "../bots/store.ts";
import { INCOMING_PER_SPACE_MAX } from "../bounds.ts";
import { homeOf, managed, slugOf } from "../home.ts";
import { type Ground, type HookId, nowOf } from "../needs.ts";
import { makeAddressSecret } from "../secrets.ts";
import type { Incoming } from "./contract.ts";
import * as store from "./store.ts";

export const INCOMING_PATH = "/hooks/in/";

/** Secret addresses that write into a channel. */
export interface IncomingHooks {
  list(viewer: SignedIn, space: string): Promise<Incoming[]>;
  create(
    viewer: SignedIn,
    asked: { channel_id: ChannelId; name: string; bot_id?: PersonId | undefined },
  ): Promise<Incoming & { path: string }>;
  change(
    viewer: SignedIn,
    id: HookId,
    change: { name?: string | undefined; disabled?: boolean | undefined },
  ): Promise<Incoming>;
  rotate(viewer: SignedIn, id: HookId): Promise<Incoming & { path: string }>;
  remove(viewer: SignedIn, id: HookId): Promise<void>;
}

export function createIncoming(ground: Ground): IncomingHooks {
  const { sql, ids, people, chat, spaces } = ground;

  async function held(viewer: SignedIn, id: HookId): Promise<store.IncomingRow> {
    const row = await store.findIncoming(sql.pool, id);
    if (!row) throw notFound("hook");
    await managed(ground, viewer, row.space_id, "hook");
    return row;
  }

  async function present(rows: readonly store.IncomingRow[]): Promise<Incoming[]> {
    const cards = await people.cards(rows.flatMap((row) => [row.bot_id, row.owner_id]));
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      channel_id: row.channel_id,
      bot: cards.get(row.bot_id) ?? null,
      owner: cards.get(row.owner_id) ?? null,
      made_at: rfc3339(row.made_at),
      rotated_at: row.rotated_at && rfc3339(row.rotated_at),
      disabled: row.disabled_at !== null,
      used_at: row.used_at && rfc3339(row.used_at),
      last_error: row.last_error,
      last_error_at: row.last_error_at && rfc3339(row.last_error_at),
    }));
  }

  async function one(id: HookId): Promise<Incoming> {
    const row = await store.findIncoming(sql.pool, id);
    const [shown] = row ? await present([row]) : [];
    if (!shown) throw notFound("hook");
    return shown;
  }

  return {
    async list(viewer, space) {
      const home = await homeOf(ground, viewer, space);
      return home === null ? [] : present(await store.incomingOf(sql.pool, home, INCOMING_PER_SPACE_MAX));
    },

    async create(viewer, { channel_id, name, bot_id }) {
      needSession(viewer);
      const { space } = await chat.channels.get(viewer, channel_id);
      if (!space) throw otherSpace();
      await homeOf(ground, viewer, space.slug);
      const known = bot_id === undefined ? null : await findBot(sql.pool, bot_id);
      if (bot_id !== undefined && (known?.space_id !== space.id || known.for_hook)) throw notFound("bot");
      const { secret, hash } = makeAddressSecret("incoming");
      const id = ids.next<"hook">();
      const writes_as = await sql.tx(async (tx) => {
        if ((await countInHome(tx, "hooks_incoming", space.id)) >= INCOMING_PER_SPACE_MAX)
          throw tooMany(INCOMING_PER_SPACE_MAX, "incoming webhooks");
        const as =
          bot_id ??
          (await makeBot(ground, tx, viewer, {
            home: space.id,
            // Nobody calls it by this; what is shown is the name.
            handle: `hook_${BigInt(id).toString(36)}`,
            name,
            about: "",
            avatar_image_id: null,
            for_hook: true,
          }));
        const row = { id, space_id: space.id, channel_id, bot_id: as, owner_id: viewer.person_id, name, hash };
        await store.insertIncoming(tx, { ...row, made_at: nowOf(ground) });
        return as;
      });
      try {
        await comeIn(ground, viewer, writes_as, space.id, channel_id);
      } catch (error) {
        // It could never write: nothing is left of it.
        await sql.tx(async (tx) => {
          if (await store.deleteIncoming(tx, id)) await people.bots.remove(tx, writes_as);
        });
        throw error;
      }
      return { ...(await one(id)), path: INCOMING_PATH + secret };
    },

    async change(viewer, id, change) {
      const { bot_id } = await held(viewer, id);
      const bot = await findBot(sql.pool, bot_id);
      await sql.tx(async (tx) => {
        await store.changeIncoming(tx, id, change, viewer.person_id, nowOf(ground));
        if (change.name !== undefined && bot?.for_hook)
          await people.bots.change(tx, bot_id, { display_name: change.name });
      });
      return one(id);
    },

    async rotate(viewer, id) {
      needSession(viewer);
      await held(viewer, id);
      const { secret, hash } = makeAddressSecret("incoming");
      await sql.tx((tx) => store.setAddress(tx, id, hash, nowOf(ground)));
      return { ...(await one(id)), path: INCOMING_PATH + secret };
    },

    async remove(viewer, id) {
      const { bot_id, space_id } = await held(viewer, id);
      const alone = await sql.tx((tx) => store.deleteIncoming(tx, id));
      const bot = alone ? (await people.cards([bot_id])).get(bot_id) : undefined;
      if (!bot) return;
      try {
        await spaces.rooms.members.remove(viewer, await slugOf(ground, space_id), bot.handle);
      } catch (error) {
        // It had been put out by hand.
        if (!(error instanceof Problem && error.status === 404)) throw error;
      }
    },
  };
}
