import { X } from "lucide-react";
import type { ReactNode } from "react";

import type { JobState } from "#systems/jobs/contract.ts";
import { JOB_CLASSES } from "#systems/jobs/contract.ts";

import { FindBox } from "../parts/found-list.tsx";
import { Pills } from "../parts/pills.tsx";
import { useNowMs } from "../parts/time.tsx";
import { Select } from "./select.tsx";
import { BACK, nameOf, sinceOf, type Sought } from "./sought.ts";
import { CLASS_WORDS, STATE_WORDS } from "./words.ts";

const STATES = (["queued", "running", "dead", "done", "cancelled"] as const).map(
  (state: JobState) => [state, STATE_WORDS[state]] as const,
);

/** What narrows the list down. What came from elsewhere on the page (whose, which reason) stands as a word that can be taken away. */
export function JobFilters({
  sought,
  seek,
  kinds,
  children,
}: {
  sought: Sought;
  seek: (sought: Sought) => void;
  kinds: readonly string[];
  children: ReactNode;
}) {
  const now_ms = useNowMs();
  const change = (more: Partial<Sought>) => seek({ ...sought, ...more });
  return (
    <div className="space-y-2">
      <Pills label="State" options={STATES} value={sought.state} choose={(state) => change({ state })} />
      <FindBox
        label="Number of a job, or words of the reason"
        placeholder="Number, or words of the reason"
        value={sought.text}
        change={(text) => change({ text })}
        chars_max={100}
        className="w-full flex-none"
      />
      <div className="flex flex-wrap items-center gap-2">
        <Select
          label="Kind"
          value={sought.kind ?? ""}
          change={(kind) => change({ kind: kind || null })}
          className="max-sm:basis-full"
        >
          <option value="">All kinds</option>
          {[...new Set([...kinds, ...(sought.kind === null ? [] : [sought.kind])])].map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
        <Select
          label="Class"
          className="max-sm:flex-1"
          value={sought.class ?? ""}
          change={(of) => change({ class: JOB_CLASSES.find((one) => one === of) ?? null })}
        >
          <option value="">All classes</option>
          {JOB_CLASSES.map((one) => (
            <option key={one} value={one}>
              {CLASS_WORDS[one].label}
            </option>
          ))}
        </Select>
        <Select
          label="Time"
          className="max-sm:flex-1"
          value={sought.since?.label ?? ""}
          change={(label) => change({ since: sinceOf(label, now_ms) })}
        >
          <option value="">Any time</option>
          {BACK.map(([label]) => (
            <option key={label}>{label}</option>
          ))}
        </Select>
      </div>
      <div className="flex min-h-9 flex-wrap items-center gap-2">
        {sought.tenant && <Word words={`For ${nameOf(sought.tenant)}`} drop={() => change({ tenant: null })} />}
        {sought.reason !== null && (
          <Word words={`Like “${sought.reason || "without a word"}”`} drop={() => change({ reason: null })} />
        )}
        <div className="ml-auto flex flex-wrap items-center gap-2">{children}</div>
      </div>
    </div>
  );
}

const Word = ({ words, drop }: { words: string; drop: () => void }) => (
  <span className="flex h-9 max-w-full min-w-0 items-center gap-1 rounded-full bg-sunken pr-1 pl-3.5 text-sm">
    <span className="truncate">{words}</span>
    <button
      type="button"
      onClick={drop}
      aria-label={`No longer: ${words}`}
      className="grid size-7 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-surface hover:text-ink"
    >
      <X className="size-4" aria-hidden="true" />
    </button>
  </span>
);
