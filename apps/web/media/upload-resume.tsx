import { useRouter } from "@tanstack/react-router";
import { UploadCloud } from "lucide-react";
import { useEffect } from "react";

import { useDraft } from "../feed/draft.ts";
import { openCompose, useCompose } from "../shell/compose.ts";
import { restore, useAttachments } from "./attachments.ts";

/** Takes up what a reload interrupted, and shows how far the files are while their author is elsewhere on the page. */
export default function UploadShelf() {
  const files = useAttachments();
  const draft = useDraft();
  const open = useCompose();
  const router = useRouter();
  useEffect(() => {
    // Whatever cannot be read from the shelf stays there; the page goes on without it.
    void restore();
    const go = (event: Event) => void router.navigate({ to: (event as CustomEvent<string>).detail });
    window.addEventListener("folkhus:go", go);
    return () => window.removeEventListener("folkhus:go", go);
  }, [router]);
  const busy = files.filter((file) => file.stage !== "ready");
  useEffect(() => {
    if (!busy.some((file) => file.stage === "uploading" && file.upload.state === "sending")) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [busy]);
  if (open || busy.length === 0) return null;
  const size = busy.reduce((sum, file) => sum + file.size_bytes, 0);
  const sent = busy.reduce((sum, file) => sum + file.upload.sent_bytes, 0);
  const percent = size === 0 ? 0 : Math.floor((sent / size) * 100);
  const stuck = busy.some((file) => file.stage === "failed" || file.stage === "needs_file");
  return (
    <button
      type="button"
      onClick={() => openCompose()}
      className="rise fixed right-4 bottom-[calc(5rem+env(safe-area-inset-bottom))] z-30 flex items-center gap-3 rounded-full border border-line bg-raised py-2 pr-5 pl-2 text-left shadow-2 sm:bottom-6"
    >
      <span className="relative grid size-10 place-items-center rounded-full bg-accent-tint text-accent-ink">
        <svg viewBox="0 0 40 40" className="absolute inset-0 -rotate-90" aria-hidden="true">
          <circle
            cx="20"
            cy="20"
            r="18"
            fill="none"
            stroke="currentColor"
            strokeWidth="3"
            pathLength={100}
            strokeDasharray={`${percent} 100`}
          />
        </svg>
        <UploadCloud className="size-5" aria-hidden="true" />
      </span>
      <span role="status">
        <span className="block text-sm leading-5 font-bold">
          {stuck ? "An upload needs you" : `${percent} % there`}
        </span>
        <span className="block text-xs text-ink-3">
          {draft.posting ? "Your post goes out when it is" : "Your draft is waiting"}
        </span>
      </span>
    </button>
  );
}
