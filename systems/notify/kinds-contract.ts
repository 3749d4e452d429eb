/**
 * What people are told of, and where it reaches them until they choose otherwise. A kind that is off in the inbox does not
 * come in, so it goes nowhere else. A further kind is one line here.
 */
export const KIND_FACTS = {
  mention: { about: "words", inbox: true, push: true, email: true },
  comment: { about: "words", inbox: true, push: true, email: true },
  reply: { about: "words", inbox: true, push: true, email: true },
  comment_mention: { about: "words", inbox: true, push: true, email: true },
  quote: { about: "words", inbox: true, push: true, email: true },
  direct_message: { about: "chat", inbox: true, push: true, email: true },
  chat_mention: { about: "chat", inbox: true, push: true, email: true },
  chat_reply: { about: "chat", inbox: true, push: true, email: true },
  chat_call: { about: "chat", inbox: true, push: true, email: false },
  announcement: { about: "chat", inbox: true, push: true, email: true },
  /** Only of channels that somebody wishes to hear all of. */
  channel_message: { about: "chat", inbox: true, push: true, email: false },
  like: { about: "reactions", inbox: true, push: false, email: false },
  comment_like: { about: "reactions", inbox: true, push: false, email: false },
  repost: { about: "reactions", inbox: true, push: false, email: false },
  poll_ended: { about: "reactions", inbox: true, push: false, email: false },
  follow: { about: "people", inbox: true, push: false, email: true },
  follow_request: { about: "people", inbox: true, push: true, email: true },
  follow_accepted: { about: "people", inbox: true, push: false, email: false },
  schedule_failed: { about: "house", inbox: true, push: true, email: true },
  moderated: { about: "house", inbox: true, push: true, email: true },
  appeal_decided: { about: "house", inbox: true, push: true, email: true },
  report_answered: { about: "house", inbox: true, push: false, email: true },
  webhook_off: { about: "house", inbox: true, push: true, email: true },
} as const;

export type Kind = keyof typeof KIND_FACTS;
export const KINDS = Object.keys(KIND_FACTS) as [Kind, ...Kind[]];

export const CHANNELS = ["inbox", "push", "email"] as const;
export type Channel = (typeof CHANNELS)[number];

/** In the order in which settings show them. */
export const KIND_GROUPS = ["words", "chat", "people", "reactions", "house"] as const;
export type KindGroup = (typeof KIND_GROUPS)[number];
