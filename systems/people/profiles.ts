import type { PersonCard } from "#kernel/cards.ts";
import { notFound } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { HouseRole, SignedIn, Viewer } from "#kernel/viewer.ts";

import type { Me } from "./base-contract.ts";
import { CARDS_PER_CALL_MAX } from "./bounds.ts";
import type { Cards } from "./cards.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import { may, NO_SPACES } from "./may.ts";
import type { AdminPerson } from "./offices-contract.ts";
import { setPrivacy } from "./privacy.ts";
import type { Person, PersonListed, Relation } from "./profiles-contract.ts";
import type { Relating } from "./relations.ts";
import * as persons from "./store/persons.ts";
import * as store from "./store/relations.ts";

interface PageAsked {
  limit: number;
  cursor?: string | undefined;
}

/** Profiles and the lists of people. */
export interface Profiles {
  me(viewer: SignedIn): Promise<Me>;
  editMe(viewer: SignedIn, change: persons.ProfileChange & { private?: boolean | undefined }): Promise<Me>;
  person(viewer: Viewer, handle: string): Promise<Person>;
  related(
    viewer: Viewer,
    handle: string,
    kind: "followers" | "following",
    asked: PageAsked,
  ): Promise<Page<PersonListed>>;
  mine(viewer: SignedIn, kind: "blocks" | "mutes" | "follow_requests", asked: PageAsked): Promise<Page<PersonCard>>;
  suggest(viewer: SignedIn, asked: { q: string; limit: number }): Promise<PersonListed[]>;
  everybody(asked: PageAsked & { q?: string | undefined; state: "all" | "suspended" }): Promise<Page<AdminPerson>>;
  /** Of the living among these. At most `CARDS_PER_CALL_MAX` ids. */
  facts(ids: readonly PersonId[]): Promise<Map<PersonId, ProfileFacts>>;
  /** The row, whoever may see it. @throws Problem 404 `person.not_found` */
  byHandle(handle: string): Promise<persons.PersonRow>;
}

export interface ProfileFacts {
  bio: string;
  links: { label: string; url: string }[];
  role: HouseRole;
  followers: number;
  following: number;
  created_at: string;
}

/** Rows that a search looks at before it sorts: enough to be right for every name but the shortest beginnings. */
const SUGGEST_SCAN_MAX = 500;

export function createProfiles(
  ground: Pick<Ground, "sql" | "log" | "clock" | "memory" | "pictures">,
  cards: Cards,
  relating: Relating,
): Profiles {
  const { sql, log, memory, pictures } = ground;

  async function byHandle(handle: string): Promise<persons.PersonRow> {
    const [row] = await persons.byHandles(sql.pool, [handle]);
    if (!row) throw notFound("person");
    return row;
  }

  /** @throws Problem 404 `person.not_found` also for who is hidden from the viewer: the answer must not tell which */
  async function visible(viewer: Viewer, handle: string) {
    const row = await byHandle(handle);
    const relations = await relating.relationsOf(viewer);
    const shown = may(
      { viewer, relations, spaces: NO_SPACES },
      "read",
      personResource(row.id, row.suspended_at !== null),
    );
    if (!shown.ok) throw notFound("person");
    return { row, relations };
  }

  async function relationTo(viewer: Viewer, id: PersonId): Promise<Relation | null> {
    if (viewer.kind === "nobody" || viewer.person_id === id) return null;
    const [{ follows, blocks, mutes }, follows_you, asked] = await Promise.all([
      relating.relations(viewer.person_id),
      store.follows(sql.pool, id, viewer.person_id),
      store.requestsBetween(sql.pool, id, viewer.person_id),
    ]);
    return {
      you_follow: follows.has(id),
      follows_you,
      you_block: blocks.has(id),
      you_mute: mutes.has(id),
      you_requested: asked.has(viewer.person_id),
      requests_you: asked.has(id),
    };
  }

  async function present(row: persons.PersonRow) {
    const { bio, links, role, followers, following } = row;
    return {
      ...(await cards.present(row)),
      bio,
      links,
      role,
      followers,
      following,
      created_at: rfc3339(row.created_at),
    };
  }

  async function me(viewer: SignedIn): Promise<Me> {
    const [row] = await persons.byIds(sql.pool, [viewer.person_id]);
    if (!row) throw notFound("person");
    return {
      ...(await present(row)),
      avatar_image_id: row.avatar_image_id,
      suspended_reason: row.suspended_reason,
      suspended_until: row.suspended_until && rfc3339(row.suspended_until),
      credential: viewer.credential.kind,
      scopes: [...viewer.scopes],
    };
  }

  /** Skeleton → hydrate → rules → present: whom a block or a suspension hides is left out here, at read time. */
  async function page(kind: store.ListKind, of: PersonId, { limit, cursor }: PageAsked) {
    const [at, id] = cursor === undefined ? [] : (decodeCursor(cursor, ["micros", "id"]) as string[]);
    const rows = await store.list(sql.pool, kind, of, at === undefined ? null : { at, id: id! }, limit + 1);
    const shown = rows.slice(0, limit);
    const known = await cards.cards(shown.map((row) => row.id));
    const last = rows.length > limit ? shown.at(-1)! : null;
    return {
      people: shown.flatMap((row) => known.get(row.id) ?? []),
      next_cursor: last && encodeCursor([last.at, last.id]),
    };
  }

  async function listed(viewer: Viewer, people: PersonCard[]): Promise<PersonListed[]> {
    const relations = await relating.relationsOf(viewer);
    return people
      .filter(
        (p) =>
          !relations.blocks.has(p.id) &&
          may({ viewer, relations, spaces: NO_SPACES }, "read", personResource(p.id, p.suspended)).ok,
      )
      .map((p) => ({ ...p, you_follow: relations.follows.has(p.id) }));
  }

  return {
    me,
    byHandle,

    async facts(ids) {
      const wanted = [...new Set(ids)];
      if (wanted.length > CARDS_PER_CALL_MAX)
        throw new RangeError(`${wanted.length} profiles asked for at once; ${CARDS_PER_CALL_MAX} is the bound`);
      if (wanted.length === 0) return new Map();
      const rows = await persons.byIds(sql.pool, wanted);
      return new Map(
        rows.map(({ id, bio, links, role, followers, following, created_at }) => [
          id,
          { bio, links, role, followers, following, created_at: rfc3339(created_at) },
        ]),
      );
    },

    async editMe(viewer, change) {
      if (change.avatar_image_id && !(await pictures.avatarOf(viewer.person_id, change.avatar_image_id)))
        throw notFound("image");
      const id = viewer.person_id;
      const let_in = await sql.tx(async (tx) => {
        if (change.private === false) await store.enterFollows(tx);
        if (!(await persons.editProfile(tx, id, change))) throw notFound("person");
        await tell(log, tx, id, "profile_changed", { person_id: id });
        return change.private === undefined ? [] : setPrivacy(ground, tx, id, change.private);
      });
      memory.forgetPerson(id);
      memory.forgetRelations(...let_in);
      return me(viewer);
    },

    async person(viewer, handle) {
      const { row } = await visible(viewer, handle);
      return { ...(await present(row)), relation: await relationTo(viewer, row.id) };
    },

    async related(viewer, handle, kind, asked) {
      const { row } = await visible(viewer, handle);
      const { people, next_cursor } = await page(kind, row.id, asked);
      return { items: await listed(viewer, people), next_cursor };
    },

    async mine(viewer, kind, asked) {
      const { people, next_cursor } = await page(kind, viewer.person_id, asked);
      return { items: people, next_cursor };
    },

    async suggest(viewer, { q, limit }) {
      const handle = q.trim().replace(/^@/, "").toLowerCase();
      if (handle === "") return [];
      const ids = await persons.suggest(sql.pool, {
        viewer_id: viewer.person_id,
        handle,
        pattern: beginsWith(handle),
        limit,
        scan_max: SUGGEST_SCAN_MAX,
      });
      const known = await cards.cards(ids.map((row) => row.id));
      return listed(
        viewer,
        ids.flatMap((row) => known.get(row.id) ?? []),
      );
    },

    async everybody({ limit, cursor, q, state }) {
      const below_id = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const word = q?.trim().toLowerCase() ?? "";
      const rows = await persons.listAll(sql.pool, {
        below_id,
        limit: limit + 1,
        pattern: word === "" ? null : beginsWith(word),
        suspended_only: state === "suspended",
      });
      const shown = rows.slice(0, limit);
      const items = await Promise.all(
        shown.map(async (row) => ({
          ...(await cards.present(row)),
          role: row.role,
          created_at: rfc3339(row.created_at),
          last_seen_at: row.last_seen_at && rfc3339(row.last_seen_at),
          suspended_reason: row.suspended_reason,
          suspended_at: row.suspended_at && rfc3339(row.suspended_at),
          suspended_until: row.suspended_until && rfc3339(row.suspended_until),
        })),
      );
      return { items, next_cursor: rows.length > limit ? encodeCursor([items.at(-1)!.id]) : null };
    },
  };
}

const personResource = (owner_id: PersonId, owner_suspended: boolean) =>
  ({ kind: "person", owner_id, audience: "public", space_id: null, owner_suspended }) as const;

/** Any word of ` handle display name` begins with it. What means something to LIKE means itself. */
const beginsWith = (text: string) => `% ${text.replaceAll(/[\\%_]/g, "\\$&")}%`;
