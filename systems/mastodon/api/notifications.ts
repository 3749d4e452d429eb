import { z } from "zod";

import { notFound } from "#kernel/errors.ts";
import { isId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import { type InboxItem, type Kind, KINDS } from "#systems/notify/index.ts";

import { commented } from "../entities/statuses.ts";
import type { AccountEntity, StatusEntity } from "../entities/types.ts";
import { parseFields } from "../wire/fields.ts";
import { linkHeader } from "../wire/reply.ts";
import { zCount, zList, zPlaces } from "../wire/shapes.ts";
import { type Asked, type Desk, person, type Serve } from "./endpoint.ts";

/** What each kind is to Mastodon; those that it has no word for are missing. */
const TYPES: Partial<Record<string, string>> = {
  mention: "mention",
  comment: "mention",
  reply: "mention",
  comment_mention: "mention",
  like: "favourite",
  comment_like: "favourite",
  repost: "reblog",
  follow: "follow",
  follow_request: "follow_request",
  poll_ended: "poll",
  quote: "quote",
};
const SHOWN = KINDS.filter((kind) => TYPES[kind] !== undefined);

export interface NotificationEntity {
  id: string;
  type: string;
  created_at: string;
  group_key: string;
  account: AccountEntity;
  status?: StatusEntity;
}

const PAGE_DEFAULT = 40;
const PAGE_MAX = 80;
const UNREAD_MAX = 100;
const GROUP_ITEMS_MAX = 100;
const zPage = z.object({
  limit: zCount(PAGE_MAX, PAGE_DEFAULT),
  ...zPlaces,
  types: zList(z.string().max(40), 40),
  exclude_types: zList(z.string().max(40), 40),
  account_id: z.string().max(40).optional(),
});
type PageAsked = z.output<typeof zPage>;

export interface Notifications {
  /** In the order of `items`; those whose subject the caller may not see any more are missing. */
  present(
    asked: Pick<Asked, "viewer" | "shown" | "origin">,
    items: readonly InboxItem[],
  ): Promise<NotificationEntity[]>;
}

export function createNotifications({ ground, accounts, statuses }: Desk): Notifications {
  return {
    async present(asked, items) {
      const cards = items.flatMap(({ actor }) => actor ?? []);
      const comment_ids = [...new Set(items.flatMap(({ comment_id }) => comment_id ?? []))];
      const [people, posts, comments] = await Promise.all([
        accounts.of(cards, asked.origin),
        ground.feed.windows.posts(asked.viewer, [...new Set(items.flatMap(({ post_id }) => post_id ?? []))]),
        ground.feed.windows.comments(asked.viewer, comment_ids),
      ]);
      const seen = [...comments.values()].map(({ comment }) => comment);
      const under = new Map(
        [...posts.values(), ...[...comments.values()].map(({ post }) => post)].map((post) => [
          post.id,
          commented(post),
        ]),
      );
      const [ofPosts, ofComments] = await Promise.all([
        statuses.of(
          asked.shown,
          [...posts.values()].map((post) => ({ post })),
        ),
        statuses.comments(asked.shown, seen, under),
      ]);
      const byId = new Map([...ofPosts, ...ofComments].map((status) => [status.id, status]));
      return items.flatMap((item): NotificationEntity[] => {
        const type = TYPES[item.kind];
        const about = item.comment_id ?? item.post_id;
        const status = about === null ? undefined : byId.get(about);
        // The end of a poll is nobody's act: it is told in its author's name.
        const account = item.actor ? people.get(item.actor.id) : status?.account;
        if (type === undefined || !account || (about !== null && !status)) return [];
        return [
          {
            id: item.seq,
            type,
            created_at: rfc3339(item.at),
            group_key: groupKey(type, about, item),
            account,
            ...(status ? { status } : {}),
          },
        ];
      });
    },
  };
}

const GROUPED = new Set(["favourite", "reblog", "follow"]);
const DAY = 86_400_000;

/** Alike on one day: as Mastodon does, so that a group does not grow for ever. */
const groupKey = (type: string, about: string | null, { seq, at }: InboxItem): string =>
  GROUPED.has(type) ? `${type}-${about ?? "you"}-${Math.floor(at.getTime() / DAY)}` : `ungrouped-${seq}`;

export function serveNotifications(serve: Serve, desk: Desk, notifications: Notifications): void {
  const { inbox } = desk;
  const read = person("read:notifications");
  const write = person("write:notifications");

  function kindsOf({ types, exclude_types }: PageAsked): Kind[] {
    return SHOWN.filter((kind) => {
      const type = TYPES[kind]!;
      return (types.length === 0 || types.includes(type)) && !exclude_types.includes(type);
    });
  }

  async function page(asked: Asked) {
    const query = parseFields(zPage, asked.fields);
    const kinds = kindsOf(query);
    const place = (id: string | undefined) => (id !== undefined && isId(id) ? id : undefined);
    const upward = query.min_id !== undefined;
    const items =
      kinds.length === 0
        ? []
        : await inbox.items(asked.me, {
            below: place(query.max_id),
            above: place(query.min_id ?? query.since_id),
            upward,
            kinds,
            limit: query.limit,
          });
    const of = query.account_id === undefined ? items : items.filter(({ actor }) => actor?.id === query.account_id);
    const [first, last] = [items.at(0), items.at(-1)];
    return {
      shown: await notifications.present(asked, of),
      headers: linkHeader(asked.request.url, asked.origin, {
        next: last ? ["max_id", last.seq] : null,
        prev: first ? ["min_id", first.seq] : null,
      }),
    };
  }

  serve("GET", "/api/v1/notifications", read, async (asked) => {
    const { shown, headers } = await page(asked);
    return { body: shown, headers };
  });

  serve("GET", "/api/v2/notifications", read, async (asked) => {
    const { shown, headers } = await page(asked);
    return { body: grouped(shown), headers };
  });

  for (const version of ["v1", "v2"])
    serve("GET", `/api/${version}/notifications/unread_count`, read, async (asked) => ({
      body: { count: Math.min((await inbox.unread(asked.me)).count, UNREAD_MAX) },
    }));

  serve("GET", "/api/v1/notifications/:id", read, async (asked) => {
    const [one] = await notifications.present(asked, [await inbox.item(asked.me, asked.params.id!)]);
    if (!one) throw notFound("notification");
    return { body: one };
  });

  /** What stands in a group, the newest first; of a large one its newest hundred. */
  async function group(asked: Asked) {
    const { key } = asked.params;
    const seq = /^ungrouped-(\d{1,19})$/.exec(key!)?.[1];
    if (seq !== undefined) {
      const item = await inbox.item(asked.me, seq);
      return { items: [item], shown: await notifications.present(asked, [item]) };
    }
    const kinds = SHOWN.filter((kind) => key!.startsWith(`${TYPES[kind]}-`));
    const all = kinds.length === 0 ? [] : await inbox.items(asked.me, { kinds, limit: GROUP_ITEMS_MAX });
    const items = all.filter((item) => groupKey(TYPES[item.kind]!, item.comment_id ?? item.post_id, item) === key);
    const shown = await notifications.present(asked, items);
    if (shown.length === 0) throw notFound("notification");
    return { items, shown };
  }
  serve("GET", "/api/v2/notifications/:key", read, async (asked) => ({ body: grouped((await group(asked)).shown) }));
  serve("GET", "/api/v2/notifications/:key/accounts", read, async (asked) => {
    const { shown } = await group(asked);
    return { body: [...new Map(shown.map(({ account }) => [account.id, account])).values()] };
  });
  serve("POST", "/api/v2/notifications/:key/dismiss", write, async (asked) => {
    const { items } = await group(asked);
    for (const { seq } of items) await inbox.dismissItem(asked.me.person_id, seq);
    return { body: {} };
  });

  serve("POST", "/api/v1/notifications/clear", write, async (asked) => {
    await inbox.clear(asked.me.person_id);
    return { body: {} };
  });

  serve("POST", "/api/v1/notifications/:id/dismiss", write, async (asked) => {
    const { id } = asked.params;
    if (!isId(id!)) throw notFound("notification");
    await inbox.dismissItem(asked.me.person_id, id!);
    return { body: {} };
  });
}

/** What is alike on a page stands together; accounts and statuses stand once. */
function grouped(shown: readonly NotificationEntity[]) {
  const groups = new Map<string, NotificationEntity[]>();
  for (const one of shown) groups.set(one.group_key, [...(groups.get(one.group_key) ?? []), one]);
  const distinct = <T extends { id: string }>(all: readonly T[]) => [
    ...new Map(all.map((one) => [one.id, one])).values(),
  ];
  return {
    accounts: distinct(shown.map(({ account }) => account)),
    statuses: distinct(shown.flatMap(({ status }) => status ?? [])),
    notification_groups: [...groups].map(([group_key, items]) => {
      const [newest, oldest] = [items[0]!, items.at(-1)!];
      return {
        group_key,
        notifications_count: items.length,
        type: newest.type,
        most_recent_notification_id: Number(newest.id),
        page_min_id: oldest.id,
        page_max_id: newest.id,
        latest_page_notification_at: newest.created_at,
        sample_account_ids: distinct(items.map(({ account }) => account))
          .slice(0, 8)
          .map(({ id }) => id),
        ...(newest.status ? { status_id: newest.status.id } : {}),
      };
    }),
  };
}
