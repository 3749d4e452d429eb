import { useQuery } from "@tanstack/react-query";
import { EyeOff, TriangleAlert } from "lucide-react";
import { type ReactNode, useId } from "react";

import { getReadingPreferences, type Post } from "#systems/feed/contract.ts";

import { cx } from "../parts/class.ts";
import { ask } from "../shell/house.ts";
import { useVeil } from "./veil.ts";

/** Words of warning before everything that a post holds; behind a press, and remembered. */
export function Warned({
  post,
  children,
}: {
  post: { id: string; content_warning: string | null };
  children: ReactNode;
}) {
  const warning = post.content_warning;
  const [open, setOpen] = useVeil(post.id, "words", warning ?? "");
  const id = useId();
  if (warning === null) return children;
  return (
    <>
      <div className="mt-3 flex items-center gap-3 rounded-xl bg-sunken py-1.5 pr-1.5 pl-3.5">
        <TriangleAlert className="size-4.5 shrink-0 text-warn" aria-hidden="true" />
        <p dir="auto" className="min-w-0 flex-1 py-1.5 text-sm font-semibold wrap-anywhere">
          <span className="sr-only">Content warning: </span>
          {warning}
        </p>
        <button
          type="button"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
          className="h-10 shrink-0 self-start rounded-full px-4 text-sm font-semibold text-accent-ink hover:bg-line"
        >
          {open ? "Hide" : "Show"}
        </button>
      </div>
      <div id={id} hidden={!open}>
        {open && children}
      </div>
    </>
  );
}

/** Pictures and films that their author marked as sensitive: covered until they are asked for. */
export function Covered({
  post,
  what,
  children,
}: {
  post: Pick<Post, "id" | "sensitive"> & { viewer?: Post["viewer"] };
  what: string;
  children: ReactNode;
}) {
  const own = post.viewer?.own === true;
  const wishes = useQuery({
    ...ask(getReadingPreferences),
    enabled: post.sensitive && !!post.viewer,
    staleTime: 300_000,
  });
  const [open, setOpen] = useVeil(post.id, "media", "sensitive");
  if (!post.sensitive || own || wishes.data?.sensitive_media === "show") return children;
  if (open)
    return (
      <div className="relative">
        {children}
        <button
          type="button"
          aria-label={`Cover the ${what} again`}
          title="Cover it again"
          onClick={() => setOpen(false)}
          className="absolute top-2 left-2 grid size-10 place-items-center rounded-full bg-black/60 text-white hover:bg-black/75"
        >
          <EyeOff className="size-5" aria-hidden="true" />
        </button>
      </div>
    );
  return (
    <button
      type="button"
      onClick={() => setOpen(true)}
      className={cx(
        "mt-3.5 flex min-h-44 w-full flex-col items-center justify-center gap-2 rounded-xl bg-sunken px-6 py-8 text-center",
        "hover:bg-line",
      )}
    >
      <EyeOff className="size-7 text-ink-3" aria-hidden="true" />
      <span className="text-sm font-bold">Sensitive {what}</span>
      <span className="text-xs text-ink-2">Its author covered it. Press to show.</span>
    </button>
  );
}
