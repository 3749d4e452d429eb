import type { Kind } from "./kinds-contract.ts";

/** What they did, after their names; on the page, in a push and in a letter. */
const DID: Record<Kind, string> = {
  mention: "named you in a post",
  comment: "commented on your post",
  reply: "answered you",
  comment_mention: "named you in a comment",
  like: "liked your post",
  comment_like: "liked your comment",
  repost: "passed on your post",
  follow: "follows you",
  follow_request: "asks to follow you",
  follow_accepted: "lets you follow them",
  quote: "quoted your post",
  poll_ended: "had a poll that has ended",
  schedule_failed: "could not publish a post that you had scheduled. It is among your drafts",
  moderated: "has news about something of yours",
  appeal_decided: "looked again at what you appealed",
  report_answered: "answers what you reported",
  direct_message: "wrote to you",
  chat_mention: "named you in a chat",
  chat_reply: "answered you in a chat",
  chat_call: "called everybody in a chat",
  announcement: "announced something",
  channel_message: "wrote",
  webhook_off: "switched off your webhook",
};
const DID_TOGETHER: Partial<Record<Kind, string>> = {
  follow: "follow you",
  follow_request: "ask to follow you",
  follow_accepted: "let you follow them",
};

export interface Counted {
  kind: Kind;
  actor_count: number;
  actors: readonly { display_name: string }[];
}

export const didWords = ({ kind, actor_count, actors }: Counted): string =>
  kind === "poll_ended" && actors.length === 0
    ? "Your poll has ended"
    : ((actor_count > 1 ? DID_TOGETHER[kind] : undefined) ?? DID[kind]);

/** How many stand behind the names that are written out: two names, and the rest is counted. */
export function othersWords({ actors, actor_count }: Pick<Counted, "actors" | "actor_count">): string {
  // What the house itself tells has nobody behind it.
  if (actors.length === 0) return "";
  const others = actor_count - Math.min(2, actors.length);
  if (others <= 0) return "";
  return others === 1 ? "1 other" : `${others} others`;
}

/** "Ann, Bo and 12 others liked your post"; where nobody is named, the house speaks. */
export function sentence(one: Counted, house: string): string {
  const did = didWords(one);
  const [first, second] = one.actors;
  if (!first) return one.kind === "poll_ended" ? did : `${house} ${did}`;
  const others = othersWords(one);
  const names = [first, ...(second ? [second] : [])].map((person) => person.display_name);
  const who = others === "" ? names.join(" and ") : `${names.join(", ")} and ${others}`;
  return `${who} ${did}`;
}
