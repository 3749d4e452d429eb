import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, CircleDashed, Minus } from "lucide-react";
import { useState } from "react";

import { type Import, type ImportLine, movingRoutes as r } from "#systems/feed/contract.ts";

import { cx } from "../../parts/class.ts";
import { Sheet } from "../../parts/dialog.tsx";
import { PagedList } from "../../parts/paged-list.tsx";
import { RowSkeleton } from "../../parts/skeleton.tsx";
import { askPages } from "../../shell/house.ts";

type Outcome = ImportLine["outcome"];
const OUTCOMES: [Outcome | null, string][] = [
  [null, "All"],
  ["taken", "Taken"],
  ["there", "There before"],
  ["left", "Left out"],
];
const ICONS = { taken: Check, there: Minus, left: CircleDashed } as const;
const WORDS: Record<Outcome, string> = { taken: "Taken", there: "There before", left: "Left out" };

/** What became of each line. */
export default function ReportDialog({ one, close }: { one: Import; close: () => void }) {
  const [outcome, setOutcome] = useState<Outcome | null>(one.left > 0 ? "left" : null);
  const query = { limit: 50, ...(outcome === null ? {} : { outcome }) };
  const lines = useInfiniteQuery(askPages(r.listImportLines, { params: { id: one.id }, query }));
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={one.filename || "What became of it"} wide tall>
      <div className="flex gap-1 overflow-x-auto px-6 py-2 no-bar">
        {OUTCOMES.map(([value, label]) => (
          <button
            key={label}
            type="button"
            aria-pressed={outcome === value}
            onClick={() => setOutcome(value)}
            className={cx(
              "h-9 rounded-full px-4 text-sm font-semibold whitespace-nowrap transition-colors",
              outcome === value ? "bg-ink text-birch" : "text-ink-2 hover:bg-sunken",
            )}
          >
            {label}
            {value !== null && <span className="ml-1.5 font-normal opacity-80">{one[value].toLocaleString()}</span>}
          </button>
        ))}
      </div>
      <PagedList<ImportLine>
        pages={lines}
        what="lines"
        keyOf={(line) => String(line.n)}
        className="divide-y divide-line px-6 pb-6"
        skeleton={<RowSkeleton />}
        empty={<p className="px-6 py-10 text-center text-sm text-ink-3">None.</p>}
        end={null}
      >
        {(line) => <Line line={line} />}
      </PagedList>
    </Sheet>
  );
}

function Line({ line }: { line: ImportLine }) {
  const Icon = ICONS[line.outcome];
  return (
    <div role="listitem" className="flex gap-3 py-3">
      <Icon
        className={cx("mt-0.5 size-4.5 shrink-0", line.outcome === "taken" ? "text-good" : "text-ink-3")}
        aria-hidden="true"
      />
      <div className="min-w-0 flex-1 text-sm">
        <p className="break-all">
          <span className="sr-only">{WORDS[line.outcome]}: </span>
          {line.subject === "" ? `Line ${line.n}` : line.subject}
        </p>
        {line.detail && <p className="text-xs text-ink-3">{line.detail}</p>}
        {line.undone && <p className="text-xs text-ink-3">Taken back.</p>}
      </div>
      {line.post_id && !line.undone && (
        <Link
          to="/posts/$id"
          params={{ id: line.post_id }}
          className="text-sm font-semibold text-accent-ink hover:underline"
        >
          Look
        </Link>
      )}
    </div>
  );
}
