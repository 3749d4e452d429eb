import type { PersonCard } from "#kernel/cards.ts";
import { notFound } from "#kernel/errors.ts";
import { isId, type PersonId, type PostId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import {
  EXCERPT_CHARS_MAX,
  GROUP_ACTORS_SHOWN_MAX,
  PAGE_READS_MAX,
  THINGS_ASKED_MAX,
  UNREAD_COUNTED_MAX,
} from "./bounds.ts";
import type { Kind, Notification } from "./contract.ts";
import { tellRead, tellSettled } from "./events.ts";
import type { Ground, ReadPost } from "./needs.ts";
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
  /** Of these groups, those that the viewer may see now and, while they are away, still wishes to be told of. */
  shown(viewer: SignedIn, group_ids: readonly string[]): Promise<Map<string, Notification>>;
  /** As `shown`: not read, above one number and not above another, the newest first; and whether there are more than were asked for. */
  unreadBetween(
    viewer: SignedIn,
    asked: { above: string; up_to: string; kinds: readonly Kind[]; groups_max: number },
  ): Promise<{ items: Notification[]; more: boolean }>;
  /** @throws Problem 404 `notification.not_found` */
  dismissItem(person_id: PersonId, seq: string): Promise<void>;
}

/** What the house itself has to say is not for a word to silence. */
const BY_HOUSE = new Set<Kind>(["schedule_failed", "moderated", "appeal_decided", "report_answered", "webhook_off"]);

type GroupFound = store.GroupRow & { newest: store.ItemRow[] };

/** Told in the transaction in which something was read or taken out: what was to be pushed of it is called off. */
export type CallOff = (
  tx: Query,
  person_id: PersonId,
  what: { up_to: string } | { group_ids: readonly string[] },
) => Promise<void>;

export function createInbox(ground: Ground, callOff: CallOff): Inbox {
  const { sql, log, clock, people, feed, sources } = ground;
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
    const actors = await shownActors(
      viewer,
      groups.flatMap((group) => group.newest),
    );
    const by_shown = groups.map((group) =>
      group.newest.filter((row) => row.actor_id === null || actors.has(row.actor_id)),
    );
    const { shown_of, things } = await withThings(viewer, by_shown);
    // Of each group the newest alone is shown with its words, so only that is asked for.
    const newest_of = shown_of.flatMap(([newest]) => newest ?? []);
    const [posts, comments] = await Promise.all([
      feed.posts(viewer, [...new Set(newest_of.flatMap((row) => row.post_id ?? []))]),
      feed.commentTexts([...new Set(newest_of.flatMap((row) => row.comment_id ?? []))]),
    ]);
    const judged = groups.map((group, i): Notification | null => {
      const shown = shown_of[i]!;
      const [newest] = shown;
      if (!newest) return null;
      const post = newest.post_id === null ? null : (posts.get(newest.post_id) ?? null);
      const text = newest.comment_id === null ? null : (comments.get(newest.comment_id) ?? null);
      const thing = newest.thing === null ? null : (things.get(newest.thing) ?? null);
      if ((newest.post_id !== null && !post) || (newest.comment_id !== null && text === null)) return null;
      if (newest.thing !== null && !thing) return null;
      // In a chat one and the same may write often; elsewhere each acts once.
      const people_of = [...new Set(shown.flatMap((row) => row.actor_id ?? []))];
      return {
        id: group.group_id,
        kind: group.kind,
        at: rfc3339(newest.at),
        read: BigInt(group.latest_seq) <= read_seq,
        actors: people_of.slice(0, GROUP_ACTORS_SHOWN_MAX).flatMap((id) => actors.get(id) ?? []),
        actor_count:
          newest.thing !== null
            ? people_of.length
            : Math.max(shown.length, group.items - (group.newest.length - shown.length)),
        post: post && {
          id: post.id,
          author: post.author,
          excerpt: excerptOf(post.content_warning ?? post.text),
          has_media: post.video !== null || post.images.length > 0,
        },
        comment: text === null ? null : { id: newest.comment_id!, excerpt: excerptOf(text) },
        thing: thing && { title: thing.title, text: excerptOf(thing.text), path: thing.path },
      };
    });
    return unmuted(viewer, judged, posts, comments);
  }

  /**
   * What other systems show of them. Where the newest of a group was taken back or may not be seen, the newest that may is shown
   * in its place: asked for only then.
   */
  async function withThings(viewer: SignedIn, groups: readonly store.ItemRow[][]) {
    const ask = async (rows: readonly store.ItemRow[]) =>
      sources.things(viewer, [...new Set(rows.flatMap((row) => row.thing ?? []))].slice(0, THINGS_ASKED_MAX));
    const things = await ask(groups.flatMap(([newest]) => newest ?? []));
    const lacks = (row: store.ItemRow) => row.thing !== null && !things.has(row.thing);
    const behind = groups.flatMap(([newest, ...older]) => (newest && lacks(newest) ? older : []));
    if (behind.length > 0) for (const [name, thing] of await ask(behind)) things.set(name, thing);
    // One whose first look found it keeps all of its people; of the others only what may be seen is left.
    const shown_of = groups.map((rows) => (rows[0] && lacks(rows[0]) ? rows.filter((row) => !lacks(row)) : rows));
    return { shown_of, things };
  }

  /** What goes to somebody who is away is judged when it goes: of a place that they muted or left since, nothing does. */
  async function stillWished(viewer: SignedIn, groups: readonly GroupFound[]): Promise<GroupFound[]> {
    const news = groups.flatMap(({ kind, newest: [newest] }) => (newest?.thing ? [{ thing: newest.thing, kind }] : []));
    if (news.length === 0) return [...groups];
    const wished = await sources.wished(viewer, news);
    return groups.filter(({ newest: [newest] }) => !newest?.thing || wished.has(newest.thing));
  }

  /** What holds a word that its reader muted everywhere is not there; of what is only to be warned of, the words are not. */
  async function unmuted(
    viewer: SignedIn,
    judged: readonly (Notification | null)[],
    posts: ReadonlyMap<PostId, ReadPost>,
    comments: ReadonlyMap<string, string>,
  ): Promise<(Notification | null)[]> {
    // One's own words silence nobody who answers them.
    const texts = judged.map((one) => {
      const post = one?.post && one.post.author.id !== viewer.person_id ? posts.get(one.post.id) : undefined;
      const comment = one?.comment && one.kind !== "comment_like" ? comments.get(one.comment.id) : undefined;
      return [post?.content_warning, post?.text, comment, one?.thing?.text].filter((text) => text != null);
    });
    const muted = await feed.mutedIn(viewer.person_id, texts);
    return judged.map((one, i) => {
      if (!one || muted[i] === null || muted[i] === undefined) return one;
      if (muted[i] === "hide" && !BY_HOUSE.has(one.kind)) return null;
      return {
        ...one,
        post: one.post && { ...one.post, excerpt: "" },
        comment: one.comment && { ...one.comment, excerpt: "" },
        thing: one.thing && { ...one.thing, text: "" },
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
        if (read_seq === null) return;
        await callOff(tx, person_id, { up_to: read_seq });
        await tellRead(log, tx, person_id, read_seq);
      });
    },

    async dismiss(person_id, group_id) {
      await sql.tx(async (tx) => {
        await store.lockInboxes(tx, [person_id]);
        if (!(await store.dismissGroup(tx, person_id, group_id, now()))) throw notFound("notification");
        await callOff(tx, person_id, { group_ids: [group_id] });
        await tellSettled(log, tx, person_id);
      });
    },

    async shown(viewer, group_ids) {
      const { read_seq } = await store.inbox(sql.pool, viewer.person_id);
      const groups = await store.groupsOf(sql.pool, viewer.person_id, group_ids);
      const judged = await judge(viewer, await stillWished(viewer, groups), BigInt(read_seq));
      return new Map(judged.flatMap((one) => (one ? [[one.id, one] as const] : [])));
    },

    async unreadBetween(viewer, { above, up_to, kinds, groups_max }) {
      const { read_seq } = await store.inbox(sql.pool, viewer.person_id);
      const floor = BigInt(above) > BigInt(read_seq) ? above : read_seq;
      let below = (BigInt(up_to) + 1n).toString();
      const items: Notification[] = [];
      for (let reads = 0; reads < PAGE_READS_MAX; reads++) {
        const wanted = groups_max - items.length + 1;
        const groups = await store.groupsBelow(sql.pool, viewer.person_id, {
          below,
          above: floor,
          kinds,
          groups_max: wanted,
        });
        const judged = await judge(viewer, await stillWished(viewer, groups), BigInt(read_seq));
        items.push(...judged.filter((one) => one !== null));
        if (items.length > groups_max) return { items: items.slice(0, groups_max), more: true };
        if (groups.length < wanted) return { items, more: false };
        below = groups.at(-1)!.latest_seq;
      }
      return { items, more: true };
    },

    clear: (person_id) =>
      sql.tx(async (tx) => {
        // Under the inbox's lock, so that what is just being added is either gone too or stays whole.
        await store.lockInboxes(tx, [person_id]);
        const { last_seq } = await store.inbox(tx, person_id);
        await store.clear(tx, person_id);
        await callOff(tx, person_id, { up_to: last_seq });
        await tellRead(log, tx, person_id, last_seq);
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
      await sql.tx(async (tx) => {
        await store.lockInboxes(tx, [person_id]);
        const group = await store.dismissItem(tx, person_id, seq, now());
        if (!group) throw notFound("notification");
        if (group.items === 0) await callOff(tx, person_id, { group_ids: [group.group_id] });
        await tellSettled(log, tx, person_id);
      });
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
