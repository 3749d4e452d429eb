/** What an address outside may be told of. A later system's events are a line here and a reading in `happened.ts`. */
export const OUTGOING_EVENTS = [
  "message.created",
  "message.edited",
  "message.deleted",
  "post.created",
  "member.joined",
  "member.left",
] as const;
export type OutgoingEvent = (typeof OUTGOING_EVENTS)[number];
/** These are told of the channels that are named. */
export const CHANNEL_EVENTS: readonly OutgoingEvent[] = ["message.created", "message.edited", "message.deleted"];
export const PING = "ping";
