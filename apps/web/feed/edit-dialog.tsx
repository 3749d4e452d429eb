import { useState } from "react";

import { editPost, type Post, POST_TEXT_CHARS_MAX } from "#systems/feed/contract.ts";

import { Refusal, sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { call, queries } from "../shell/house.ts";
import { say } from "../shell/toasts.ts";
import { doings } from "./reactions.ts";
import { Counter, WritingField } from "./writing-field.tsx";

/** Edits with the version that was read, so that two open pages never overwrite each other unseen. */
export default function EditDialog({ post, close }: { post: Post; close: () => void }) {
  const [text, setText] = useState(post.text);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const over = [...text].length > POST_TEXT_CHARS_MAX;

  async function save() {
    setBusy(true);
    setProblem(null);
    try {
      const edited = await call(editPost, {
        params: { id: post.id },
        body: { text },
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
        <Button busy={busy} disabled={over || text === post.text} onClick={() => void save()}>
          Save
        </Button>
      </div>
    </Sheet>
  );
}
