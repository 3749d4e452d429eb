import type { PersonCard } from "#kernel/cards.ts";
import type { SignedIn } from "#kernel/viewer.ts";

/**
 * Somebody on whose behalf the house reads while they are away, to tell them of it. Never more than a member who reads:
 * what somebody's office would show does not lie on a locked screen or in a mail.
 */
export const awayViewer = (card: PersonCard): SignedIn => ({
  kind: "person",
  person_id: card.id as SignedIn["person_id"],
  handle: card.handle,
  role: "member",
  suspended: card.suspended,
  credential: { kind: "token", id: "0" },
  scopes: ["read"],
});
