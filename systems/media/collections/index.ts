import { conflict, forbidden, notFound, Problem } from "#kernel/errors.ts";
import type { Ids, PersonId, SpaceId, VideoId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import type { SignedIn, Viewer } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import type { Tell } from "../events.ts";
import type { Rules } from "../rules.ts";
import { findVideo } from "../videos/store.ts";
import { COLLECTIONS_MAX, ITEMS_MAX, POSITION_SCALE_MAX } from "./bounds.ts";
import { type CollectionId, WATCH_LATER } from "./contract.ts";
import * as store from "./store.ts";

/** An id, or the word for the caller's own "Watch later". */
export type CollectionKey = CollectionId | typeof WATCH_LATER;

export interface Collections {
  create(viewer: SignedIn, asked: NewCollection): Promise<store.CollectionRow>;
  /** @throws Problem 404, the same whether it is not there or not for this viewer */
  readable(viewer: Viewer, key: CollectionKey): Promise<store.CollectionRow>;
  list(
    viewer: Viewer,
    asked: { owner: PersonId; limit: number; cursor?: string | undefined },
  ): Promise<Page<store.CollectionRow>>;
  change(
    viewer: SignedIn,
    key: CollectionKey,
    to: CollectionChange,
    if_match: string | null,
  ): Promise<store.CollectionRow>;
  remove(viewer: SignedIn, key: CollectionKey): Promise<void>;
  items(
    viewer: Viewer,
    collection: store.CollectionRow,
    asked: { limit: number; cursor?: string | undefined },
  ): Promise<Page<store.ItemRow>>;
  /** All that this viewer may see, in order. */
  order(viewer: Viewer, id: CollectionId): Promise<VideoId[]>;
  add(viewer: SignedIn, key: CollectionKey, video_id: VideoId, after: VideoId | null | undefined): Promise<void>;
  /** @returns the new version */
  move(
    viewer: SignedIn,
    key: CollectionKey,
    video_id: VideoId,
    after: VideoId | null,
    if_match: string | null,
  ): Promise<number>;
  take(viewer: SignedIn, key: CollectionKey, video_id: VideoId): Promise<void>;
}

export interface NewCollection {
  title: string;
  description: string;
  audience: Audience;
  space_id?: SpaceId | undefined;
  video_id?: VideoId | undefined;
}
export type CollectionChange = Partial<Pick<NewCollection, "title" | "description" | "audience" | "space_id">>;

export interface CollectionsNeeds {
  sql: Sql;
  clock: Clock;
  ids: Ids;
  tell: Tell;
  rules: Rules;
}

export function createCollections({ sql, clock, ids, tell, rules }: CollectionsNeeds): Collections {
  const now = () => new Date(clock.now());
  const ruled = (row: store.CollectionRow) => ({ ...row, kind: "collection" as const });
  const told = (tx: Query, what: "created" | "changed" | "deleted", { id, owner_id }: store.CollectionRow) =>
    tell(tx, { type: `media.collection_${what}`, version: 1, data: { collection_id: id, owner_id } });

  /** Everybody has one, from the moment on that they look for it. */
  async function watchLater(person_id: PersonId): Promise<store.CollectionRow> {
    const found = await store.findWatchLater(sql.pool, person_id);
    if (found) return found;
    const row = {
      id: ids.next<"collection">(),
      owner_id: person_id,
      kind: "watch_later" as const,
      title: "Watch later",
      description: "",
      audience: "private" as const,
      space_id: null,
      created_at: now(),
    };
    await sql.tx(async (tx) => {
      if (await store.insertCollection(tx, row)) await told(tx, "created", { ...row, ...NEW, changed_at: now() });
    });
    const made = await store.findWatchLater(sql.pool, person_id);
    if (!made) throw notFound("collection");
    return made;
  }

  async function find(viewer: Viewer, key: CollectionKey): Promise<store.CollectionRow | null> {
    if (key !== WATCH_LATER) return store.findCollection(sql.pool, key);
    return viewer.kind === "person" ? watchLater(viewer.person_id) : null;
  }

  async function readable(viewer: Viewer, key: CollectionKey): Promise<store.CollectionRow> {
    const row = await find(viewer, key);
    if (!row || !(await rules.decide(viewer, "read", ruled(row))).ok) throw notFound("collection");
    return row;
  }

  /** Who may see a list is told that it is not theirs; who may not is told nothing. */
  async function mine(
    viewer: SignedIn,
    key: CollectionKey,
    action: "edit" | "delete" = "edit",
  ): Promise<store.CollectionRow> {
    const row = await find(viewer, key);
    if (row && (await rules.decide(viewer, action, ruled(row))).ok) return row;
    if (!row || !(await rules.decide(viewer, "read", ruled(row))).ok) throw notFound("collection");
    throw forbidden("This playlist is not yours to change.", "collection.not_yours");
  }

  async function seenVideo(viewer: Viewer, video_id: VideoId) {
    const video = await findVideo(sql.pool, video_id);
    if (!video || !(await rules.decide(viewer, "read", { ...video, kind: "video" })).ok) throw notFound("video");
  }

  async function checkSpace(person_id: PersonId, audience: Audience, space_id: SpaceId | null) {
    if (audience === "space" && space_id === null) {
      throw new Problem(
        422,
        "collection.space_required",
        "Say in which space: with the audience `space` goes a `space_id`.",
      );
    }
    if (space_id !== null && !(await rules.isMember(person_id, space_id)))
      throw new Problem(403, "collection.not_member", "Join this space first.");
  }

  /** Changes what is in a list, one call after the other, so that no two lose what the other did. */
  async function within<T>(row: store.CollectionRow, work: (tx: Query, now: store.CollectionRow) => Promise<T>) {
    return sql.tx(async (tx) => {
      const locked = await store.lockCollection(tx, row.id);
      if (!locked) throw notFound("collection");
      return work(tx, locked);
    });
  }

  /** @returns a position with few enough digits; numbers all anew where there would be too many */
  async function behind(tx: Query, id: CollectionId, after: VideoId | null, but: VideoId): Promise<string> {
    const at = async () => (after === null ? null : await store.positionIn(tx, id, after));
    const found = await store.positionBehind(tx, id, await at(), but);
    if (found.scale <= POSITION_SCALE_MAX) return found.position;
    await store.numberAnew(tx, id);
    return (await store.positionBehind(tx, id, await at(), but)).position;
  }

  return {
    readable,

    async create(viewer, asked) {
      const space_id = asked.space_id ?? null;
      await checkSpace(viewer.person_id, asked.audience, space_id);
      if (asked.video_id !== undefined) await seenVideo(viewer, asked.video_id);
      const { title, description, audience } = asked;
      const owner_id = viewer.person_id;
      const id = ids.next<"collection">();
      const created_at = now();
      const row = { id, owner_id, kind: "playlist" as const, title, description, audience, space_id, created_at };
      await sql.tx(async (tx) => {
        if ((await store.countOwn(tx, owner_id)) >= COLLECTIONS_MAX) {
          throw conflict(
            "collection.too_many",
            `You have ${COLLECTIONS_MAX} playlists, which is the most. Delete one first.`,
          );
        }
        await store.insertCollection(tx, row);
        if (asked.video_id !== undefined)
          await store.insertItem(tx, {
            collection_id: id,
            video_id: asked.video_id,
            position: "0",
            added_at: created_at,
          });
        await told(tx, "created", { ...row, ...NEW, changed_at: created_at });
      });
      return { ...row, ...NEW, changed_at: created_at };
    },

    async list(viewer, { owner, limit, cursor }) {
      const before = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const own = viewer.kind === "person" && viewer.person_id === owner;
      const first = own && before === null ? [await watchLater(owner)] : [];
      // All that one person can have: what this viewer may not see leaves no short page behind.
      const rows = await store.listPlaylists(sql.pool, owner, before, COLLECTIONS_MAX);
      const seen = [...first, ...(await rules.readable(viewer, "collection", rows))];
      const items = seen.slice(0, limit);
      const last = items.at(-1);
      return { items, next_cursor: seen.length > limit && last ? encodeCursor([last.id]) : null };
    },

    async change(viewer, key, to, if_match) {
      const before = await mine(viewer, key);
      if (before.kind === "watch_later")
        throw conflict("collection.built_in", "Everybody has a Watch later; it keeps its name and is yours alone.");
      const audience = to.audience ?? before.audience;
      // Who changes the audience without naming a space takes the list out of the one it was in.
      const space_id = to.space_id ?? (to.audience === undefined || to.audience === "space" ? before.space_id : null);
      if (to.audience !== undefined || to.space_id !== undefined)
        await checkSpace(viewer.person_id, audience, space_id);
      return within(before, async (tx, row) => {
        checkVersion(if_match, row.version);
        const changed = {
          title: to.title ?? row.title,
          description: to.description ?? row.description,
          audience,
          space_id,
        };
        const changed_at = now();
        await store.changeCollection(tx, row.id, changed, changed_at);
        await told(tx, "changed", row);
        return { ...row, ...changed, version: row.version + 1, changed_at };
      });
    },

    async remove(viewer, key) {
      const row = await mine(viewer, key, "delete");
      if (row.kind === "watch_later")
        throw conflict("collection.built_in", "Everybody has a Watch later. Take out of it what you do not want.");
      await within(row, async (tx) => {
        await store.deleteCollection(tx, row.id);
        await told(tx, "deleted", row);
      });
    },

    async items(viewer, collection, { limit, cursor }) {
      const { id } = collection;
      const after = cursor === undefined ? null : await placeOf(cursor, collection, sql.pool);
      const rows = await rules.readable(viewer, "video", await store.itemsOf(sql.pool, id, after));
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return {
        items,
        next_cursor:
          rows.length > limit && last ? encodeCursor([last.position, last.video_id, collection.numbering]) : null,
      };
    },

    async order(viewer, id) {
      const rows = await rules.readable(viewer, "video", await store.itemsOf(sql.pool, id, null));
      return rows.map((row) => row.video_id);
    },

    async add(viewer, key, video_id, after) {
      const list = await mine(viewer, key);
      await seenVideo(viewer, video_id);
      await within(list, async (tx, row) => {
        if ((await store.positionIn(tx, row.id, video_id)) !== null) return;
        if ((await store.countItems(tx, row.id)) >= ITEMS_MAX) {
          throw conflict("collection.full", `A playlist holds ${ITEMS_MAX} films. Begin another one.`);
        }
        const front = after === null || (after === undefined && row.kind === "watch_later");
        // Whoever puts it back behind a film that has gone meanwhile finds it at the end.
        const known = after && (await store.positionIn(tx, row.id, after)) !== null ? after : undefined;
        const position = front
          ? await behind(tx, row.id, null, video_id)
          : known !== undefined
            ? await behind(tx, row.id, known, video_id)
            : (await store.positionBehind(tx, row.id, await store.lastPosition(tx, row.id), video_id)).position;
        await store.insertItem(tx, { collection_id: row.id, video_id, position, added_at: now() });
        await store.touchCollection(tx, row.id, now());
        await told(tx, "changed", row);
      });
    },

    async move(viewer, key, video_id, after, if_match) {
      const list = await mine(viewer, key);
      return within(list, async (tx, row) => {
        checkVersion(if_match, row.version);
        if ((await store.positionIn(tx, row.id, video_id)) === null)
          throw conflict("collection.not_in_it", "This film is not in the playlist any more. Read it again.");
        if (after === video_id) return row.version;
        if (after !== null && (await store.positionIn(tx, row.id, after)) === null) {
          throw conflict(
            "collection.after_not_in_it",
            "The film that it should follow is not in the playlist any more. Read it again.",
          );
        }
        await store.setPosition(tx, row.id, video_id, await behind(tx, row.id, after, video_id));
        await told(tx, "changed", row);
        return store.touchCollection(tx, row.id, now());
      });
    },

    async take(viewer, key, video_id) {
      const list = await mine(viewer, key);
      await within(list, async (tx, row) => {
        if (!(await store.deleteItem(tx, row.id, video_id))) return;
        await store.touchCollection(tx, row.id, now());
        await told(tx, "changed", row);
      });
    },
  };
}

const NEW = { version: 1, numbering: 1 } as const;

/**
 * Where a cursor points: behind its position, or, where all were numbered anew since, behind its film.
 * @throws Problem 400 `cursor.invalid`
 */
async function placeOf(cursor: string, { id, numbering }: store.CollectionRow, q: Query): Promise<string> {
  const [position, video_id, of] = decodeCursor(cursor, ["string", "id", "number"]);
  const there = of === numbering ? String(position) : await store.positionIn(q, id, String(video_id));
  if (there !== null && /^-?\d{1,9}(?:\.\d{1,100})?$/.test(there)) return there;
  throw new Problem(400, "cursor.invalid", "This list was put in a new order. Start it from its beginning.");
}

/**
 * `If-Match` as RFC 9110 has it, against versions as we give them.
 * @throws Problem 412 `collection.changed`
 */
function checkVersion(if_match: string | null, version: number): void {
  if (if_match === null || if_match.trim() === "*") return;
  if (if_match.split(",").some((tag) => tag.trim() === etagOf(version))) return;
  throw new Problem(412, "collection.changed", "The playlist was changed meanwhile. Read it again and decide anew.");
}

export const etagOf = (version: number): string => `"${version}"`;
