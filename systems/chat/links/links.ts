import { notFound, Problem } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { type LinkLookedEvent, LINKS_TOPIC } from "#systems/feed/index.ts";

import { type Ground, nowOf, readable, streamOf } from "../ground.ts";
import { readableMessage } from "../messages/history.ts";
import { findMessages, lockMessage, setLink } from "../messages/store.ts";
import type { MessageId } from "../needs.ts";
import { tellCard } from "./hold.ts";

const GROUP = "chat.links";

/** The author of a message takes the card of its link away, or brings it back. Again changes nothing. */
export interface Links {
  show(viewer: SignedIn, id: MessageId, shown: boolean): Promise<void>;
}

export function createLinks(ground: Ground): Links {
  return {
    async show(viewer, id, shown) {
      const { row: seen } = await readableMessage(ground, viewer, id);
      if (seen.deleted_at !== null) throw notFound("message");
      if (seen.author_id !== viewer.person_id)
        throw new Problem(403, "chat.not_yours", "Only its author decides which card a message shows.");
      if (seen.link_id === null || (seen.link_hidden_at === null) === shown) return;
      await ground.sql.tx(async (tx) => {
        await ground.line.append(tx, streamOf(seen.channel_id), [
          { kind: "message.link", data: { message_id: id, shown }, sender_id: viewer.person_id },
        ]);
        const row = await lockMessage(tx, id);
        if (!row || row.deleted_at !== null) throw notFound("message");
        await readable(ground, viewer, row.channel_id, tx);
        if (row.link_id !== null) await setLink(tx, id, row.link_id, shown ? null : nowOf(ground));
      });
    },
  };
}

/** What was found behind a link is told to who looks at the messages that name it. */
export function startTellingCards(ground: Ground): Disposable {
  const { log, links } = ground;
  return log.consume(LINKS_TOPIC, GROUP, async (batch, tx) => {
    for (const stored of batch) {
      const { link_id, holders } = (stored as unknown as LinkLookedEvent).data;
      const card = (await links?.cards(tx, [link_id]))?.get(link_id);
      if (!card) continue;
      const ids = holders.flatMap((holder) => (holder.startsWith("chat:") ? [holder.slice(5) as MessageId] : []));
      for (const row of await findMessages(tx, ids))
        if (row.link_id === link_id && row.link_hidden_at === null) tellCard(ground, row.channel_id, row.id, card);
    }
  });
}
