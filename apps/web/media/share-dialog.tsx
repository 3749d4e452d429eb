import { Check, Copy } from "lucide-react";
import { useId, useState } from "react";

import type { Video } from "#systems/media/contract.ts";

import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { clockOf } from "../parts/time.tsx";
import { sorry } from "../shell/toasts.ts";
import { watchPath } from "./at-time.ts";

/** The address of a film, at a place of it if wished, to give to others. */
export default function ShareDialog({ video, at_s, close }: { video: Video; at_s: number; close: () => void }) {
  const [at, setAt] = useState(false);
  const id = useId();
  const address = new URL(watchPath(video.id, at ? at_s : null), location.origin).href;
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Share">
      <div className="flex flex-col gap-4 px-6 pt-2 pb-6">
        {video.audience !== "public" && (
          <p className="rounded-xl bg-warn-tint px-3 py-2 text-sm text-warn">
            Only those who may see it can open this link.
          </p>
        )}
        <Line label="Link" text={address} />
        <label htmlFor={id} className="flex min-h-11 items-center gap-3 text-sm font-medium">
          <input
            id={id}
            type="checkbox"
            checked={at}
            onChange={({ target }) => setAt(target.checked)}
            className="size-5 accent-accent"
          />
          Begin at {clockOf(Math.floor(at_s) * 1000)}
        </label>
      </div>
    </Sheet>
  );
}

function Line({ label, text }: { label: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const id = useId();
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-sm font-semibold">
        {label}
      </label>
      <div className="flex items-center gap-2">
        <input
          id={id}
          readOnly
          value={text}
          onFocus={({ target }) => target.select()}
          className="h-11 min-w-0 flex-1 rounded-xl border border-line-strong bg-sunken px-3.5 text-sm"
        />
        <Button onClick={() => void copy().catch(sorry)}>
          {copied ? (
            <Check className="size-4.5" aria-hidden="true" />
          ) : (
            <Copy className="size-4.5" aria-hidden="true" />
          )}
          {copied ? "Copied" : "Copy"}
        </Button>
      </div>
    </div>
  );
}
