import { Check, Copy } from "lucide-react";
import { useState } from "react";

import { Button } from "./button.tsx";

/** Something that is shown once: all of it, selectable, with one press to take it along. */
export function Secret({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="rounded-2xl border border-accent-ink/40 bg-accent-tint p-4">
      <p className="text-sm font-semibold">{label}</p>
      <code className="mt-2 block rounded-xl bg-raised px-3 py-2.5 text-sm break-all select-all">{value}</code>
      <Button
        size="sm"
        className="mt-3"
        onClick={() =>
          void navigator.clipboard.writeText(value).then(
            () => setCopied(true),
            () => setCopied(false),
          )
        }
      >
        {copied ? <Check className="size-4" /> : <Copy className="size-4" />} {copied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
