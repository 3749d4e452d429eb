import { lazy, Suspense, useState } from "react";

import { CONTENT_WARNING_CHARS_MAX, editPost, type Post, POST_TEXT_CHARS_MAX } from "#systems/feed/contract.ts";

import { Refusal, sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { TextField, Tick } from "../parts/field.tsx";
import { call, queries } from "../shell/house.ts";
import { say } from "../shell/toasts.ts";
import type { PollBegun } from "./draft.ts";
import { obstacle } from "./obstacle.ts";
import { doings } from "./reactions.ts";
import { Counter, WritingField } from "./writing-field.tsx";

const PollEditor = lazy(async () => ({ default: (await import("./writing/poll-editor.tsx")).PollEditor }));
const DAY_S = 86_400;

/** Edits with the version that was read, so that two open pages never overwrite each other unseen. */
export default function EditDialog({ post, close }: { post: Post; close: () => void }) {
  const [text, setText] = useState(post.text);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [warning, setWarning] = useState(post.content_warning ?? "");
  const [sensitive, setSensitive] = useState(post.sensitive);
  const [poll, setPoll] = useState<PollBegun | null>(null);
  const over = [...text].length > POST_TEXT_CHARS_MAX;
  const hasMedia = post.video !== null || post.images.length > 0;
  const content_warning = warning.trim() === "" ? null : warning.trim();
  const isSame =
    text === post.text && content_warning === post.content_warning && sensitive === post.sensitive && poll === null;

  async function save() {
    const wrong = poll && obstacle({ text, poll }, []);
    if (wrong) return setProblem(wrong);
    setBusy(true);
    setProblem(null);
    try {
      const edited = await call(editPost, {
        params: { id: post.id },
        body: {
          text,
          content_warning,
          sensitive,
          ...(poll ? { poll: { ...poll, options: poll.options.filter((option) => option.trim() !== "") } } : {}),
        },
        headers: { "if-match": `"${post.version}"` },
      });
      doings.patch(post.id, { edited });
      say("Saved. Earlier versions stay readable.");
      close();
    } catch (error) {
      if (error instanceof Refusal && (error.status === 412 || error.code === "post.changed")) {
        void queries.invalidateQueries({ queryKey: ["/v1/posts/{id}", { id: post.id }] });
      }
      setProblem(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Edit post" wide>
      <div className="px-6 pt-2 pb-4">
        <WritingField
          value={text}
          onChange={setText}
          label="Text of the post"
          caretHere
          rows={5}
          onSubmit={() => void save()}
        />
        {post.poll &&
          (poll === null ? (
            <Button
              size="sm"
              look="outline"
              className="mt-3 h-10"
              onClick={() =>
                setPoll({
                  options: post.poll?.options.map((option) => option.text) ?? ["", ""],
                  multiple: post.poll?.multiple ?? false,
                  hides_results: post.poll?.hides_results ?? false,
                  open_s: DAY_S,
                })
              }
            >
              Change the poll
            </Button>
          ) : (
            <>
              <p className="mt-3 rounded-xl bg-warn-tint px-3.5 py-2 text-sm text-warn">
                A poll that is changed begins anew: votes so far will not count.
              </p>
              <Suspense fallback={null}>
                <PollEditor poll={poll} onChange={setPoll} onRemove={() => setPoll(null)} />
              </Suspense>
            </>
          ))}
        <div className="mt-3 border-t border-line pt-3">
          <TextField
            label="Warning before it"
            hint="Left empty, nothing stands before it."
            value={warning}
            maxLength={CONTENT_WARNING_CHARS_MAX}
            onChange={({ target }) => setWarning(target.value)}
          />
          {hasMedia && (
            <Tick
              label="Sensitive"
              detail="Pictures and film are covered until somebody asks."
              checked={sensitive}
              onChange={({ target }) => setSensitive(target.checked)}
            />
          )}
        </div>
        {problem !== null && (
          <p role="alert" className="mt-2 text-sm font-medium text-bad">
            {problem}
          </p>
        )}
      </div>
      <div className="flex items-center justify-end gap-3 border-t border-line px-6 py-3">
        <Counter text={text} />
        <Button look="quiet" onClick={close}>
          Cancel
        </Button>
        <Button busy={busy} disabled={over || isSame} onClick={() => void save()}>
          Save
        </Button>
      </div>
    </Sheet>
  );
}
