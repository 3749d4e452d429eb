import type { PersonCard } from "#kernel/cards.ts";
import { notFound } from "#kernel/errors.ts";
import { isId, type PersonId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { EXCERPT_CHARS_MAX, GROUP_ACTORS_SHOWN_MAX, PAGE_READS_MAX, UNREAD_COUNTED_MAX } from "./bounds.ts";
import type { Kind, Notification } from "./contract.ts";
import { tellRead } from "./events.ts";
import type { Ground } from "./needs.ts";
import * as store from "./store.ts";

/** One act as it stands in an inbox; who did it is shown as they are now. */
export interface InboxItem extends store.ItemRow {
  actor: PersonCard | null;
}

export interface ItemsAsked {
  /** Items below this seq (older). */
  below?: string | undefined;
  /** Items above this seq (newer). */
  above?: string | undefined;
  /** From `above` upwards instead of from the top downwards. */
  upward?: boolean;
  kinds?: readonly Kind[] | undefined;
  /** 1…100 */
  limit: number;
}

/** A person's own inbox. Rules run at read time: whom they blocked or muted since, and what they may not read any more, is not there. */
export interface Inbox {
  list(
    viewer: SignedIn,
    asked: { limit: number; cursor?: string | undefined; kinds?: readonly Kind[] | undefined },
  ): Promise<Page<Notification>>;
  unread(viewer: SignedIn): Promise<{ count: number; up_to: string }>;
  read(person_id: PersonId, up_to: string): Promise<void>;
  /** The newest number, and up to which one was read; "0" where nothing was. */
  position(person_id: PersonId): Promise<{ last_seq: string; read_seq: string }>;
  /** @throws Problem 404 `notification.not_found` */
  dismiss(person_id: PersonId, group_id: string): Promise<void>;
  clear(person_id: PersonId): Promise<void>;
  /** One by one, newest first, by people who may still be shown; their posts are for the caller to ask for. */
  items(viewer: SignedIn, asked: ItemsAsked): Promise<InboxItem[]>;
  /** @throws Problem 404 `notification.not_found` */
  item(viewer: SignedIn, seq: string): Promise<InboxItem>;
  /** @throws Problem 404 `notification.not_found` */
  dismissItem(person_id: PersonId, seq: string): Promise<void>;
}

type GroupFound = store.GroupRow & { newest: store.ItemRow[] };

export function createInbox(ground: Ground): Inbox {
  const { sql, log, clock, people, feed } = ground;
  const now = () => new Date(clock.now());

  /** Cards of these actors whom the viewer neither muted nor blocked and who are not hidden from everybody. */
  async function shownActors(viewer: SignedIn, rows: readonly store.ItemRow[]): Promise<Map<PersonId, PersonCard>> {
    const ids = [...new Set(rows.flatMap((row) => row.actor_id ?? []))];
    const [{ mutes, blocks, blocked_by }, cards] = await Promise.all([
      people.relations(viewer.person_id),
      people.cards(ids),
    ]);
    const shown = new Map<PersonId, PersonCard>();
    for (const [id, card] of cards)
      if (!card.suspended && !mutes.has(id) && !blocks.has(id) && !blocked_by.has(id)) shown.set(id, card);
    return shown;
  }

  /** In the order of `groups`: what is shown of each, or null. */
  async function judge(viewer: SignedIn, groups: readonly GroupFound[], read_seq: bigint) {
    const rows = groups.flatMap((group) => group.newest);
    const [actors, posts, comments] = await Promise.all([
      shownActors(viewer, rows),
      feed.posts(viewer, [...new Set(rows.flatMap((row) => row.post_id ?? []))]),
      feed.commentTexts([...new Set(rows.flatMap((row) => row.comment_id ?? []))]),
    ]);
    return groups.map((group): Notification | null => {
      const shown = group.newest.filter((row) => row.actor_id === null || actors.has(row.actor_id));
      const [newest] = shown;
      if (!newest) return null;
      const post = newest.post_id === null ? null : (posts.get(newest.post_id) ?? null);
      const text = newest.comment_id === null ? null : (comments.get(newest.comment_id) ?? null);
      if ((newest.post_id !== null && !post) || (newest.comment_id !== null && text === null)) return null;
      return {
        id: group.group_id,
        kind: group.kind,
        at: rfc3339(newest.at),
        read: BigInt(group.latest_seq) <= read_seq,
        actors: shown.slice(0, GROUP_ACTORS_SHOWN_MAX).flatMap((row) => actors.get(row.actor_id!) ?? []),
        actor_count: Math.max(shown.length, group.items - (group.newest.length - shown.length)),
        post: post && {
          id: post.id,
          author: post.author,
          excerpt: excerptOf(post.text),
          has_media: post.video !== null || post.images.length > 0,
        },
        comment: text === null ? null : { id: newest.comment_id!, excerpt: excerptOf(text) },
      };
    });
  }

  return {
    async list(viewer, { limit, cursor, kinds }) {
      let below = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const { read_seq } = await store.inbox(sql.pool, viewer.person_id);
      const items: Notification[] = [];
      for (let reads = 0; reads < PAGE_READS_MAX; reads++) {
        const groups_max = limit - items.length + 1;
        const groups = await store.groupsBelow(sql.pool, viewer.person_id, { below, kinds, groups_max });
        const judged = await judge(viewer, groups, BigInt(read_seq));
        for (const [i, group] of groups.entries()) {
          const one = judged[i];
          if (one && items.length === limit) return { items, next_cursor: encodeCursor([below!]) };
          below = group.latest_seq;
          if (one) items.push(one);
        }
        if (groups.length < groups_max) return { items, next_cursor: null };
      }
      return { items, next_cursor: encodeCursor([below!]) };
    },

    async unread(viewer) {
      const { last_seq, read_seq } = await store.inbox(sql.pool, viewer.person_id);
      if (last_seq === read_seq) return { count: 0, up_to: last_seq };
      const groups = await store.groupsBelow(sql.pool, viewer.person_id, {
        below: null,
        above: read_seq,
        groups_max: UNREAD_COUNTED_MAX,
      });
      const judged = await judge(viewer, groups, BigInt(read_seq));
      return { count: judged.filter((one) => one !== null).length, up_to: last_seq };
    },

    async position(person_id) {
      const { last_seq, read_seq } = await store.inbox(sql.pool, person_id);
      return { last_seq, read_seq };
    },

    async read(person_id, up_to) {
      await sql.tx(async (tx) => {
        const read_seq = await store.readUpTo(tx, person_id, up_to);
        if (read_seq !== null) await tellRead(log, tx, person_id, read_seq);
      });
    },

    async dismiss(person_id, group_id) {
      if (!(await sql.tx((tx) => store.dismissGroup(tx, person_id, group_id, now())))) throw notFound("notification");
    },

    clear: (person_id) =>
      sql.tx(async (tx) => {
        // Under the inbox's lock, so that what is just being added is either gone too or stays whole.
        await store.lockInboxes(tx, [person_id]);
        await store.clear(tx, person_id);
      }),

    async items(viewer, { below, above, upward = false, kinds, limit }) {
      const shown: InboxItem[] = [];
      let [low, high] = [above ?? null, below ?? null];
      for (let reads = 0; reads < PAGE_READS_MAX && shown.length < limit; reads++) {
        const items_max = limit - shown.length;
        const rows = await store.itemsAround(sql.pool, viewer.person_id, {
          below: high,
          above: low,
          upward,
          kinds,
          items_max,
        });
        const actors = await shownActors(viewer, rows);
        const found = rows
          .filter((row) => row.actor_id === null || actors.has(row.actor_id))
          .map((row) => ({ ...row, actor: row.actor_id === null ? null : actors.get(row.actor_id)! }));
        if (upward) shown.unshift(...found);
        else shown.push(...found);
        if (rows.length < items_max) break;
        if (upward) low = rows[0]!.seq;
        else high = rows.at(-1)!.seq;
      }
      return shown;
    },

    async item(viewer, seq) {
      const row = isId(seq) ? await store.item(sql.pool, viewer.person_id, seq) : null;
      const actors = row ? await shownActors(viewer, [row]) : null;
      if (!row || (row.actor_id !== null && !actors?.has(row.actor_id))) throw notFound("notification");
      return { ...row, actor: row.actor_id === null ? null : actors!.get(row.actor_id)! };
    },

    async dismissItem(person_id, seq) {
      if (!(await sql.tx((tx) => store.dismissItem(tx, person_id, seq, now())))) throw notFound("notification");
    },
  };
}

/** Its beginning, cut between characters as people see them. */
function excerptOf(text: string): string {
  if (text.length <= EXCERPT_CHARS_MAX) return text;
  let cut = "";
  for (const { segment } of new Intl.Segmenter().segment(text.slice(0, EXCERPT_CHARS_MAX * 2))) {
    if (cut.length + segment.length >= EXCERPT_CHARS_MAX) break;
    cut += segment;
  }
  return `${cut}…`;
}
