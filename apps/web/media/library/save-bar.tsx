import { ClockPlus, ListPlus } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";

import { Button } from "../../parts/button.tsx";
import { useMe } from "../../shell/session.ts";
import { saveForLater } from "./saving.ts";

const SaveSheet = lazy(() => import("./save-sheet.tsx"));

/** Below a film: keep it for later, or put it into a playlist. */
export function SaveBar({ video_id, children }: { video_id: string; children?: ReactNode }) {
  const me = useMe();
  const [saving, setSaving] = useState(false);
  if (!me) return null;
  return (
    <div className="mt-4 flex flex-wrap gap-2">
      <Button look="outline" size="sm" onClick={() => saveForLater(video_id)}>
        <ClockPlus className="size-4.5" aria-hidden="true" /> Watch later
      </Button>
      <Button look="outline" size="sm" onClick={() => setSaving(true)}>
        <ListPlus className="size-4.5" aria-hidden="true" /> Save to a playlist
      </Button>
      {children}
      <Suspense fallback={null}>{saving && <SaveSheet video_id={video_id} close={() => setSaving(false)} />}</Suspense>
    </div>
  );
}
