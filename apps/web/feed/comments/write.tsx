import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useRef, useState } from "react";

import type { Page } from "#kernel/paging.ts";
import { type Comment, COMMENT_TEXT_CHARS_MAX, createComment, editComment, type Post } from "#systems/feed/contract.ts";

import { sentenceOf } from "../../client.ts";
import { Avatar } from "../../parts/avatar.tsx";
import { Button } from "../../parts/button.tsx";
import { call } from "../../shell/house.ts";
import { useMe } from "../../shell/session.ts";
import { sorry } from "../../shell/toasts.ts";
import { doings } from "../reactions.ts";
import { Counter, WritingField } from "../writing-field.tsx";
import { WarningField } from "../writing/warning-field.tsx";
import { pagesOf } from "./pages.ts";

/** Where one answers a post or a comment. */
export function Answer({ post, parent, onSent }: { post: Post; parent: Comment | null; onSent?: () => void }) {
  const me = useMe();
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const [warning, setWarning] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  /** Of these words: pressed again after an answer that was lost, they are one comment. */
  const last = useRef({ said: "", once: "" });
  const over = [...text].length > COMMENT_TEXT_CHARS_MAX;
  async function send() {
    if (text.trim() === "" || over || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const body = { text, ...(parent ? { parent_id: parent.id } : {}), ...warned(warning) };
      const said = JSON.stringify(body);
      if (last.current.said !== said) last.current = { said, once: crypto.randomUUID() };
      const made = await call(createComment, { params: { id: post.id }, body, once: last.current.once });
      last.current = { said: "", once: "" };
      setText("");
      setWarning(null);
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
        {warning !== null && <WarningField value={warning} onChange={setWarning} label="Warning before the comment" />}
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
            <WarnButton warning={warning} onChange={setWarning} />
            <span className="flex-1" />
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

/** One's own comment, being changed. */
export function EditComment({
  comment,
  saved,
  close,
}: {
  comment: Comment;
  saved: (edited: Comment) => void;
  close: () => void;
}) {
  const [text, setText] = useState(comment.text);
  const [warning, setWarning] = useState(comment.content_warning);
  const [busy, setBusy] = useState(false);
  const isSame = text === comment.text && (warned(warning).content_warning ?? null) === comment.content_warning;
  const save = () => {
    if (text.trim() === "" || isSame) return close();
    setBusy(true);
    call(editComment, {
      params: { id: comment.id },
      body: { text, content_warning: warned(warning).content_warning ?? null },
    })
      .then((edited) => {
        saved(edited);
        close();
      }, sorry)
      .finally(() => setBusy(false));
  };
  return (
    <div className="rounded-2xl border border-accent-ink bg-raised px-4 py-2">
      {warning !== null && <WarningField value={warning} onChange={setWarning} label="Warning before the comment" />}
      <WritingField value={text} onChange={setText} label="Your comment" rows={1} caretHere onSubmit={save} />
      <div className="flex items-center justify-end gap-2 pt-2 pb-1">
        <WarnButton warning={warning} onChange={setWarning} />
        <span className="flex-1" />
        <Button look="quiet" size="sm" onClick={close}>
          Cancel
        </Button>
        <Button size="sm" busy={busy} disabled={text.trim() === "" || isSame} onClick={save}>
          Save
        </Button>
      </div>
    </div>
  );
}

/** What one writes before words that not everybody wants to meet at once. */
const warned = (warning: string | null): { content_warning?: string } =>
  warning === null || warning.trim() === "" ? {} : { content_warning: warning.trim() };

function WarnButton({ warning, onChange }: { warning: string | null; onChange: (warning: string | null) => void }) {
  const label = warning === null ? "Warn before it" : "Take the warning out";
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      aria-pressed={warning !== null}
      onClick={() => onChange(warning === null ? "" : null)}
      className="-ml-2 grid size-9 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink aria-pressed:bg-warn-tint aria-pressed:text-warn"
    >
      <TriangleAlert className="size-4.5" aria-hidden="true" />
    </button>
  );
}
