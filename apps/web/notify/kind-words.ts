import type { Kind, KindGroup } from "#systems/notify/contract.ts";

/** What a kind is, where somebody chooses among them. */
export const KIND_LABELS: Record<Kind, string> = {
  mention: "Somebody names you in a post",
  comment: "A comment on your post",
  reply: "An answer to your comment",
  comment_mention: "Somebody names you in a comment",
  quote: "Somebody quotes your post",
  direct_message: "A direct message",
  chat_mention: "Somebody names you in a chat",
  chat_reply: "An answer to you in a chat",
  chat_call: "Somebody calls everybody in a chat",
  announcement: "Something is announced in a channel",
  channel_message: "A message in a channel that you hear all of",
  like: "Somebody likes your post",
  comment_like: "Somebody likes your comment",
  repost: "Somebody passes on your post",
  poll_ended: "A poll ends that is yours or has your vote",
  follow: "Somebody follows you",
  follow_request: "Somebody asks to follow you",
  follow_accepted: "Somebody lets you follow them",
  schedule_failed: "A scheduled post could not be published",
  moderated: "Moderators decided about something of yours",
  appeal_decided: "Your appeal was decided",
  report_answered: "Your report was answered",
  webhook_off: "A webhook of yours was switched off",
};

export const GROUP_LABELS: Record<KindGroup, string> = {
  words: "Words to you",
  chat: "Chat",
  people: "People",
  reactions: "Reactions",
  house: "The house",
};
