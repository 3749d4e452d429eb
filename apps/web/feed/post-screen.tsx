import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { getPost, listLikes, listReposts, type Post } from "#systems/feed/contract.ts";

import { Button } from "../parts/button.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { plural } from "../parts/numbers.ts";
import { Loading, PostSkeleton } from "../parts/skeleton.tsx";
import { wholeTime } from "../parts/time.tsx";
import { PeopleDialog } from "../people/people-dialog.tsx";
import { ask } from "../shell/house.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { Comments } from "./comments/comments.tsx";
import { PostActions } from "./post-actions.tsx";
import { PostBody, PostCard, PostHead } from "./post-card.tsx";
import { usePost } from "./reactions.ts";
import { useSeen } from "./use-seen.ts";
import { useFolded } from "./wishes/folded.tsx";

const QuotesSheet = lazy(async () => ({ default: (await import("./post-sheets.ts")).QuotesSheet }));

export function PostScreen() {
  const { id } = useParams({ from: "/posts/$id" });
  const asked = useQuery(ask(getPost, { params: { id } }));
  return (
    <>
      <PageHeader title={asked.data ? `Post by ${asked.data.author.display_name}` : "Post"} back />
      <div className="pt-2 sm:pt-3">
        {asked.isPending ? (
          <>
            <Loading what="the post" />
            <PostSkeleton media />
          </>
        ) : asked.isError ? (
          <Failed error={asked.error} retry={() => void asked.refetch()} title="This post is not here" />
        ) : (
          <Whole told={asked.data} />
        )}
      </div>
    </>
  );
}

function Whole({ told }: { told: Post }) {
  const post = usePost(told);
  const navigate = useNavigate();
  const seen = useSeen(told);
  const folded = useFolded(told);
  const [who, setWho] = useState<"likes" | "reposts" | "quotes" | null>(null);
  if (!post) {
    return (
      <Empty title="You deleted this post" action={<Button onClick={() => void navigate({ to: "/" })}>Go home</Button>}>
        For ten minutes it can be brought back from the message below.
      </Empty>
    );
  }
  const { likes, reposts, quotes } = post.counts;
  return (
    <>
      <article
        ref={seen}
        aria-label={`Post by ${post.author.display_name}`}
        className="border-line bg-surface px-4 pt-4 pb-2 max-sm:border-y sm:rounded-2xl sm:border sm:px-5"
      >
        <PostHead post={post} />
        {folded ?? <PostBody post={post} large />}
        <p className="mt-4 flex flex-wrap gap-x-4 border-t border-line pt-3 text-sm text-ink-3">
          <time dateTime={post.created_at}>{wholeTime(post.created_at)}</time>
          {likes > 0 && (
            <button type="button" className="font-semibold text-ink-2 hover:underline" onClick={() => setWho("likes")}>
              {plural(likes, "like")}
            </button>
          )}
          {reposts > 0 && (
            <button
              type="button"
              className="font-semibold text-ink-2 hover:underline"
              onClick={() => setWho("reposts")}
            >
              {plural(reposts, "repost")}
            </button>
          )}
          {quotes > 0 && (
            <button type="button" className="font-semibold text-ink-2 hover:underline" onClick={() => setWho("quotes")}>
              {plural(quotes, "quote")}
            </button>
          )}
        </p>
        <PostActions post={post} />
      </article>
      <Comments post={post} />
      <Suspense fallback={null}>
        {who === "quotes" && <QuotesSheet post={post} Card={PostCard} close={() => setWho(null)} />}
      </Suspense>
      {(who === "likes" || who === "reposts") && (
        <PeopleDialog
          title={who === "likes" ? "Liked by" : "Passed on by"}
          route={who === "likes" ? listLikes : listReposts}
          params={{ id: post.id }}
          close={() => setWho(null)}
        />
      )}
    </>
  );
}
