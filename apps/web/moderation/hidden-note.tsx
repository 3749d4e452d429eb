import { EyeOff } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import type { SubjectKind } from "#systems/moderation/contract.ts";

import { Button } from "../parts/button.tsx";

const HiddenWhy = lazy(() => import("./hidden-why.tsx"));

/** On what moderators hid, for its author and for them: that it is so, why, and the way to an appeal. */
export default function HiddenNote({ subject, own }: { subject: { kind: SubjectKind; id: string }; own: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <div
      role="note"
      className="mt-3 flex items-center gap-3 rounded-xl bg-warn-tint px-3.5 py-2.5 text-sm font-medium text-warn"
    >
      <EyeOff className="size-5 shrink-0" aria-hidden="true" />
      <p className="flex-1">
        {own ? "Moderators hid this. Nobody else sees it." : "Hidden. Only its author and moderators see this."}
      </p>
      {own && (
        <Button look="quiet" size="sm" className="text-warn" onClick={() => setOpen(true)}>
          Why?
        </Button>
      )}
      <Suspense fallback={null}>{open && <HiddenWhy subject={subject} close={() => setOpen(false)} />}</Suspense>
    </div>
  );
}
