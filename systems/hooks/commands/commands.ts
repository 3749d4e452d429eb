import { conflict, notFound } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { needSession } from "#systems/people/index.ts";

import { tooMany } from "../bots/bots.ts";
import { countInHome, findBot } from "../bots/store.ts";
import { COMMANDS_PER_HOME_MAX } from "../bounds.ts";
import { homeOf, managed } from "../home.ts";
import { type CommandId, type Ground, nowOf } from "../needs.ts";
import { addressOutside } from "../outgoing/address.ts";
import type { Signing } from "../secrets.ts";
import { BUILT_IN } from "./built-in.ts";
import type { Command } from "./contract.ts";
import * as store from "./store.ts";

/** Which commands there are. */
export interface Commands {
  list(viewer: SignedIn, space: string | undefined): Promise<Command[]>;
  create(
    viewer: SignedIn,
    asked: {
      space?: string | undefined;
      bot_id: PersonId;
      name: string;
      description: string;
      hint: string;
      url: string;
    },
  ): Promise<Command & { secret: string }>;
  change(
    viewer: SignedIn,
    id: CommandId,
    change: { description?: string | undefined; hint?: string | undefined; url?: string | undefined },
  ): Promise<Command>;
  rotate(viewer: SignedIn, id: CommandId): Promise<Command & { secret: string }>;
  remove(viewer: SignedIn, id: CommandId): Promise<void>;
}

/** Its secret is another one than that of a webhook with the same id. */
export const signerOf = ({ id, secret_no, rotated_at }: Pick<store.CommandRow, "id" | "secret_no" | "rotated_at">) => ({
  id: `command:${id}`,
  secret_no,
  rotated_at,
});

export function createCommands(ground: Ground, signing: Signing): Commands {
  const { sql, ids, people } = ground;

  async function held(viewer: SignedIn, id: CommandId): Promise<store.CommandRow> {
    const row = await store.findCommand(sql.pool, id);
    if (!row) throw notFound("command");
    await managed(ground, viewer, row.space_id, "command");
    return row;
  }

  async function present(rows: readonly store.CommandRow[]): Promise<Command[]> {
    const cards = await people.cards(rows.flatMap((row) => [row.bot_id, row.owner_id]));
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      description: row.description,
      hint: row.hint,
      url: row.url,
      bot: cards.get(row.bot_id) ?? null,
      owner: cards.get(row.owner_id) ?? null,
      made_at: rfc3339(row.made_at),
      rotated_at: row.rotated_at && rfc3339(row.rotated_at),
      last_error: row.last_error,
      last_error_at: row.last_error_at && rfc3339(row.last_error_at),
    }));
  }

  async function withSecret(id: CommandId): Promise<Command & { secret: string }> {
    const row = await store.findCommand(sql.pool, id);
    const [shown] = row ? await present([row]) : [];
    if (!row || !shown) throw notFound("command");
    return { ...shown, secret: signing.secretOf(signerOf(row)) };
  }

  return {
    async list(viewer, space) {
      const home = await homeOf(ground, viewer, space);
      return present(await store.commandsOf(sql.pool, home, COMMANDS_PER_HOME_MAX));
    },

    async create(viewer, { space, bot_id, name, description, hint, url }) {
      needSession(viewer);
      const home = await homeOf(ground, viewer, space);
      const bot = await findBot(sql.pool, bot_id);
      if (!bot || bot.space_id !== home || bot.for_hook) throw notFound("bot");
      const address = addressOutside(ground, url);
      if (name in BUILT_IN) throw nameTaken();
      const id = ids.next<"command">();
      await sql.tx(async (tx) => {
        if ((await countInHome(tx, "hooks_commands", home)) >= COMMANDS_PER_HOME_MAX)
          throw tooMany(COMMANDS_PER_HOME_MAX, "commands");
        const row = { id, space_id: home, bot_id, owner_id: viewer.person_id, name, description, hint, url: address };
        if (!(await store.insertCommand(tx, { ...row, made_at: nowOf(ground) }))) throw nameTaken();
      });
      return withSecret(id);
    },

    async change(viewer, id, change) {
      await held(viewer, id);
      const url = change.url === undefined ? undefined : addressOutside(ground, change.url);
      await sql.tx((tx) => store.changeCommand(tx, id, viewer.person_id, { ...change, url }));
      const [shown] = await present([await held(viewer, id)]);
      return shown!;
    },

    async rotate(viewer, id) {
      needSession(viewer);
      await held(viewer, id);
      await sql.tx((tx) => store.nextSecret(tx, id, nowOf(ground)));
      return withSecret(id);
    },

    async remove(viewer, id) {
      await held(viewer, id);
      await sql.tx((tx) => store.deleteCommand(tx, id));
    },
  };
}

const nameTaken = () => conflict("hooks.name_taken", "There is a command of this name here. Choose another.");
