import { useQuery } from "@tanstack/react-query";
import { CloudOff, Info, X } from "lucide-react";
import { useEffect, useState } from "react";

import { houseQuery, queries } from "./house.ts";
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

/** What is degraded in this house, in words; dismissed until the words change. */
export function HouseNotes() {
  const { data: house } = useQuery(houseQuery);
  const text = (house?.notes ?? []).map((note) => note.detail).join(" ");
  const [hidden, setHidden] = useState(() => sessionStorage.getItem("folkhus.notes"));
  if (text === "" || hidden === text) return null;
  return (
    <div role="note" className="flex items-start gap-3 border-b border-line bg-warn-tint px-4 py-2.5 text-sm text-warn">
      <Info className="mt-0.5 size-5 shrink-0" aria-hidden="true" />
      <p className="flex-1">{text}</p>
      <button
        type="button"
        aria-label="Hide this note"
        className="grid size-7 place-items-center rounded-full"
        onClick={() => {
          sessionStorage.setItem("folkhus.notes", text);
          setHidden(text);
        }}
      >
        <X className="size-4" />
      </button>
    </div>
  );
}
