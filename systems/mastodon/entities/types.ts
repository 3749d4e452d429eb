/** Mastodon's entities as this house sends them. Names and shapes are Mastodon's; docs.joinmastodon.org/entities has them. */

export interface FieldEntity {
  name: string;
  value: string;
  verified_at: null;
}

export interface AccountEntity {
  id: string;
  username: string;
  acct: string;
  display_name: string;
  locked: boolean;
  bot: boolean;
  discoverable: boolean;
  indexable: boolean;
  group: boolean;
  noindex: boolean;
  created_at: string;
  note: string;
  url: string;
  uri: string;
  avatar: string;
  avatar_static: string;
  header: string;
  header_static: string;
  followers_count: number;
  following_count: number;
  statuses_count: number;
  last_status_at: string | null;
  hide_collections: boolean;
  emojis: never[];
  roles: { id: string; name: string; color: string }[];
  fields: FieldEntity[];
  suspended: boolean;
  limited: boolean;
  moved: null;
  feature_approval: { automatic: never[]; manual: never[]; current_user: "denied" };
}

export interface MediaEntity {
  id: string;
  type: "image" | "video" | "unknown";
  url: string | null;
  preview_url: string | null;
  remote_url: null;
  preview_remote_url: null;
  text_url: null;
  meta: object;
  description: string | null;
  blurhash: null;
}

export interface PollEntity {
  id: string;
  expires_at: string;
  expired: boolean;
  multiple: boolean;
  votes_count: number;
  voters_count: number | null;
  options: { title: string; votes_count: number | null; emojis: never[] }[];
  emojis: never[];
  voted?: boolean;
  own_votes?: number[];
}

export interface CardEntity {
  url: string;
  title: string;
  description: string;
  language: null;
  type: "link";
  author_name: string;
  author_url: string;
  authors: never[];
  provider_name: string;
  provider_url: string;
  html: string;
  width: number;
  height: number;
  image: string | null;
  image_description: string;
  embed_url: string;
  blurhash: null;
  published_at: null;
}

export type Visibility = "public" | "unlisted" | "private" | "direct";

export interface StatusEntity {
  id: string;
  created_at: string;
  in_reply_to_id: string | null;
  in_reply_to_account_id: string | null;
  sensitive: boolean;
  spoiler_text: string;
  visibility: Visibility;
  language: null;
  uri: string;
  url: string;
  replies_count: number;
  reblogs_count: number;
  favourites_count: number;
  quotes_count: number;
  edited_at: string | null;
  content: string;
  reblog: StatusEntity | null;
  application: null;
  account: AccountEntity;
  media_attachments: MediaEntity[];
  mentions: { id: string; username: string; url: string; acct: string }[];
  tags: { id: string; name: string; url: string }[];
  emojis: never[];
  card: CardEntity | null;
  poll: PollEntity | null;
  /** Who may quote it; what everybody may read, everybody may. */
  quote_approval: { automatic: string[]; manual: string[]; current_user: "automatic" | "denied" };
  quote: { state: "accepted" | "deleted"; quoted_status: StatusEntity | null } | null;
  favourited?: boolean;
  reblogged?: boolean;
  muted?: boolean;
  bookmarked?: boolean;
  pinned?: boolean;
  filtered?: object[];
}
