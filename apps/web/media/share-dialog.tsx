import { Check, Copy } from "lucide-react";
import { useId, useState } from "react";

import type { Video } from "#systems/media/contract.ts";

import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { clockOf } from "../parts/time.tsx";
import { sorry } from "../shell/toasts.ts";
import { watchPath } from "./at-time.ts";

const FRAME_PX = 640;

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
        {video.embed_url !== null && <Line label="For a page elsewhere" text={frameOf(video, at ? at_s : null)} />}
      </div>
    </Sheet>
  );
}

/** The player in a frame, in the shape of the film. What is in the title stays within its attribute. */
function frameOf({ embed_url, title, width, height }: Video, at_s: number | null): string {
  const url = new URL(embed_url ?? "", location.origin);
  if (at_s !== null) url.searchParams.set("t", String(Math.floor(at_s)));
  const high = Math.round((FRAME_PX * (height ?? 9)) / (width ?? 16));
  const safe = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  return `<iframe src="${safe(url.href)}" title="${safe(title)}" width="${FRAME_PX}" height="${high}" style="border:0" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`;
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
