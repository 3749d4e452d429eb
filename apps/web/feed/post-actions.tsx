import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { Bookmark, Heart, MessageCircle, Repeat2, TextQuote } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";

import type { Post } from "#systems/feed/contract.ts";

import { cx } from "../parts/class.ts";
import { compact } from "../parts/numbers.ts";
import { useLongPress } from "../parts/use-long-press.ts";
import { offer } from "../shell/toasts.ts";
import { mayQuote, quote } from "./quoting.ts";
import { react, type Reaction } from "./reactions.ts";

const FolderSheet = lazy(() => import("./folders/folder-sheet.tsx"));

/** Like, comment, pass on, keep. Somebody who is not signed in is told where the door is. */
export function PostActions({ post }: { post: Post }) {
  const press = usePress(post);
  const viewer = post.viewer;
  const [filing, setFiling] = useState(false);
  return (
    <footer className="mt-2 -mx-2.5 flex items-center justify-between">
      <div className="flex items-center gap-1 sm:gap-3">
        <Toggle
          label={`Like, ${post.counts.likes} so far`}
          on={viewer?.liked ?? false}
          count={post.counts.likes}
          onPress={() => press("liked", !viewer?.liked)}
          onClass="text-[#c2352b] dark:text-[#ff8a7c]"
        >
          <Heart className={cx("size-5.5", viewer?.liked && "heart-beat fill-current")} />
        </Toggle>
        <Link
          to="/posts/$id"
          params={{ id: post.id }}
          hash="comments"
          aria-label={`Comments, ${post.counts.comments}`}
          className="flex h-11 min-w-11 items-center gap-1.5 rounded-full px-2.5 text-sm font-medium text-ink-3 transition-colors hover:bg-sunken hover:text-ink"
        >
          <MessageCircle className="size-5.5" aria-hidden="true" />
          {post.counts.comments > 0 && <span>{compact(post.counts.comments)}</span>}
        </Link>
        {post.audience === "public" && (
          <Toggle
            label={`Pass on, ${post.counts.reposts} so far`}
            on={viewer?.reposted ?? false}
            count={post.counts.reposts}
            onPress={() => press("reposted", !viewer?.reposted)}
            onClass="text-good"
          >
            <Repeat2 className="size-5.5" />
          </Toggle>
        )}
        {viewer && mayQuote(post) && (
          <button
            type="button"
            aria-label="Quote"
            title="Quote"
            onClick={() => quote(post)}
            className="grid size-11 place-items-center rounded-full text-ink-3 transition-colors hover:bg-sunken hover:text-ink"
          >
            <TextQuote className="size-5.5" aria-hidden="true" />
          </button>
        )}
      </div>
      <Toggle
        label="Bookmark"
        on={viewer?.bookmarked ?? false}
        onPress={() => press("bookmarked", !viewer?.bookmarked)}
        {...(viewer ? { onHold: () => setFiling(true) } : {})}
        onClass="text-accent-ink"
      >
        <Bookmark className={cx("size-5.5", viewer?.bookmarked && "fill-current")} />
      </Toggle>
      <Suspense fallback={null}>{filing && <FolderSheet post={post} close={() => setFiling(false)} />}</Suspense>
    </footer>
  );
}

export function usePress(post: Post): (field: Reaction, on: boolean) => void {
  const navigate = useNavigate();
  const here = useRouterState({ select: (state) => state.location.href });
  return (field, on) => {
    if (post.viewer) react(post, field, on);
    else
      offer(
        "Sign in to like, keep and pass on.",
        "Sign in",
        () => void navigate({ to: "/sign-in", search: { next: here } }),
      );
  };
}

function Toggle({
  label,
  on,
  count,
  onPress,
  onHold,
  onClass,
  children,
}: {
  label: string;
  on: boolean;
  count?: number;
  onPress: () => void;
  onHold?: () => void;
  onClass: string;
  children: ReactNode;
}) {
  // The heart beats for a press, not for a page that loads with it.
  const [pressed, setPressed] = useState(false);
  const holding = useLongPress(onHold);
  return (
    <button
      type="button"
      {...holding}
      aria-label={label}
      aria-pressed={on}
      onClick={() => {
        setPressed(true);
        onPress();
      }}
      className={cx(
        "flex h-11 min-w-11 items-center gap-1.5 rounded-full px-2.5 text-sm font-medium transition-colors hover:bg-sunken",
        on ? onClass : "text-ink-3 hover:text-ink",
        !pressed && "[&_.heart-beat]:animate-none",
      )}
    >
      {children}
      {count !== undefined && count > 0 && (
        <span className="tabular-nums" aria-hidden="true">
          {compact(count)}
        </span>
      )}
    </button>
  );
}
