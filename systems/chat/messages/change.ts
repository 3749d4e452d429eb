import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Tx } from "#ports/sql/index.ts";

import {
  EMOJI_CHARS_MAX,
  MESSAGE_EDITS_MAX,
  MESSAGE_EMOJI_MAX,
  MESSAGE_MENTIONS_MAX,
  PINS_PER_CHANNEL_MAX,
} from "../bounds.ts";
import { tell } from "../events.ts";
import { type Ground, must, nowOf, readable, type Stand, streamOf } from "../ground.ts";
import { holdLink, releaseLink } from "../links/hold.ts";
import { addressed } from "../mentions/address.ts";
import type { MessageId } from "../needs.ts";
import { mayMentionAll, mayModerate, mayPin, mayReact, maySend } from "../policy.ts";
import { findPolls } from "../polls/store.ts";
import { namesIn } from "../tokens.ts";
import { readableMessage } from "./history.ts";
import { noQuestion, reachable, toldOutside } from "./send.ts";
import * as store from "./store.ts";

/** What is done to a message that stands. Each takes the channel's stream first, so that all of them have one order. */
export interface Changing {
  edit(viewer: SignedIn, id: MessageId, body: string, version?: number): Promise<void>;
  remove(viewer: SignedIn, id: MessageId): Promise<void>;
  react(viewer: SignedIn, id: MessageId, emoji: string, on: boolean): Promise<void>;
  pin(viewer: SignedIn, id: MessageId, on: boolean): Promise<void>;
}

export function createChanging(ground: Ground): Changing {
  const { sql, log, line, people } = ground;

  /** A living message, as it stands once the stream is taken. */
  async function within(
    viewer: SignedIn,
    id: MessageId,
    kind: string,
    data: (stand: Stand) => { [key: string]: string | boolean },
    work: (tx: Tx, row: store.MessageRow, stand: Stand) => Promise<void>,
  ): Promise<void> {
    const { row: seen, stand: before } = await readableMessage(ground, viewer, id);
    await sql.tx(async (tx) => {
      await line.append(tx, streamOf(seen.channel_id), [
        { kind, data: { message_id: id, ...data(before) }, sender_id: viewer.person_id },
      ]);
      const row = await store.lockMessage(tx, id);
      if (!row || row.deleted_at !== null) throw notFound("message");
      await work(tx, row, await readable(ground, viewer, row.channel_id, tx));
    });
  }

  return {
    async edit(viewer, id, body, version) {
      const { row, stand } = await readableMessage(ground, viewer, id);
      if (row.deleted_at !== null) throw notFound("message");
      if (row.author_id !== viewer.person_id) throw notYours();
      if (row.body === body) return;
      must(stand.standing.kind === "announcement" ? mayReact(stand.standing) : maySend(stand.standing));
      if (body === "" && !store.carries(row) && row.forward_of_id === null)
        throw new Problem(422, "message.empty", "Write something, or delete the message.");
      if (body === "" && (await findPolls(sql.pool, [id])).length > 0) throw noQuestion();
      const named = namesIn(body, MESSAGE_MENTIONS_MAX);
      const cards = await people.byHandles(named.handles);
      const handle_ids = named.handles.flatMap((handle) => cards.get(handle)?.id ?? []);
      const all = named.all !== null && mayMentionAll(stand.standing).ok ? named.all : null;
      await within(
        viewer,
        id,
        "message.edited",
        () => ({}),
        async (tx, now, { channel }) => {
          if (version !== undefined && version !== now.version)
            throw conflict(
              "message.changed",
              "This message was changed meanwhile. Look at it again before you change it.",
            );
          if (now.version > MESSAGE_EDITS_MAX)
            throw conflict(
              "message.too_many_edits",
              `A message can be changed ${MESSAGE_EDITS_MAX} times. Write a new one.`,
            );
          const mention_ids = await reachable(tx, ground, channel, handle_ids);
          // An edit calls nobody together; who is named for the first time is told.
          const mentions_all = all === now.mentions_all ? all : null;
          await toldOutside(ground, tx, "chat.message_edited", channel, now, viewer.bot === true);
          await store.editMessage(tx, now, { body, mention_ids, mentions_all }, nowOf(ground));
          await holdLink(ground, tx, now, body);
          await line.redact(tx, streamOf(now.channel_id), [now.seq]);
          const fresh = mention_ids.filter((person_id) => !now.mention_ids.includes(person_id));
          if (fresh.length > 0)
            await addressed(ground, tx, channel, { ...now, mention_ids: fresh, mentions_all: null }, "edit");
        },
      );
    },

    async remove(viewer, id) {
      await within(
        viewer,
        id,
        "message.deleted",
        () => ({}),
        async (tx, row, { channel, standing }) => {
          if (row.author_id !== viewer.person_id && !mayModerate(standing).ok) throw notYours();
          await store.eraseMessage(tx, row, viewer.person_id, nowOf(ground));
          await line.redact(tx, streamOf(row.channel_id), [row.seq]);
          if (store.carries(row)) await ground.media.releaseMessage(tx, id);
          await releaseLink(ground, tx, row);
          const { channel_id, seq, author_id } = row;
          const { kind: channel_kind, space_id } = channel;
          await tell(log, tx, {
            type: "chat.message_deleted",
            version: 1,
            data: { channel_id, channel_kind, space_id, message_id: id, seq, author_id },
          });
        },
      );
    },

    async react(viewer, id, emoji, on) {
      if (!isEmoji(emoji)) throw new Problem(422, "message.no_emoji", "A reaction is one emoji.");
      const { row, stand } = await readableMessage(ground, viewer, id);
      if (row.deleted_at !== null) throw notFound("message");
      if (on) must(mayReact(stand.standing));
      // What changes nothing takes no number.
      if ((await store.hasReacted(sql.pool, id, emoji, viewer.person_id)) === on) return;
      await within(
        viewer,
        id,
        "message.reaction",
        () => ({ emoji, on }),
        async (tx, _now, { standing }) => {
          if (!on) {
            await store.removeReaction(tx, id, emoji, viewer.person_id);
            return;
          }
          must(mayReact(standing));
          if ((await store.countEmoji(tx, id, emoji)) >= MESSAGE_EMOJI_MAX)
            throw conflict(
              "message.too_many_reactions",
              `A message has ${MESSAGE_EMOJI_MAX} different reactions at most.`,
            );
          await store.addReaction(tx, id, emoji, viewer.person_id, nowOf(ground));
        },
      );
    },

    async pin(viewer, id, on) {
      const { row: seen, stand } = await readableMessage(ground, viewer, id);
      must(mayPin(stand.standing));
      if (seen.deleted_at === null && (seen.pinned_at !== null) === on) return;
      await within(
        viewer,
        id,
        on ? "message.pinned" : "message.unpinned",
        () => ({}),
        async (tx, row, { standing }) => {
          must(mayPin(standing));
          if (on && (await store.pinsOf(tx, row.channel_id, PINS_PER_CHANNEL_MAX)).length >= PINS_PER_CHANNEL_MAX)
            throw conflict(
              "message.too_many_pins",
              `A channel has ${PINS_PER_CHANNEL_MAX} pins at most. Take one away first.`,
            );
          await store.setPin(tx, id, on ? viewer.person_id : null, nowOf(ground));
        },
      );
    },
  };
}

/** One emoji as people see it, whatever it is made of. */
export const isEmoji = (text: string): boolean => text.length <= EMOJI_CHARS_MAX && /^\p{RGI_Emoji}$/v.test(text);

const notYours = () =>
  new Problem(403, "chat.not_yours", "Only its author, or who looks after the channel, may do this.");
