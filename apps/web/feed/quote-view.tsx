import { Link } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";
import { lazy, Suspense } from "react";

import type { Quote, QuotedPost } from "#systems/feed/contract.ts";

import { bestVariant } from "../media/variants.ts";
import { Avatar } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { Ago } from "../parts/time.tsx";

const PollView = lazy(async () => ({ default: (await import("./poll-view.tsx")).PollView }));

/** A post within another: a card that leads to it. */
export function QuoteView({ quote }: { quote: Quote }) {
  if (quote.state === "gone" || quote.post === null) {
    return (
      <p className="mt-3.5 rounded-xl border border-dashed border-line-strong/50 px-4 py-3 text-sm text-ink-3">
        The post that stood here is gone, or it is not for you.
      </p>
    );
  }
  const { post } = quote;
  return (
    <div className="relative mt-3.5 rounded-xl border border-line px-3.5 py-3 transition-colors hover:bg-sunken/60">
      <p className="flex min-w-0 items-center gap-2 text-sm">
        <Avatar person={post.author} size="xs" />
        <span className="truncate font-bold">{post.author.display_name}</span>
        <span className="truncate text-ink-3 max-sm:hidden">@{post.author.handle}</span>
        <Ago at={post.created_at} className="shrink-0 text-xs text-ink-3" />
      </p>
      {/* The whole card is pressed by this link, which lies over it. */}
      <Link
        to="/posts/$id"
        params={{ id: post.id }}
        aria-label={`Quoted post by ${post.author.display_name}`}
        className="absolute inset-0 rounded-xl"
      />
      <QuotedBody post={post} />
    </div>
  );
}

export function QuotedBody({ post }: { post: QuotedPost }) {
  if (post.content_warning !== null) {
    return (
      <p dir="auto" className="mt-1.5 flex items-center gap-2 text-sm font-semibold text-ink-2 wrap-anywhere">
        <TriangleAlert className="size-4 shrink-0 text-warn" aria-hidden="true" />
        <span className="sr-only">Content warning: </span>
        {post.content_warning}
      </p>
    );
  }
  const [image] = post.images;
  const thumb = post.sensitive
    ? null
    : image
      ? (bestVariant(image.variants, 320)?.url ?? image.placeholder)
      : (post.video?.poster_url ?? null);
  const count = post.images.length;
  return (
    <>
      <div className="mt-1.5 flex gap-3">
        {post.text !== "" && (
          <p dir="auto" className="line-clamp-5 min-w-0 flex-1 text-sm whitespace-pre-line wrap-anywhere">
            {post.text}
          </p>
        )}
        {thumb !== null && (
          <img
            src={thumb}
            alt={image?.alt ?? ""}
            loading="lazy"
            decoding="async"
            className={cx("rounded-lg object-cover", post.text === "" ? "max-h-56 w-full" : "size-20 shrink-0")}
          />
        )}
      </div>
      {(count > 1 || post.video || (post.sensitive && count > 0)) && (
        <p className="mt-1 text-xs text-ink-3">
          {post.video ? "With a video" : post.sensitive ? "With sensitive pictures" : `${count} pictures`}
        </p>
      )}
      {post.poll && (
        <div className="relative">
          <Suspense fallback={null}>
            <PollView post={{ id: post.id, viewer: null }} told={post.poll} />
          </Suspense>
        </div>
      )}
    </>
  );
}
