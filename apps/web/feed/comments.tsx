import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { CornerDownRight, Heart, MessageCircle } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import type { Page } from "#kernel/paging.ts";
import {
  type Comment,
  COMMENT_DEPTH_MAX,
  COMMENT_TEXT_CHARS_MAX,
  createComment,
  deleteComment,
  editComment,
  likeComment,
  listComments,
  type Post,
  unlikeComment,
} from "#systems/feed/contract.ts";

import { sentenceOf } from "../client.ts";
import HiddenNote from "../moderation/hidden-note.tsx";
import { useModerate } from "../moderation/use-moderate.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Button, buttonClass } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { plural } from "../parts/numbers.ts";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { askPages, call } from "../shell/house.ts";
import { mayModerate } from "../shell/nav.tsx";
import { createOverlay, useOverlaid } from "../shell/overlay.ts";
import { useMe } from "../shell/session.ts";
import { say, sorry } from "../shell/toasts.ts";
import { createToggle } from "../shell/toggle.ts";
import { doings } from "./reactions.ts";
import { RichText } from "./rich-text.tsx";
import { Counter, WritingField } from "./writing-field.tsx";

const ReportDialog = lazy(() => import("../moderation/report-dialog.tsx"));

/** What the viewer did to comments just now. */
interface Done {
  liked: boolean;
  gone: boolean;
  text: string;
}
const done = createOverlay<Done>();
const likes = createToggle({
  send: (id, on) => call(on ? likeComment : unlikeComment, { params: { id } }),
  show: (id, liked) => done.patch(id, { liked }),
  failed: sorry,
});

const pagesOf = (post_id: string, parent_id?: string) =>
  askPages(listComments, {
    params: { id: post_id },
    query: { order: "oldest", ...(parent_id === undefined ? {} : { parent_id }) },
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
  const comment = { ...told, text: overlay.text ?? told.text };
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
            <EditComment comment={comment} close={() => setEditing(false)} />
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
                {(comment.edited_at || overlay.text !== undefined) && (
                  <span className="shrink-0 text-xs text-ink-3">· edited</span>
                )}
              </p>
              <RichText text={comment.text} mentions={comment.mentions} className="mt-0.5 text-sm leading-6" />
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

function Answer({ post, parent, onSent }: { post: Post; parent: Comment | null; onSent?: () => void }) {
  const me = useMe();
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const over = [...text].length > COMMENT_TEXT_CHARS_MAX;
  async function send() {
    if (text.trim() === "" || over || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const made = await call(createComment, {
        params: { id: post.id },
        body: { text, ...(parent ? { parent_id: parent.id } : {}) },
      });
      setText("");
      doings.patch(post.id, (before) => ({ comments_added: (before.comments_added ?? 0) + 1 }));
      const key = pagesOf(post.id, parent?.id).queryKey;
      queries.setQueryData<InfiniteData<Page<Comment>>>(key, (data) => {
        const last = data?.pages.at(-1);
        if (!data || !last || last.next_cursor !== null) return data;
        return { ...data, pages: [...data.pages.slice(0, -1), { ...last, items: [...last.items, made] }] };
      });
      if (!queries.getQueryData(key)) await queries.invalidateQueries({ queryKey: key });
      onSent?.();
    } catch (error) {
      setProblem(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <div className="flex gap-3">
      {me && parent === null && <Avatar person={me} size="sm" className="mt-1.5" />}
      <div className="min-w-0 flex-1 rounded-2xl border border-line bg-raised px-4 py-2 focus-within:border-accent-ink">
        <WritingField
          value={text}
          onChange={setText}
          label={parent ? `Reply to ${parent.author?.display_name ?? "the comment"}` : "Your comment"}
          placeholder={parent ? "Reply" : "Say something"}
          rows={1}
          caretHere={parent !== null}
          onSubmit={() => void send()}
        />
        {(text !== "" || busy) && (
          <div className="flex items-center justify-end gap-3 pt-2 pb-1">
            <Counter text={text} max={COMMENT_TEXT_CHARS_MAX} />
            <Button size="sm" busy={busy} disabled={over || text.trim() === ""} onClick={() => void send()}>
              {parent ? "Reply" : "Comment"}
            </Button>
          </div>
        )}
        {problem !== null && (
          <p role="alert" className="pb-1 text-sm font-medium text-bad">
            {problem}
          </p>
        )}
      </div>
    </div>
  );
}

function EditComment({ comment, close }: { comment: Comment; close: () => void }) {
  const [text, setText] = useState(comment.text);
  const [busy, setBusy] = useState(false);
  const save = () => {
    setBusy(true);
    call(editComment, { params: { id: comment.id }, body: { text } })
      .then((edited) => {
        done.patch(comment.id, { text: edited.text });
        close();
      }, sorry)
      .finally(() => setBusy(false));
  };
  return (
    <div className="rounded-2xl border border-accent-ink bg-raised px-4 py-2">
      <WritingField value={text} onChange={setText} label="Your comment" rows={1} caretHere onSubmit={save} />
      <div className="flex justify-end gap-2 pt-2 pb-1">
        <Button look="quiet" size="sm" onClick={close}>
          Cancel
        </Button>
        <Button size="sm" busy={busy} disabled={text.trim() === "" || text === comment.text} onClick={save}>
          Save
        </Button>
      </div>
    </div>
  );
}
