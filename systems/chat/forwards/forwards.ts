import type { PersonCard } from "#kernel/cards.ts";
import { Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import type { Message } from "../contract.ts";
import { type Ground, readable } from "../ground.ts";
import { findMessages, type MessageRow } from "../messages/store.ts";
import type { ChannelId, MessageId } from "../needs.ts";
import { type ForwardRow, forwardsIn } from "./store.ts";

type Forwarded = NonNullable<Message["forwarded"]>;

/** What messages pass on. Where it came from is told to who may read there, and to nobody else. */
export interface Passed {
  author_ids: PersonId[];
  of(row: MessageRow, cards: ReadonlyMap<PersonId, PersonCard>): Forwarded | null;
}

/** Asked once for all messages of a page; each conversation that something came from is asked for once. */
export async function passedOn(ground: Ground, viewer: SignedIn, rows: readonly MessageRow[]): Promise<Passed> {
  const passing = rows.flatMap((row) => (row.forward_of_id === null ? [] : [row.id]));
  if (passing.length === 0) return { author_ids: [], of: () => null };
  const { pool } = ground.sql;
  const forwards = await forwardsIn(pool, passing);
  const sources = new Map(
    (await findMessages(pool, [...new Set([...forwards.values()].map((row) => row.of_id))])).map((row) => [
      row.id,
      row,
    ]),
  );
  const open = new Map<ChannelId, string | null>();
  for (const id of new Set([...sources.values()].map((row) => row.channel_id))) {
    try {
      open.set(id, (await readable(ground, viewer, id)).channel.name);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
    }
  }
  return {
    author_ids: [...forwards.values()].map((row) => row.author_id),
    of(row, cards) {
      if (row.forward_of_id === null) return null;
      const forward = forwards.get(row.id);
      return forward ? present(forward, sources, open, cards) : GONE;
    },
  };
}

/** What it was of was deleted, and with it what was passed on of it. */
const GONE: Forwarded = Object.freeze({
  author: null,
  body: "",
  at: null,
  images: 0,
  film: false,
  voice: false,
  gone: true,
  source: null,
});

function present(
  { of_id, author_id, body, at, images, film, voice }: ForwardRow,
  sources: ReadonlyMap<MessageId, MessageRow>,
  open: ReadonlyMap<ChannelId, string | null>,
  cards: ReadonlyMap<PersonId, PersonCard>,
): Forwarded {
  const source = sources.get(of_id);
  const name = source && open.get(source.channel_id);
  return {
    author: cards.get(author_id) ?? null,
    body,
    at: rfc3339(at),
    images,
    film,
    voice,
    gone: false,
    source:
      source && name !== undefined ? { channel_id: source.channel_id, seq: source.seq, channel_name: name } : null,
  };
}
