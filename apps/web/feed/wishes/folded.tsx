import { EyeOff } from "lucide-react";
import { useState } from "react";

import type { Post } from "#systems/feed/contract.ts";

import { Button } from "../../parts/button.tsx";

/** What stands before a post with words that its reader muted; null once they asked for it, and where there are none. */
export function useFolded(post: Post) {
  const [open, setOpen] = useState(false);
  const words = post.filtered?.words;
  if (!words || words.length === 0 || open) return null;
  return (
    <div className="mt-3 flex items-center gap-3 rounded-2xl bg-sunken px-4 py-3">
      <EyeOff className="size-5 shrink-0 text-ink-3" aria-hidden="true" />
      <p className="min-w-0 flex-1 text-sm text-ink-2">
        You muted <b className="font-semibold break-words">{words.join(", ")}</b>.
      </p>
      <Button look="outline" size="sm" onClick={() => setOpen(true)}>
        Show
      </Button>
    </div>
  );
}
