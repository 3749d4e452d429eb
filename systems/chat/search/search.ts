import { type Deadline, NO_DEADLINE } from "#kernel/deadline.ts";
import { Problem } from "#kernel/errors.ts";
import { idAtMs } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { CHANNELS_PER_PERSON_MAX, SEARCH_CHANNELS_MAX } from "../bounds.ts";
import { type ChannelRow, findChannels, membershipsOf, openChannelIds } from "../channels/store.ts";
import type { Message } from "../contract.ts";
import { type Ground, otherOf, type Stand, standIn } from "../ground.ts";
import { presentMessages } from "../messages/present.ts";
import { findMessages } from "../messages/store.ts";
import type { ChannelId } from "../needs.ts";
import { mayModerate, mayReact, mayRead } from "../policy.ts";
import { parseSearch } from "./query.ts";
import * as store from "./store.ts";

export interface Search {
  find(
    viewer: SignedIn,
    asked: { q: string; limit: number; cursor?: string | undefined },
    deadline?: Deadline,
  ): Promise<Page<Message>>;
}

/** Looks in what the viewer may read at this moment, and nowhere else: the channels are asked first, the words after. */
export function createSearch(ground: Ground): Search {
  const { sql, people, spaces } = ground;

  async function readableChannels(viewer: SignedIn): Promise<Map<ChannelId, Stand>> {
    const me = viewer.person_id;
    const members = await membershipsOf(sql.pool, me, CHANNELS_PER_PERSON_MAX);
    const open = await openChannelIds(sql.pool, [...(await spaces.membershipsOf(me)).keys()], SEARCH_CHANNELS_MAX);
    const ids = [...new Set([...members.map((row) => row.channel_id), ...open])].slice(0, SEARCH_CHANNELS_MAX);
    const mine = new Map(members.map((row) => [row.channel_id, row]));
    const rows = await findChannels(sql.pool, ids);
    const stands = await Promise.all(rows.map((row) => standIn(ground, viewer, row, mine.get(row.id) ?? null)));
    return new Map(stands.filter(({ standing }) => mayRead(standing).ok).map((stand) => [stand.channel.id, stand]));
  }

  async function named(viewer: SignedIn, stands: Iterable<Stand>, name: string): Promise<ChannelId[]> {
    const isNamed: (channel: ChannelRow) => boolean = await (async () => {
      if (!name.startsWith("@")) return (channel) => channel.name?.toLowerCase() === name.toLowerCase();
      const card = await people.byHandle(name.slice(1).toLowerCase());
      return (channel) => channel.kind === "direct" && otherOf(channel, viewer.person_id) === card?.id;
    })();
    return [...stands].filter(({ channel }) => isNamed(channel)).map(({ channel }) => channel.id);
  }

  return {
    async find(viewer, { q, limit, cursor }, deadline = NO_DEADLINE) {
      const wanted = parseSearch(q);
      if (!wanted)
        throw new Problem(
          422,
          "chat.search_unclear",
          "Words, and from:ann, in:garden or in:@ann, before:2026-05-01, after:2026-05-01, has:image, has:video, has:link, has:pin.",
        );
      const below = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const stands = await readableChannels(viewer);
      const channel_ids = wanted.in === null ? [...stands.keys()] : await named(viewer, stands.values(), wanted.in);
      const author =
        wanted.from === null ? null : await people.byHandle(wanted.from === "me" ? viewer.handle : wanted.from);
      if (channel_ids.length === 0 || (wanted.from !== null && !author)) return { items: [], next_cursor: null };
      const day = wanted.before_ms === null ? null : idAtMs(wanted.before_ms);
      const before_id = day !== null && (below === null || BigInt(day) < BigInt(below)) ? day : below;
      const wants = {
        channel_ids,
        author_id: author?.id ?? null,
        words: wanted.words,
        before_id,
        after_id: wanted.after_ms === null ? null : idAtMs(wanted.after_ms),
        has_image: wanted.has.includes("image"),
        has_video: wanted.has.includes("video"),
        has_voice: wanted.has.includes("voice"),
        has_link: wanted.has.includes("link"),
        has_pin: wanted.has.includes("pin"),
        rows_max: limit + 1,
      };
      const ids = await store.search(sql.pool, wants, { deadline, clock: ground.clock });
      const shown = ids.slice(0, limit);
      const rows = (await findMessages(sql.pool, shown)).toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1));
      const items = await presentMessages(ground, viewer, rows, (row) => {
        const standing = stands.get(row.channel_id)?.standing;
        return {
          send: standing !== undefined && mayReact(standing).ok,
          moderate: standing !== undefined && mayModerate(standing).ok,
        };
      });
      return { items, next_cursor: ids.length > limit ? encodeCursor([shown.at(-1)!]) : null };
    },
  };
}
