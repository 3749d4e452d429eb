import { Link, useNavigate } from "@tanstack/react-router";
import { Globe, Lock, Repeat2, Users, UsersRound } from "lucide-react";
import { type KeyboardEvent, lazy, memo, type MouseEvent, Suspense, useState } from "react";

import type { Audience } from "#kernel/wire.ts";
import type { Post } from "#systems/feed/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { Ago, dayOf } from "../parts/time.tsx";
import { LinkView } from "./link-view.tsx";
import { PostActions } from "./post-actions.tsx";
import { PostMedia } from "./post-media.tsx";
import { PostMenu } from "./post-menu.tsx";
import { QuoteView } from "./quote-view.tsx";
import { mayQuote, quote } from "./quoting.ts";
import { react, usePost } from "./reactions.ts";
import { RichText } from "./rich-text.tsx";
import { useSeen } from "./use-seen.ts";
import { Covered, Warned } from "./veiled.tsx";
import { Views } from "./views.tsx";
import { useFolded } from "./wishes/folded.tsx";

const HiddenNote = lazy(() => import("../moderation/hidden-note.tsx"));
const PollView = lazy(async () => ({ default: (await import("./poll-view.tsx")).PollView }));

/** Longer texts are folded in lists, so that one post does not fill the house. */
const TEXT_CHARS_FOLDED = 700;
const TEXT_LINES_FOLDED = 14;

export const AUDIENCE_ICONS = { public: Globe, followers: Users, space: UsersRound, private: Lock } as const;
export const AUDIENCE_WORDS: Record<Audience, string> = {
  public: "Everybody",
  followers: "Followers",
  space: "A space",
  private: "Only me",
};

/** One post in a list. The article takes the focus; its keys are those of the help. */
export const PostCard = memo(function PostCard({ post: told }: { post: Post }) {
  const post = usePost(told);
  const navigate = useNavigate();
  const seen = useSeen(told);
  const folded = useFolded(told);
  if (!post) return null;
  const open = () => void navigate({ to: "/posts/$id", params: { id: post.id } });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const viewer = post.viewer;
    const deeds: Record<string, (() => void) | undefined> = {
      Enter: open,
      o: open,
      c: open,
      l: viewer ? () => react(post, "liked", !viewer.liked) : undefined,
      r: viewer && post.audience === "public" ? () => react(post, "reposted", !viewer.reposted) : undefined,
      q: viewer && mayQuote(post) ? () => quote(post) : undefined,
      b: viewer ? () => react(post, "bookmarked", !viewer.bookmarked) : undefined,
    };
    const deed = deeds[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  };
  const onClick = (event: MouseEvent) => {
    const target = event.target as Element;
    if (
      target.closest("a,button,video,input,label,[role=menu],[role=dialog],[role=slider]") ||
      getSelection()?.toString()
    )
      return;
    if (!event.currentTarget.contains(target)) return;
    open();
  };
  return (
    // A feed's articles take the focus, by the pattern of WAI-ARIA; a press anywhere is the same as on the time.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <article
      ref={seen}
      data-post={post.id}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      aria-label={`Post by ${post.author.display_name}`}
      onKeyDown={onKeyDown}
      onClick={onClick}
      className="scroll-mt-18 cursor-pointer border-line bg-surface px-4 pt-4 pb-2 transition-[border-color] duration-150 [contain-intrinsic-size:auto_320px] supports-[overflow-anchor:auto]:[content-visibility:auto] max-sm:border-y sm:rounded-2xl sm:border sm:px-5 sm:hover:border-line-strong/40"
    >
      {post.reposted_by && (
        <p className="mb-2.5 flex items-center gap-2 pl-1 text-xs font-semibold text-ink-3">
          <Repeat2 className="size-4" aria-hidden="true" />
          <Link to="/@{$handle}" params={{ handle: post.reposted_by.handle }} className="hover:underline">
            {post.reposted_by.display_name}
          </Link>
          passed this on
        </p>
      )}
      <PostHead post={post} />
      {folded ?? <PostBody post={post} folded />}
      <PostActions post={post} />
    </article>
  );
});

export function PostHead({ post }: { post: Post }) {
  const Icon = AUDIENCE_ICONS[post.audience];
  const { author } = post;
  return (
    <header className="flex items-start gap-3">
      <Link to="/@{$handle}" params={{ handle: author.handle }} tabIndex={-1} aria-hidden="true">
        <Avatar person={author} />
      </Link>
      <div className="-mt-0.5 min-w-0 flex-1">
        <p className="flex min-w-0 items-baseline gap-1.5 leading-6">
          <Link
            to="/@{$handle}"
            params={{ handle: author.handle }}
            className="inline-block min-w-6 truncate leading-6 font-bold hover:underline"
          >
            {author.display_name}
          </Link>
          <span className="truncate text-sm text-ink-3 max-[24rem]:hidden">@{author.handle}</span>
        </p>
        <p className="flex items-center gap-1.5 text-xs text-ink-3">
          <Link to="/posts/$id" params={{ id: post.id }} className="inline-block min-w-6 leading-6 hover:underline">
            {post.imported_at === null ? (
              <Ago at={post.created_at} />
            ) : (
              <time dateTime={post.created_at} title={`Brought along on ${dayOf(post.imported_at)}`}>
                imported, first written on {dayOf(post.created_at)}
              </time>
            )}
          </Link>
          {post.edited_at && <span>· edited</span>}
          <span aria-hidden="true">·</span>
          {post.space ? (
            <Link
              to="/s/$slug"
              params={{ slug: post.space.slug }}
              className="inline-flex min-w-0 items-center gap-1 font-semibold text-ink-2 hover:underline"
            >
              <UsersRound className="size-3.5 shrink-0" aria-hidden="true" />
              <span className="truncate">{post.space.name}</span>
            </Link>
          ) : (
            <span title={AUDIENCE_WORDS[post.audience]}>
              <Icon className="size-3.5" aria-hidden="true" />
              <span className="sr-only">For: {AUDIENCE_WORDS[post.audience]}</span>
            </span>
          )}
          <Views views={post.counts.views} />
        </p>
      </div>
      <PostMenu post={post} Card={PostCard} />
    </header>
  );
}

/** What a post holds, in the order in which it is read; behind its warning where it has one. */
export function PostBody(props: { post: Post; folded?: boolean; large?: boolean }) {
  return (
    <Warned post={props.post}>
      <Held {...props} />
    </Warned>
  );
}

function Held({ post, folded = false, large = false }: { post: Post; folded?: boolean; large?: boolean }) {
  const long = post.text.length > TEXT_CHARS_FOLDED || post.text.split("\n").length > TEXT_LINES_FOLDED;
  const [open, setOpen] = useState(!folded);
  const hasMedia = post.video !== null || post.images.length > 0;
  const isAlone = !hasMedia && post.poll === null && post.quote === null;
  // A few words alone may speak louder.
  const short = isAlone && post.text.length < 90 && !post.text.includes("\n");
  return (
    <>
      {post.text !== "" && (
        <RichText
          text={post.text}
          mentions={post.mentions}
          className={cx("mt-3", (large || short) && "text-lg", long && !open && "line-clamp-10")}
        />
      )}
      {long && !open && (
        <button
          type="button"
          onClick={() => setOpen(true)}
          className="mt-1 text-sm font-semibold text-accent-ink hover:underline"
        >
          Show the whole text
        </button>
      )}
      {hasMedia && (
        <Covered post={post} what={post.video ? "video" : post.images.length === 1 ? "picture" : "pictures"}>
          <PostMedia post={post} />
        </Covered>
      )}
      {post.poll && (
        <Suspense fallback={<PollSpace options={post.poll.options.length} />}>
          <PollView post={post} told={post.poll} />
        </Suspense>
      )}
      {post.quote && <QuoteView quote={post.quote} />}
      {isAlone && post.link && <LinkView link={post.link} />}
      {post.hidden && (
        <Suspense fallback={null}>
          <HiddenNote subject={{ kind: "post", id: post.id }} own={post.viewer?.own ?? false} />
        </Suspense>
      )}
    </>
  );
}

/** As high as the poll that comes, so that nothing jumps. */
const PollSpace = ({ options }: { options: number }) => (
  <div aria-hidden="true" className="mt-3.5" style={{ height: `${options * 3.25 + 2}rem` }} />
);
