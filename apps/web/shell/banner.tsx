import { CloudOff } from "lucide-react";
import { useEffect } from "react";

import { queries } from "./house.ts";
import { knock, onBack, reached, useReachable } from "./reachable.ts";

/** Says that the house is away, and goes by itself when it is back; what was on the screen then heals. */
export function AwayBanner() {
  const reachable = useReachable();
  useEffect(() => {
    const offline = () => reached(false);
    window.addEventListener("offline", offline);
    window.addEventListener("online", knock);
    const forget = onBack(() => void queries.invalidateQueries({ refetchType: "active" }));
    return () => {
      window.removeEventListener("offline", offline);
      window.removeEventListener("online", knock);
      forget();
    };
  }, []);
  return (
    <div role="status" aria-live="polite">
      {!reachable && (
        <div className="rise flex items-center gap-3 bg-warn-tint px-4 py-2.5 text-sm font-medium text-warn">
          <CloudOff className="size-5 shrink-0" aria-hidden="true" />
          <p className="flex-1">The house does not answer. You can go on reading; we keep knocking.</p>
          <button
            type="button"
            onClick={knock}
            className="rounded-full px-3 py-1 font-semibold underline underline-offset-4"
          >
            Knock now
          </button>
        </div>
      )}
    </div>
  );
}
