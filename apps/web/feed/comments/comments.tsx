import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { CornerDownRight, Heart, MessageCircle } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import {
  type Comment,
  COMMENT_DEPTH_MAX,
  deleteComment,
  likeComment,
  type Post,
  unlikeComment,
} from "#systems/feed/contract.ts";

import HiddenNote from "../../moderation/hidden-note.tsx";
import { useModerate } from "../../moderation/use-moderate.ts";
import { Avatar } from "../../parts/avatar.tsx";
import { buttonClass } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { plural } from "../../parts/numbers.ts";
import { PagedList } from "../../parts/paged-list.tsx";
import { RowSkeleton } from "../../parts/skeleton.tsx";
import { Ago } from "../../parts/time.tsx";
import { call } from "../../shell/house.ts";
import { mayModerate } from "../../shell/nav.tsx";
import { createOverlay, useOverlaid } from "../../shell/overlay.ts";
import { useMe } from "../../shell/session.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { createToggle } from "../../shell/toggle.ts";
import { doings } from "../reactions.ts";
import { RichText } from "../rich-text.tsx";
import { Warned } from "../veiled.tsx";
import { pagesOf } from "./pages.ts";
import { Answer, EditComment } from "./write.tsx";

const ReportDialog = lazy(() => import("../../moderation/report-dialog.tsx"));

/** What the viewer did to comments just now. */
interface Done {
  liked: boolean;
  gone: boolean;
  words: Pick<Comment, "text" | "content_warning" | "sensitive">;
}
const done = createOverlay<Done>();
const likes = createToggle({
  send: (id, on) => call(on ? likeComment : unlikeComment, { params: { id } }),
  show: (id, liked) => done.patch(id, { liked }),
  failed: sorry,
});

/** What people say to a post, as threads that open. */
export function Comments({ post }: { post: Post }) {
  const me = useMe();
  const here = useRouterState({ select: (state) => state.location.href });
  const pages = useInfiniteQuery(pagesOf(post.id));
  return (
    <section id="comments" aria-label="Comments" className="scroll-mt-16 px-4 pt-5 sm:px-5">
      {me ? (
        <Answer post={post} parent={null} />
      ) : (
        me === null && (
          <p className="flex items-center justify-between gap-3 rounded-2xl bg-sunken px-4 py-3 text-sm text-ink-2">
            Sign in to say something.
            <Link to="/sign-in" search={{ next: here }} className={buttonClass("primary", "sm")}>
              Sign in
            </Link>
          </p>
        )
      )}
      <div className="pt-3 pb-10">
        <PagedList<Comment>
          pages={pages}
          what="comments"
          keyOf={(comment) => comment.id}
          skeleton={
            <>
              <RowSkeleton />
              <RowSkeleton />
            </>
          }
          empty={
            <p className="py-10 text-center text-sm text-ink-3">
              Nobody has said anything yet. A kind word is a good beginning.
            </p>
          }
          end={null}
        >
          {(comment) => <Thread post={post} comment={comment} />}
        </PagedList>
      </div>
    </section>
  );
}

function Thread({ post, comment: told }: { post: Post; comment: Comment }) {
  const overlay = useOverlaid<Partial<Done>>(done, told.id, {});
  const [answering, setAnswering] = useState(false);
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState(false);
  const [added, setAdded] = useState(0);
  const me = useMe();
  const [reporting, setReporting] = useState(false);
  const moderate = useModerate();
  if (overlay.gone && told.counts.replies + added === 0) return null;
  const deleted = told.deleted || overlay.gone === true;
  const comment = { ...told, ...overlay.words };
  const liked = overlay.liked ?? told.viewer?.liked ?? false;
  const count = told.counts.likes + Number(liked) - Number(told.viewer?.liked ?? false);
  const replies = told.counts.replies + added;
  return (
    <div role="listitem" className="pt-4">
      <div className="flex gap-3">
        {comment.author && !deleted ? (
          <Avatar person={comment.author} size="sm" />
        ) : (
          <span className="size-9 shrink-0 rounded-full bg-sunken" />
        )}
        <div className="min-w-0 flex-1">
          {deleted || !comment.author ? (
            <p className="py-1.5 text-sm text-ink-3 italic">This comment was deleted.</p>
          ) : editing ? (
            <EditComment
              comment={comment}
              saved={({ text, content_warning, sensitive }) =>
                done.patch(comment.id, { words: { text, content_warning, sensitive } })
              }
              close={() => setEditing(false)}
            />
          ) : (
            <>
              <p className="flex items-baseline gap-1.5 text-sm leading-5">
                <Link
                  to="/@{$handle}"
                  params={{ handle: comment.author.handle }}
                  className="inline-block min-w-6 truncate leading-6 font-bold hover:underline"
                >
                  {comment.author.display_name}
                </Link>
                <Ago at={comment.created_at} className="shrink-0 text-xs text-ink-3" />
                {(comment.edited_at || overlay.words !== undefined) && (
                  <span className="shrink-0 text-xs text-ink-3">· edited</span>
                )}
              </p>
              <Warned post={{ id: comment.id, content_warning: warningOf(comment) }}>
                <RichText text={comment.text} mentions={comment.mentions} className="mt-0.5 text-sm leading-6" />
              </Warned>
              {comment.hidden && (
                <HiddenNote subject={{ kind: "comment", id: comment.id }} own={comment.viewer?.own ?? false} />
              )}
              <div className="-ml-2 flex flex-wrap items-center text-xs font-semibold text-ink-3">
                <button
                  type="button"
                  aria-pressed={liked}
                  aria-label={`Like the comment, ${count} so far`}
                  disabled={!comment.viewer}
                  onClick={() => void likes.set(comment.id, !liked, liked)}
                  className={cx(
                    "flex h-9 items-center gap-1.5 rounded-full px-2 hover:bg-sunken",
                    liked && "text-[#c2352b] dark:text-[#ff8a7c]",
                  )}
                >
                  <Heart className={cx("size-4", liked && "fill-current")} /> {count > 0 && count}
                </button>
                {me && comment.depth < COMMENT_DEPTH_MAX && (
                  <button
                    type="button"
                    onClick={() => setAnswering(!answering)}
                    aria-expanded={answering}
                    className="flex h-9 items-center gap-1.5 rounded-full px-2 hover:bg-sunken hover:text-ink"
                  >
                    <MessageCircle className="size-4" aria-hidden="true" /> Reply
                  </button>
                )}
                {comment.viewer?.own && (
                  <button
                    type="button"
                    onClick={() => setEditing(true)}
                    className="h-9 rounded-full px-2 hover:bg-sunken hover:text-ink"
                  >
                    Edit
                  </button>
                )}
                {me && !comment.viewer?.own && (
                  <button
                    type="button"
                    onClick={() => setReporting(true)}
                    className="h-9 rounded-full px-2 hover:bg-sunken hover:text-ink"
                  >
                    Report
                  </button>
                )}
                {mayModerate(me) && !comment.viewer?.own && (
                  <button
                    type="button"
                    onClick={() => moderate({ kind: "comment", id: comment.id })}
                    className="h-9 rounded-full px-2 hover:bg-sunken hover:text-ink"
                  >
                    Moderate
                  </button>
                )}
                {comment.viewer?.may_delete && (
                  <button
                    type="button"
                    onClick={() => remove(comment, post)}
                    className="h-9 rounded-full px-2 hover:bg-sunken hover:text-bad"
                  >
                    Delete
                  </button>
                )}
              </div>
            </>
          )}
          <Suspense fallback={null}>
            {reporting && comment.author && (
              <ReportDialog
                subject={{ kind: "comment", id: comment.id }}
                of={comment.author.handle}
                close={() => setReporting(false)}
              />
            )}
          </Suspense>
          {answering && (
            <div className="pt-2">
              <Answer
                post={post}
                parent={comment}
                onSent={() => {
                  setAnswering(false);
                  setAdded(added + 1);
                  setOpen(true);
                }}
              />
            </div>
          )}
          {replies > 0 && !open && (
            <button
              type="button"
              onClick={() => setOpen(true)}
              className="mt-1 flex h-9 items-center gap-2 text-sm font-semibold text-accent-ink hover:underline"
            >
              <CornerDownRight className="size-4" aria-hidden="true" /> {plural(replies, "reply", "replies")}
            </button>
          )}
        </div>
      </div>
      {open && (
        <div className={cx("border-l-2 border-line pl-3", comment.depth < 3 ? "ml-4 sm:ml-4.5" : "ml-0")}>
          <Replies post={post} parent_id={comment.id} />
        </div>
      )}
    </div>
  );
}

/** Covered without a word of why, it is still to be covered; but not for who wrote it. */
const warningOf = ({ content_warning, sensitive, viewer }: Comment) =>
  content_warning ?? (sensitive && viewer?.own !== true ? "Sensitive" : null);

function Replies({ post, parent_id }: { post: Post; parent_id: string }) {
  const pages = useInfiniteQuery(pagesOf(post.id, parent_id));
  return (
    <PagedList<Comment>
      pages={pages}
      what="replies"
      keyOf={(comment) => comment.id}
      skeleton={<RowSkeleton />}
      empty={null}
      end={null}
    >
      {(comment) => <Thread post={post} comment={comment} />}
    </PagedList>
  );
}

/** The house keeps no way back for a comment, so it waits a moment before it is told. */
const UNDO_MS = 6_000;

function remove(comment: Comment, post: Post) {
  done.patch(comment.id, { gone: true });
  let undone = false;
  const now = () => {
    window.removeEventListener("pagehide", now);
    clearTimeout(timer);
    if (undone) return;
    undone = true;
    call(deleteComment, { params: { id: comment.id }, keepalive: true })
      .then(() => doings.patch(post.id, (before) => ({ comments_added: (before.comments_added ?? 0) - 1 })))
      .catch((error: unknown) => {
        done.patch(comment.id, { gone: false });
        sorry(error);
      });
  };
  const timer = setTimeout(now, UNDO_MS);
  // Who leaves meant it.
  window.addEventListener("pagehide", now);
  say("Comment deleted.", () => {
    if (undone) throw new Error("too late");
    undone = true;
    clearTimeout(timer);
    window.removeEventListener("pagehide", now);
    done.patch(comment.id, { gone: false });
  });
}
