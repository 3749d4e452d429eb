import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn, Viewer } from "#kernel/viewer.ts";

import { BLOCKS_MAX, FOLLOW_REQUESTS_MAX, FOLLOWEES_MAX, MUTES_MAX } from "./bounds.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import { may, NO_RELATIONS, NO_SPACES, type Relations } from "./may.ts";
import * as persons from "./store/persons.ts";
import * as privacy from "./store/privacy.ts";
import * as store from "./store/relations.ts";

/** Follow, block and mute. Doing what is done already is not an error and tells nobody again. */
export interface Relating {
  relations(id: PersonId): Promise<Relations>;
  relationsOf(viewer: Viewer): Promise<Relations>;
  follow(viewer: SignedIn, handle: string): Promise<void>;
  /** Takes a request back, too. */
  unfollow(viewer: SignedIn, handle: string): Promise<void>;
  block(viewer: SignedIn, handle: string): Promise<void>;
  unblock(viewer: SignedIn, handle: string): Promise<void>;
  mute(viewer: SignedIn, handle: string): Promise<void>;
  unmute(viewer: SignedIn, handle: string): Promise<void>;
}

export function createRelating({
  sql,
  log,
  clock,
  memory,
}: Pick<Ground, "sql" | "log" | "clock" | "memory">): Relating {
  const now = () => new Date(clock.now());

  async function load(id: PersonId): Promise<Relations> {
    const sides = await store.around(sql.pool, id);
    const set = (side: keyof Relations) => new Set(sides.find((s) => s.side === side)?.ids ?? []);
    return { follows: set("follows"), blocks: set("blocks"), blocked_by: set("blocked_by"), mutes: set("mutes") };
  }
  const relations = async (id: PersonId) =>
    memory.relations.peek(id) ?? (await memory.relations.get(id, () => load(id))) ?? NO_RELATIONS;

  /** @throws Problem 404 `person.not_found`, 422 `people.yourself` */
  async function other(viewer: SignedIn, handle: string): Promise<persons.PersonRow> {
    const [row] = await persons.byHandles(sql.pool, [handle]);
    if (!row) throw notFound("person");
    if (row.id === viewer.person_id) throw new Problem(422, "people.yourself", "That is you.");
    return row;
  }

  async function bound(viewer: SignedIn, side: "follows" | "blocks" | "mutes", max: number) {
    if ((await relations(viewer.person_id))[side].size >= max) {
      throw conflict("people.too_many", `You have ${max} of these, which is the most. Remove some first.`);
    }
  }

  return {
    relations,
    relationsOf: async (viewer) => (viewer.kind === "person" ? relations(viewer.person_id) : NO_RELATIONS),

    async follow(viewer, handle) {
      const them = await other(viewer, handle);
      const me = viewer.person_id;
      const facts = { viewer, relations: await relations(me), spaces: NO_SPACES };
      const { ok, because } = may(facts, "follow", {
        kind: "person",
        owner_id: them.id,
        audience: "public",
        space_id: null,
        owner_suspended: them.suspended_at !== null,
      });
      if (!ok) throw because.code === "you_block_owner" ? blocked() : notFound("person");
      await bound(viewer, "follows", FOLLOWEES_MAX);
      await sql.tx(async (tx) => {
        await store.lockPair(tx, me, them.id);
        await store.enterFollows(tx);
        if (await store.isBlockedEitherWay(tx, me, them.id)) throw blocked();
        const pair = { follower_id: me, followee_id: them.id };
        // As it is now, and locked until the end: nobody slips in while they become private, nor waits for one who no longer is.
        if (await privacy.isPrivate(tx, them.id)) {
          if (await store.follows(tx, me, them.id)) return;
          if ((await store.countRequests(tx, them.id, FOLLOW_REQUESTS_MAX)) >= FOLLOW_REQUESTS_MAX) throw tooManyAsk();
          if (await store.addRequest(tx, me, them.id, now())) await tell(log, tx, me, "follow_requested", pair);
        } else if (await store.addFollow(tx, me, them.id, now())) await tell(log, tx, me, "followed", pair);
      });
      memory.forgetRelations(me);
    },

    async unfollow(viewer, handle) {
      const { id } = await other(viewer, handle);
      const me = viewer.person_id;
      await sql.tx(async (tx) => {
        await store.enterFollows(tx);
        // The request first: where it is being accepted this waits for it, and then sees the follow that came of it.
        if (await store.removeRequest(tx, me, id))
          await tell(log, tx, me, "follow_request_ended", { follower_id: me, followee_id: id, how: "withdrawn" });
        if (await store.removeFollow(tx, me, id))
          await tell(log, tx, me, "unfollowed", { follower_id: me, followee_id: id });
      });
      memory.forgetRelations(me);
    },

    async block(viewer, handle) {
      const { id } = await other(viewer, handle);
      const me = viewer.person_id;
      await bound(viewer, "blocks", BLOCKS_MAX);
      await sql.tx(async (tx) => {
        await store.lockPair(tx, me, id);
        // `recount` locks the table of follows, and whoever waits there must not hold a transaction id yet.
        await store.enterFollows(tx);
        // Requests first: where one is being accepted this waits for it, and then sees the follow that came of it.
        for (const [follower_id, followee_id] of [
          [me, id],
          [id, me],
        ] as const) {
          if (await store.removeRequest(tx, follower_id, followee_id))
            await tell(log, tx, follower_id, "follow_request_ended", { follower_id, followee_id, how: "refused" });
          if (await store.removeFollow(tx, follower_id, followee_id))
            await tell(log, tx, follower_id, "unfollowed", { follower_id, followee_id });
        }
        if (await store.addBlock(tx, me, id, now()))
          await tell(log, tx, me, "blocked", { blocker_id: me, blocked_id: id });
      });
      memory.forgetRelations(me, id);
    },

    async unblock(viewer, handle) {
      const { id } = await other(viewer, handle);
      const me = viewer.person_id;
      await sql.tx(async (tx) => {
        if (await store.removeBlock(tx, me, id))
          await tell(log, tx, me, "unblocked", { blocker_id: me, blocked_id: id });
      });
      memory.forgetRelations(me, id);
    },

    async mute(viewer, handle) {
      const { id } = await other(viewer, handle);
      const me = viewer.person_id;
      await bound(viewer, "mutes", MUTES_MAX);
      await sql.tx(async (tx) => {
        if (await store.addMute(tx, me, id, now())) await tell(log, tx, me, "muted", { muter_id: me, muted_id: id });
      });
      memory.forgetRelations(me);
    },

    async unmute(viewer, handle) {
      const { id } = await other(viewer, handle);
      const me = viewer.person_id;
      await sql.tx(async (tx) => {
        if (await store.removeMute(tx, me, id)) await tell(log, tx, me, "unmuted", { muter_id: me, muted_id: id });
      });
      memory.forgetRelations(me);
    },
  };
}

const tooManyAsk = () =>
  conflict(
    "people.too_many_ask",
    "Too many people wait for this person's answer. Try again when they have answered some.",
  );
const blocked = () => conflict("people.blocked", "You block this person, or they block you. A follow needs neither.");
