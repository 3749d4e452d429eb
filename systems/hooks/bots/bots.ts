import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { Id, ImageId, PersonId, SpaceId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";
import type { ChannelId } from "#systems/chat/index.ts";
import { type BotScope, type BotToken, needSession } from "#systems/people/index.ts";

import { BOTS_PER_HOME_MAX } from "../bounds.ts";
import { homeOf, managed, slugOf } from "../home.ts";
import { type Ground, type Home, nowOf } from "../needs.ts";
import type { Bot, BotTokenShown } from "./contract.ts";
import * as store from "./store.ts";

/** Programs as members. */
export interface Bots {
  list(viewer: SignedIn, space: string | undefined): Promise<Bot[]>;
  create(
    viewer: SignedIn,
    asked: {
      space?: string | undefined;
      handle: string;
      name: string;
      about: string;
      avatar_image_id: ImageId | null;
    },
  ): Promise<Bot>;
  change(
    viewer: SignedIn,
    bot_id: PersonId,
    change: {
      name?: string | undefined;
      about?: string | undefined;
      avatar_image_id?: ImageId | null | undefined;
      take_over?: true | undefined;
    },
  ): Promise<Bot>;
  remove(viewer: SignedIn, bot_id: PersonId): Promise<void>;
  makeToken(
    viewer: SignedIn,
    bot_id: PersonId,
    asked: { name: string; scopes: BotScope[]; expires_in_d: number | null },
  ): Promise<BotTokenShown & { secret: string }>;
  rotateToken(viewer: SignedIn, bot_id: PersonId, id: Id<"token">): Promise<BotTokenShown & { secret: string }>;
  revokeToken(viewer: SignedIn, bot_id: PersonId, id: Id<"token">): Promise<void>;
  putIn(viewer: SignedIn, bot_id: PersonId, channel_id: ChannelId): Promise<void>;
  putOut(viewer: SignedIn, bot_id: PersonId, channel_id: ChannelId): Promise<void>;
}

export function createBots(ground: Ground): Bots {
  const { sql, people, chat } = ground;

  /** @throws Problem 404 `bot.not_found` for who does not look after it */
  async function held(viewer: SignedIn, bot_id: PersonId): Promise<store.BotRow> {
    const row = await store.findBot(sql.pool, bot_id);
    if (!row) throw notFound("bot");
    await managed(ground, viewer, row.space_id, "bot");
    return row;
  }

  async function present(rows: readonly store.BotRow[]): Promise<Bot[]> {
    const owners = await people.bots.owners(rows.map((row) => row.bot_id));
    const [cards, spaces] = await Promise.all([
      people.cards([...rows.map((row) => row.bot_id), ...owners.values()]),
      ground.spaces.cards(rows.flatMap((row) => row.space_id ?? [])),
    ]);
    const tokens = await people.bots.tokensOfMany(rows.map((row) => row.bot_id));
    return rows.flatMap((row): Bot[] => {
      const bot = cards.get(row.bot_id);
      if (!bot) return [];
      const owner_id = owners.get(row.bot_id);
      return [
        {
          bot,
          space: row.space_id === null ? null : (spaces.get(row.space_id) ?? null),
          about: row.about,
          owner: owner_id === undefined ? null : (cards.get(owner_id) ?? null),
          made_at: rfc3339(row.made_at),
          tokens: (tokens.get(row.bot_id) ?? []).map(shown),
        },
      ];
    });
  }

  async function one(bot_id: PersonId): Promise<Bot> {
    const row = await store.findBot(sql.pool, bot_id);
    const [bot] = row ? await present([row]) : [];
    if (!bot) throw notFound("bot");
    return bot;
  }

  return {
    async list(viewer, space) {
      const home = await homeOf(ground, viewer, space);
      return present(await store.botsOf(sql.pool, home, BOTS_PER_HOME_MAX));
    },

    async create(viewer, { space, handle, name, about, avatar_image_id }) {
      const home = await homeOf(ground, viewer, space);
      const bot_id = await sql.tx((tx) =>
        makeBot(ground, tx, viewer, { home, handle, name, about, avatar_image_id, for_hook: false }),
      );
      return one(bot_id);
    },

    async change(viewer, bot_id, { name, about, avatar_image_id, take_over }) {
      await held(viewer, bot_id);
      await sql.tx(async (tx) => {
        if (take_over) await people.bots.give(tx, bot_id, viewer.person_id);
        if (name !== undefined || avatar_image_id !== undefined)
          await people.bots.change(tx, bot_id, { display_name: name, avatar_image_id });
        if (about !== undefined) await store.setAbout(tx, bot_id, about);
      });
      return one(bot_id);
    },

    async remove(viewer, bot_id) {
      await held(viewer, bot_id);
      await sql.tx(async (tx) => {
        await people.bots.remove(tx, bot_id);
        await store.deleteBot(tx, bot_id);
      });
    },

    async makeToken(viewer, bot_id, asked) {
      needSession(viewer);
      await held(viewer, bot_id);
      const { secret, ...token } = await sql.tx((tx) => people.bots.makeToken(tx, bot_id, asked));
      return { ...shown(token), secret };
    },

    async rotateToken(viewer, bot_id, id) {
      needSession(viewer);
      await held(viewer, bot_id);
      const { secret, ...token } = await sql.tx((tx) => people.bots.rotateToken(tx, bot_id, id));
      return { ...shown(token), secret };
    },

    async revokeToken(viewer, bot_id, id) {
      await held(viewer, bot_id);
      await sql.tx((tx) => people.bots.revokeToken(tx, bot_id, id));
    },

    async putIn(viewer, bot_id, channel_id) {
      const row = await store.findBot(sql.pool, bot_id);
      if (!row) throw notFound("bot");
      // A bot of the house may be put into a space by who looks after that space's programs.
      if (row.space_id !== null) await managed(ground, viewer, row.space_id, "bot");
      const { space } = await chat.channels.get(viewer, channel_id);
      if (!space || (row.space_id !== null && space.id !== row.space_id)) throw otherSpace();
      await homeOf(ground, viewer, space.slug);
      await comeIn(ground, viewer, bot_id, space.id, channel_id);
    },

    async putOut(viewer, bot_id, channel_id) {
      const card = (await people.cards([bot_id])).get(bot_id);
      if (!card?.bot) throw notFound("bot");
      await chat.members.putOut(viewer, channel_id, card.handle);
    },
  };
}

const shown = ({ id, name, scopes, created_at, last_used_at, expires_at }: BotToken): BotTokenShown => ({
  id,
  name,
  scopes: scopes.filter((scope) => scope === "read" || scope === "write"),
  created_at: rfc3339(created_at),
  last_used_at: last_used_at && rfc3339(last_used_at),
  expires_at: expires_at && rfc3339(expires_at),
});

/** @throws Problem 409 `hooks.too_many`, and what people refuse */
export async function makeBot(
  ground: Pick<Ground, "people" | "clock">,
  tx: Query,
  viewer: SignedIn,
  asked: {
    home: Home;
    handle: string;
    name: string;
    about: string;
    avatar_image_id: ImageId | null;
    for_hook: boolean;
  },
): Promise<PersonId> {
  const { home, handle, name, about, avatar_image_id, for_hook } = asked;
  // Those that come with a hook are as many as hooks, which have a most of their own.
  if (!for_hook && (await store.countInHome(tx, "hooks_bots", home)) >= BOTS_PER_HOME_MAX)
    throw tooMany(BOTS_PER_HOME_MAX, "bots");
  const owner_id = viewer.person_id;
  const bot_id = await ground.people.bots.create(tx, { handle, display_name: name, owner_id, avatar_image_id });
  await store.insertBot(tx, { bot_id, space_id: home, about, for_hook, made_by: owner_id, made_at: nowOf(ground) });
  return bot_id;
}

/**
 * Into the space and then into the channel, by somebody who may do both. Each step that is done already is none, so that whoever was
 * interrupted does it again.
 */
export async function comeIn(
  ground: Pick<Ground, "people" | "spaces" | "chat">,
  viewer: SignedIn,
  bot_id: PersonId,
  space_id: SpaceId,
  channel_id: ChannelId,
): Promise<void> {
  const { people, spaces, chat } = ground;
  const bot = await people.bots.viewer(bot_id);
  if (!bot)
    throw new Problem(403, "bot.owner_away", "Who answers for this bot is suspended or gone. Take it over first.");
  if (!(await spaces.membershipsOf(bot_id)).has(space_id)) {
    const slug = await slugOf(ground, space_id);
    const { secret } = await spaces.rooms.invitations.create(viewer, slug, { uses_max: 1, expires_in_h: 1 });
    await spaces.rooms.members.join(bot, slug, secret);
  }
  await chat.members.add(viewer, channel_id, [bot.handle]);
}

export const tooMany = (most: number, what: string) =>
  conflict("hooks.too_many", `There are ${most} ${what} at most. Delete one first.`);

export const otherSpace = () =>
  new Problem(422, "hooks.other_space", "This channel is in no space, or in another one than the program.");
