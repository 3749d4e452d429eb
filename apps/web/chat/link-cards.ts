import type { LinkCard } from "#kernel/cards.ts";
import type { Json } from "#kernel/json.ts";

import { createOverlay } from "../shell/overlay.ts";

/** Cards as the line told them, until a message is asked for anew; a card may come before its message. */
export const told_cards = createOverlay<{ link?: LinkCard }>(500);

export function cardSaid(message_id: string, said: Json): void {
  const link = (said as { link?: LinkCard } | null)?.link;
  if (link) told_cards.patch(message_id, { link });
}
