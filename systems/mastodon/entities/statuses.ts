import type { PersonCard } from "#kernel/cards.ts";
import { idTimeMs, type PersonId, type PostId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Comment, Post } from "#systems/feed/index.ts";

import type { Ground } from "../ground.ts";
import { focusOf } from "../media/store.ts";
import { absolute, type Accounts } from "./accounts.ts";
import { contentHtml } from "./html.ts";
import { type Focus, imageEntity, videoEntity } from "./media.ts";
import type { AccountEntity, CardEntity, PollEntity, StatusEntity, Visibility } from "./types.ts";

/** For whom, and by which name of the house. */
export interface Shown {
  viewer: Viewer;
  origin: string;
}

/** A post as it stands alone, or in a list with its place and, where it was passed on, by whom. */
export interface Placed {
  post: Post;
  /** The repost's own id, where it is shown as one. */
  key?: string;
}

/** Posts, reposts and comments, all of which are statuses to Mastodon. What is given here may be seen: the rules ran before. */
export interface Statuses {
  of(shown: Shown, placed: readonly Placed[]): Promise<StatusEntity[]>;
  one(shown: Shown, post: Post): Promise<StatusEntity>;
  comments(
    shown: Shown,
    comments: readonly Comment[],
    posts: ReadonlyMap<PostId, CommentedPost>,
  ): Promise<StatusEntity[]>;
}

/** What a comment takes of the post that it is under. */
export interface CommentedPost {
  author_id: PersonId;
  audience: Audience;
}

export const commented = (post: Pick<Post, "id" | "author" | "audience">): CommentedPost => ({
  author_id: post.author.id,
  audience: post.audience,
});

/** Only what is public may be passed on, which is what clients read out of this word. */
export const VISIBILITY: Record<Audience, Visibility> = {
  public: "public",
  followers: "private",
  space: "private",
  private: "direct",
};

export function createStatuses({ sql, feed }: Pick<Ground, "sql" | "feed">, accounts: Accounts): Statuses {
  async function of(shown: Shown, placed: readonly Placed[]): Promise<StatusEntity[]> {
    const cards: PersonCard[] = placed.flatMap(({ post }) => [
      post.author,
      ...(post.reposted_by ? [post.reposted_by] : []),
      ...(post.quote?.post ? [post.quote.post.author] : []),
    ]);
    const image_ids = placed.flatMap(({ post }) =>
      [...post.images, ...(post.quote?.post?.images ?? [])].map(({ id }) => id),
    );
    const [people, focus] = await Promise.all([
      accounts.of(cards, shown.origin),
      image_ids.length === 0 ? new Map<string, Focus>() : focusOf(sql.pool, image_ids),
    ]);
    return placed.map(({ post, key }) => {
      const status = statusEntity(post, shown, people, focus);
      return post.reposted_by && key !== undefined && key !== post.id
        ? repostEntity(key, status, people.get(post.reposted_by.id)!, shown)
        : status;
    });
  }

  return {
    of,
    one: async (shown, post) => (await of(shown, [{ post }]))[0]!,

    async comments(shown, comments, posts) {
      const seen = comments.filter((comment) => comment.author !== null);
      const people = await accounts.of(
        seen.map((comment) => comment.author!),
        shown.origin,
      );
      const authors = new Map<string, PersonId>(seen.map((comment) => [comment.id, comment.author!.id]));
      // Whom somebody answers who is not among these is asked for in one go.
      const unknown = seen.flatMap(({ parent_id }) =>
        parent_id !== null && !authors.has(parent_id) ? [parent_id] : [],
      );
      for (const [id, author_id] of await feed.windows.authorsOfComments(unknown)) authors.set(id, author_id);
      return seen.map((comment) => commentEntity(comment, posts.get(comment.post_id)!, authors, people, shown));
    },
  };
}

const QUOTABLE: StatusEntity["quote_approval"] = { automatic: ["public"], manual: [], current_user: "automatic" };
const NOT_QUOTABLE: StatusEntity["quote_approval"] = { automatic: [], manual: [], current_user: "denied" };

const tagsOf = (hashtags: readonly string[], origin: string) =>
  hashtags.map((name) => ({ id: name, name, url: `${origin}/tags/${encodeURIComponent(name)}` }));
const mentionsOf = (mentions: readonly { id: string; handle: string }[], origin: string) =>
  mentions.map(({ id, handle }) => ({ id, username: handle, url: `${origin}/@${handle}`, acct: handle }));
const handlesOf = (mentions: readonly { handle: string }[]) => new Set(mentions.map(({ handle }) => handle));

type Bare = Omit<Post, "quote" | "viewer" | "reposted_by" | "entry_id" | "filtered"> &
  Partial<Pick<Post, "quote" | "viewer" | "filtered">>;

function statusEntity(
  post: Bare,
  shown: Shown,
  people: ReadonlyMap<PersonId, AccountEntity>,
  focus: ReadonlyMap<string, Focus>,
): StatusEntity {
  const { origin, viewer } = shown;
  const url = `${origin}/posts/${post.id}`;
  const quoted = post.quote?.post ? statusEntity(post.quote.post, shown, people, focus) : null;
  const signed_in = viewer.kind === "person";
  const did = post.viewer ?? null;
  return {
    id: post.id,
    created_at: post.created_at,
    in_reply_to_id: null,
    in_reply_to_account_id: null,
    sensitive: post.sensitive,
    spoiler_text: post.content_warning ?? "",
    visibility: VISIBILITY[post.audience],
    language: null,
    uri: url,
    url,
    replies_count: post.counts.comments,
    reblogs_count: post.counts.reposts,
    favourites_count: post.counts.likes,
    quotes_count: post.counts.quotes,
    edited_at: post.edited_at,
    content:
      contentHtml(post.text, { origin, handles: handlesOf(post.mentions) }) +
      // For clients that know no quotes; those that do take this away.
      (quoted ? `<p class="quote-inline">RE: <a href="${quoted.url}">${quoted.url}</a></p>` : ""),
    reblog: null,
    application: null,
    account: people.get(post.author.id)!,
    media_attachments: post.video
      ? [videoEntity(post.video, origin)]
      : post.images.map((image) => imageEntity(image, origin, focus.get(image.id))),
    mentions: mentionsOf(post.mentions, origin),
    tags: tagsOf(post.hashtags, origin),
    emojis: [],
    card: post.link ? cardEntity(post.link, origin) : null,
    poll: post.poll ? pollEntity(post.id, post.poll, signed_in, did?.own === true) : null,
    quote_approval: post.audience === "public" && post.space?.visibility !== "private" ? QUOTABLE : NOT_QUOTABLE,
    quote: post.quote ? { state: quoted ? "accepted" : "deleted", quoted_status: quoted } : null,
    ...(signed_in
      ? {
          favourited: did?.liked ?? false,
          reblogged: did?.reposted ?? false,
          bookmarked: did?.bookmarked ?? false,
          muted: false,
          pinned: false,
          filtered: post.filtered ? [filterResult(post.filtered.words)] : [],
        }
      : {}),
  };
}

function repostEntity(key: string, status: StatusEntity, by: AccountEntity, { origin }: Shown): StatusEntity {
  const url = `${origin}/posts/${status.id}`;
  return {
    ...status,
    id: key,
    created_at: rfc3339(idTimeMs(key)),
    // A repost has nothing of its own but who and when.
    spoiler_text: "",
    sensitive: false,
    media_attachments: [],
    mentions: [],
    tags: [],
    card: null,
    poll: null,
    quote: null,
    edited_at: null,
    uri: `${url}#${key}`,
    url,
    account: by,
    reblog: status,
  };
}

/** An answer hangs on the post itself, or on the comment that it answers. */
function commentEntity(
  comment: Comment,
  post: CommentedPost,
  authors: ReadonlyMap<string, PersonId>,
  people: ReadonlyMap<PersonId, AccountEntity>,
  { origin, viewer }: Shown,
): StatusEntity {
  const url = `${origin}/posts/${comment.post_id}#comment-${comment.id}`;
  return {
    id: comment.id,
    created_at: comment.created_at,
    in_reply_to_id: comment.parent_id ?? comment.post_id,
    in_reply_to_account_id: comment.parent_id === null ? post.author_id : (authors.get(comment.parent_id) ?? null),
    sensitive: comment.sensitive,
    spoiler_text: comment.content_warning ?? "",
    visibility: VISIBILITY[post.audience],
    language: null,
    uri: url,
    url,
    replies_count: comment.counts.replies,
    reblogs_count: 0,
    favourites_count: comment.counts.likes,
    quotes_count: 0,
    edited_at: comment.edited_at,
    content: contentHtml(comment.text, { origin, handles: handlesOf(comment.mentions) }),
    reblog: null,
    application: null,
    account: people.get(comment.author!.id)!,
    media_attachments: [],
    mentions: mentionsOf(comment.mentions, origin),
    tags: [],
    emojis: [],
    card: null,
    poll: null,
    quote_approval: NOT_QUOTABLE,
    quote: null,
    ...(viewer.kind === "person"
      ? {
          favourited: comment.viewer?.liked ?? false,
          reblogged: false,
          bookmarked: false,
          muted: false,
          pinned: false,
          filtered: [],
        }
      : {}),
  };
}

/** A poll's id is its post's: there is one at most. */
export function pollEntity(
  post_id: string,
  poll: NonNullable<Post["poll"]>,
  signed_in: boolean,
  own: boolean,
): PollEntity {
  const votes = poll.options.reduce((sum, option) => sum + (option.votes ?? 0), 0);
  return {
    id: post_id,
    expires_at: poll.ends_at,
    expired: poll.ended,
    multiple: poll.multiple,
    votes_count: votes,
    voters_count: poll.voters,
    options: poll.options.map(({ text, votes: n }) => ({ title: text, votes_count: n, emojis: [] })),
    emojis: [],
    // Whoever asks may not vote in what is theirs, and clients show results to who has voted.
    ...(signed_in ? { voted: own || poll.chosen !== null, own_votes: poll.chosen ?? [] } : {}),
  };
}

function cardEntity(link: NonNullable<Post["link"]>, origin: string): CardEntity {
  return {
    url: link.url,
    title: link.title,
    description: link.description ?? "",
    language: null,
    type: "link",
    author_name: "",
    author_url: "",
    authors: [],
    provider_name: link.site,
    provider_url: "",
    html: "",
    width: link.image?.width ?? 0,
    height: link.image?.height ?? 0,
    image: link.image ? absolute(link.image.url, origin) : null,
    image_description: "",
    embed_url: "",
    blurhash: null,
    published_at: null,
  };
}

/** Muted words of the kind that warns; those that hide were left out by the rules. */
const filterResult = (words: readonly string[]) => ({
  filter: {
    id: "0",
    title: words.join(", "),
    context: ["home", "public", "thread", "account", "notifications"],
    expires_at: null,
    filter_action: "warn",
  },
  keyword_matches: words,
  status_matches: null,
});
