import { ClockPlus, Ellipsis, Link2, ListPlus } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import { copyLink } from "../../feed/post-menu.tsx";
import { IconButton } from "../../parts/button.tsx";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import type { MenuEntry } from "../../parts/menu-entry.ts";
import { sorry } from "../../shell/toasts.ts";
import { saveForLater } from "./saving.ts";

const SaveSheet = lazy(() => import("./save-sheet.tsx"));

/** What can be done with a film wherever it stands in a list; `more` is what can be done with it here. */
export function VideoMenu({ video, more = [] }: { video: { id: string; title: string }; more?: readonly MenuEntry[] }) {
  const [saving, setSaving] = useState(false);
  return (
    <>
      <LazyMenu
        entries={() => [
          { label: "Watch later", icon: <ClockPlus />, run: () => saveForLater(video.id) },
          { label: "Save to a playlist", icon: <ListPlus />, run: () => setSaving(true) },
          { label: "Copy link", icon: <Link2 />, run: () => void copyLink(`/watch/${video.id}`).catch(sorry) },
          ...(more.length > 0 ? (["line", ...more] as const) : []),
        ]}
        trigger={
          <IconButton label={`More about ${video.title}`} className="text-ink-3">
            <Ellipsis className="size-5" />
          </IconButton>
        }
      />
      <Suspense fallback={null}>{saving && <SaveSheet video_id={video.id} close={() => setSaving(false)} />}</Suspense>
    </>
  );
}
