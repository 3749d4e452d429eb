import type { Notification } from "./contract.ts";

const TO_STANDING = new Set<string>(["moderated", "appeal_decided", "report_answered"]);

/** Where it is about, below the house; as the page's own rows lead. */
export function pathOf(one: Notification): string {
  if (TO_STANDING.has(one.kind)) return "/settings/standing";
  if (one.thing) return one.thing.path;
  if (one.post) return `/posts/${one.post.id}`;
  const [first] = one.actors;
  return first ? `/@${first.handle}` : "/notifications";
}
