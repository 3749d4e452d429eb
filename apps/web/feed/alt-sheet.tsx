import { useState } from "react";

import type { Post } from "#systems/feed/contract.ts";
import { ALT_CHARS_MAX, patchImage } from "#systems/media/contract.ts";

import { sentenceOf } from "../client.ts";
import { bestVariant } from "../media/variants.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { TextArea } from "../parts/field.tsx";
import { call } from "../shell/house.ts";
import { say } from "../shell/toasts.ts";
import { doings } from "./reactions.ts";

/** Words for pictures, also long after the post. */
export default function AltSheet({ post, close }: { post: Post; close: () => void }) {
  const [alts, setAlts] = useState(() => post.images.map((image) => image.alt));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const isChanged = post.images.some((image, at) => alts[at] !== image.alt);

  const save = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const images = [...post.images];
      for (const [at, image] of images.entries()) {
        const alt = alts[at]?.trim() ?? "";
        if (alt === image.alt) continue;
        await call(patchImage, { params: { image_id: image.id }, body: { alt } });
        images[at] = { ...image, alt };
        doings.patch(post.id, { shown: { images: [...images] } });
      }
      say("Described. Thank you for those who do not see it.");
      close();
    } catch (error) {
      setProblem(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Describe the pictures" wide>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
        className="px-6 pt-2 pb-4"
      >
        <ul className="grid gap-4">
          {post.images.map((image, at) => (
            <li key={image.id} className="flex gap-4">
              <img
                src={bestVariant(image.variants, 320)?.url ?? image.placeholder ?? undefined}
                alt=""
                className="size-24 shrink-0 rounded-xl bg-sunken object-cover"
              />
              <div className="min-w-0 flex-1">
                <TextArea
                  label={post.images.length === 1 ? "What is on it?" : `What is on picture ${at + 1}?`}
                  value={alts[at] ?? ""}
                  maxLength={ALT_CHARS_MAX}
                  onChange={({ target }) => setAlts(alts.map((alt, i) => (i === at ? target.value : alt)))}
                />
              </div>
            </li>
          ))}
        </ul>
        {problem !== null && (
          <p role="alert" className="mt-3 text-sm font-medium text-bad">
            {problem}
          </p>
        )}
        <div className="mt-5 flex justify-end gap-3">
          <Button look="quiet" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" busy={busy} disabled={!isChanged}>
            Save
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
