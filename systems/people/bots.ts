import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { Id, PersonId } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { afterCommit, isUniqueViolation, type Query } from "#ports/sql/index.ts";

import { BOT_TOKENS_MAX } from "./bounds.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import { GONE_PREFIX, isReserved } from "./handles.ts";
import { hashKey, hashSecret, makeSecret } from "./secrets.ts";
import { handleTaken } from "./sign-up.ts";
import * as credentials from "./store/credentials.ts";
import * as persons from "./store/persons.ts";

/** What a bot's token may be given: it reads and writes, and is nobody's account. */
export type BotScope = "read" | "write";
export type BotToken = credentials.TokenRow;

/**
 * Bots as people are kept: a name, a picture, credentials. Who may make one, and where it may go, is asked by who calls; all of it
 * happens in their transaction.
 */
export interface Bots {
  /** @throws Problem 409 `people.handle_taken`, 422 `people.handle_reserved`, 404 `image.not_found` */
  create(
    tx: Query,
    asked: { handle: string; display_name: string; owner_id: PersonId; avatar_image_id: Id<"image"> | null },
  ): Promise<PersonId>;
  /** Only what is given changes. @throws Problem 404 */
  change(
    tx: Query,
    bot_id: PersonId,
    change: { display_name?: string | undefined; avatar_image_id?: Id<"image"> | null | undefined },
  ): Promise<void>;
  /** Somebody else answers for it from here on. */
  give(tx: Query, bot_id: PersonId, owner_id: PersonId): Promise<void>;
  /** As an account that is deleted: its words go with it. */
  remove(tx: Query, bot_id: PersonId): Promise<void>;
  /** As it speaks for who owns it; null where it is gone or suspended, or its owner is. */
  viewer(bot_id: PersonId): Promise<SignedIn | null>;
  makeToken(
    tx: Query,
    bot_id: PersonId,
    asked: { name: string; scopes: readonly BotScope[]; expires_in_d: number | null },
  ): Promise<BotToken & { secret: string }>;
  /** Another secret for the same powers; the old one ends at once. @throws Problem 404 `token.not_found` */
  rotateToken(tx: Query, bot_id: PersonId, id: Id<"token">): Promise<BotToken & { secret: string }>;
  revokeToken(tx: Query, bot_id: PersonId, id: Id<"token">): Promise<void>;
  tokens(bot_id: PersonId): Promise<BotToken[]>;
  tokensOfMany(bot_ids: readonly PersonId[]): Promise<Map<PersonId, BotToken[]>>;
  /** Who answers for each; who is gone is not in the map. */
  owners(bot_ids: readonly PersonId[]): Promise<Map<PersonId, PersonId>>;
}

export function createBots({
  sql,
  log,
  clock,
  ids,
  memory,
  pictures,
}: Pick<Ground, "sql" | "log" | "clock" | "ids" | "memory" | "pictures">): Bots {
  const now = () => new Date(clock.now());
  const forget = (tx: Query, id: PersonId) => afterCommit(tx, `people:${id}`, () => memory.forgetPerson(id));

  async function held(tx: Query, bot_id: PersonId): Promise<persons.BotRow> {
    const row = await persons.lockBot(tx, bot_id);
    if (!row) throw notFound("bot");
    return row;
  }

  async function usable(owner_id: PersonId, image_id: Id<"image"> | null | undefined): Promise<void> {
    if (image_id && !(await pictures.avatarOf(owner_id, image_id))) throw notFound("image");
  }

  /** The row's powers under a new secret. */
  async function insert(tx: Query, bot_id: PersonId, row: Omit<BotToken, "id" | "last_used_at" | "created_at">) {
    const { secret, hash } = makeSecret("bot");
    const made = { ...row, id: ids.next<"token">(), created_at: now() };
    await credentials.insertToken(tx, { ...made, person_id: bot_id, hash });
    return { ...made, last_used_at: null, secret };
  }

  async function revoke(tx: Query, bot_id: PersonId, rows: readonly credentials.RevokedRow[]): Promise<void> {
    if (rows.length === 0) return;
    const revoked = rows.map((row) => ({ id: row.id, kind: "token" as const, hash: hashKey(row.secret_hash) }));
    await tell(log, tx, bot_id, "session_revoked", { person_id: bot_id, credentials: revoked });
    afterCommit(tx, `people:tokens:${revoked.map(({ id }) => id).join()}`, () =>
      memory.forgetCredentials(revoked.map(({ hash }) => hash)),
    );
  }

  return {
    async create(tx, { handle, display_name, owner_id, avatar_image_id }) {
      if (isReserved(handle))
        throw new Problem(422, "people.handle_reserved", "This handle is kept for the house. Choose another.");
      if (await persons.isHandleRetired(tx, hashSecret(handle))) throw handleTaken();
      await usable(owner_id, avatar_image_id);
      const id = ids.next<"person">();
      try {
        await persons.insertBot(tx, { id, handle, display_name, bot_owner_id: owner_id, avatar_image_id, at: now() });
      } catch (error) {
        throw isUniqueViolation(error, "people_persons_handle_key") ? handleTaken() : error;
      }
      await tell(log, tx, id, "person_created", { person_id: id, handle, role: "member" });
      forget(tx, id);
      return id;
    },

    async change(tx, bot_id, change) {
      const { bot_owner_id } = await held(tx, bot_id);
      await usable(bot_owner_id, change.avatar_image_id);
      await persons.editProfile(tx, bot_id, change);
      await tell(log, tx, bot_id, "profile_changed", { person_id: bot_id });
      forget(tx, bot_id);
    },

    async give(tx, bot_id, owner_id) {
      const { bot_owner_id } = await held(tx, bot_id);
      if (bot_owner_id === owner_id) return;
      // Its picture is the former owner's and stays with them.
      await persons.setBotOwner(tx, bot_id, owner_id);
      await tell(log, tx, bot_id, "profile_changed", { person_id: bot_id });
      forget(tx, bot_id);
    },

    async remove(tx, bot_id) {
      const { handle } = await held(tx, bot_id);
      await revoke(tx, bot_id, await credentials.removeTokens(tx, bot_id));
      await persons.erase(tx, bot_id, hashSecret(handle), `${GONE_PREFIX}${bot_id}`, now());
      await tell(log, tx, bot_id, "deleted", { person_id: bot_id });
      forget(tx, bot_id);
    },

    async viewer(bot_id) {
      const state = await credentials.state(sql.pool, bot_id);
      if (!state || state.suspended || state.bot_owner_id === null) return null;
      const owner = await credentials.state(sql.pool, state.bot_owner_id);
      if (!owner || owner.suspended) return null;
      return {
        kind: "person",
        person_id: bot_id,
        handle: state.handle,
        role: "member",
        suspended: false,
        credential: { kind: "token", id: "0" },
        scopes: ["read", "write"],
        bot: true,
      };
    },

    async makeToken(tx, bot_id, { name, scopes, expires_in_d }) {
      await held(tx, bot_id);
      if ((await credentials.countTokens(tx, bot_id)) >= BOT_TOKENS_MAX)
        throw conflict("bot.too_many_tokens", `A bot has ${BOT_TOKENS_MAX} tokens at most. Revoke one first.`);
      const expires_at = expires_in_d === null ? null : new Date(clock.now() + expires_in_d * DAY_MS);
      return insert(tx, bot_id, { name, scopes: [...new Set(scopes)], program: false, expires_at });
    },

    async rotateToken(tx, bot_id, id) {
      await held(tx, bot_id);
      const before = (await credentials.tokensOf(tx, bot_id, now())).find((token) => token.id === id);
      if (!before) throw notFound("token");
      await revoke(tx, bot_id, await credentials.removeToken(tx, bot_id, id));
      const { name, scopes, program, expires_at } = before;
      return insert(tx, bot_id, { name, scopes, program, expires_at });
    },

    async revokeToken(tx, bot_id, id) {
      const rows = await credentials.removeToken(tx, bot_id, id);
      if (rows.length === 0) throw notFound("token");
      await revoke(tx, bot_id, rows);
    },

    tokens: (bot_id) => credentials.tokensOf(sql.pool, bot_id, now()),

    async tokensOfMany(bot_ids) {
      const rows = await credentials.tokensOfMany(sql.pool, bot_ids, now());
      return Map.groupBy(rows, (row) => row.person_id);
    },

    async owners(bot_ids) {
      const rows = await persons.ownersOf(sql.pool, bot_ids);
      return new Map(rows.map((row) => [row.id, row.bot_owner_id]));
    },
  };
}
