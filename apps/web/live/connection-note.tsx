import { CloudOff } from "lucide-react";

import { connectionWords } from "./connection-words.ts";
import type { PageLine } from "./page-line.ts";
import { useLineState } from "./use-line.ts";

/**
 * Says that the line is away and what waits, and goes by itself.
 * @param waiting what waits beside the line, because it goes by another way, and is counted with what waits for it
 */
export function ConnectionNote({ page, waiting = 0 }: { page: PageLine | null; waiting?: number }) {
  const state = useLineState(page);
  const words = connectionWords(state, waiting);
  return (
    <div role="status" aria-live="polite">
      {words !== null && (
        <div className="rise flex items-center gap-3 bg-warn-tint px-4 py-2 text-sm font-medium text-warn">
          <CloudOff className="size-4 shrink-0" aria-hidden="true" />
          <p className="flex-1">{words}</p>
          {state.connection === "waiting" && (
            <button
              type="button"
              onClick={() => page?.line.start()}
              className="rounded-full px-3 py-1 font-semibold underline underline-offset-4"
            >
              Try now
            </button>
          )}
        </div>
      )}
    </div>
  );
}
