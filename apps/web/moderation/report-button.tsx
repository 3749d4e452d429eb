import { Flag } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import type { SubjectKind } from "#systems/moderation/contract.ts";

import { Button } from "../parts/button.tsx";

const ReportDialog = lazy(() => import("./report-dialog.tsx"));

/** Where a thing has no menu of its own. */
export function ReportButton({ subject, of }: { subject: { kind: SubjectKind; id: string }; of: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="quiet" size="sm" onClick={() => setOpen(true)}>
        <Flag className="size-4.5" aria-hidden="true" /> Report
      </Button>
      <Suspense fallback={null}>
        {open && <ReportDialog subject={subject} of={of} close={() => setOpen(false)} />}
      </Suspense>
    </>
  );
}
