import type { JsonObject } from "#kernel/json.ts";
import { afterCommit, type Query } from "#ports/sql/index.ts";

import { type Ground, streamOf } from "../ground.ts";
import { type MessageRow, setLink } from "../messages/store.ts";
import type { ChannelId, LinkId, MessageId } from "../needs.ts";
import { piecesOf } from "../tokens.ts";

type Linked = Pick<MessageRow, "id" | "channel_id" | "body"> & { link_id: LinkId | null };

export const holderOf = (id: MessageId): string => `chat:${id}`;

/** In the transaction that writes these words: their first link gets its card; what stands in code is no link. Another link lets the one before go. */
export async function holdLink(ground: Ground, tx: Query, before: Linked, body: string): Promise<void> {
  const { links } = ground;
  if (!links) return;
  const words = piecesOf(body)
    .map((piece) => ("text" in piece ? piece.text : " "))
    .join("");
  const link_id = await links.hold(tx, words, holderOf(before.id));
  if (link_id === before.link_id) return;
  await releaseLink(ground, tx, before);
  await setLink(tx, before.id, link_id, null);
  if (link_id === null) return;
  // Somebody named it before: its card is there already.
  const card = (await links.cards(tx, [link_id])).get(link_id);
  if (card) afterCommit(tx, `link:${before.id}`, () => tellCard(ground, before.channel_id, before.id, card));
}

/** The message is gone, or names something else. */
export async function releaseLink(
  { links }: Pick<Ground, "links">,
  tx: Query,
  { id, link_id }: Pick<Linked, "id" | "link_id">,
): Promise<void> {
  if (link_id !== null) await links?.release(tx, link_id, holderOf(id));
}

/** To who looks at the channel. A lost one does no harm: the card is there at the next look. */
export function tellCard({ line }: Pick<Ground, "line">, channel_id: ChannelId, id: MessageId, link: JsonObject): void {
  line.ephemeral(streamOf(channel_id), `link:${id}`, null, { message_id: id, link });
}
