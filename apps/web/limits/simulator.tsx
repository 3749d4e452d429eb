import { useQuery } from "@tanstack/react-query";
import { FileText } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import {
  type LimitsInForce,
  limitsRoutes as r,
  type SimulatedGrant,
  type SimulateSaid,
  type SimulationReport,
} from "#systems/limits/contract.ts";

import { Button, buttonClass } from "../parts/button.tsx";
import { Failed } from "../parts/empty.tsx";
import { SelectField, TextArea } from "../parts/field.tsx";
import { bytesOf } from "../parts/numbers.ts";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { Panel } from "../people/sections.tsx";
import { ask, call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { parseRules, placed, type PlacedTrouble } from "./simulator-place.ts";
import { SHOWN_MAX, SimulatorReport } from "./simulator-report.tsx";
import { startSimulation } from "./simulator-run.ts";
import { whole } from "./simulator-words.ts";

/** Tiers that are asked for; further people and spaces count as free, and it is said. */
const TIER_PAGES_MAX = 20;
const DRAFTS_SHOWN_MAX = 20;

/** Rules are tried on what really happened, before they hold. The log is read here and goes nowhere. */
export default function Simulator() {
  const holds = useQuery({ ...ask(r.inForce), staleTime: Number.POSITIVE_INFINITY });
  if (holds.isPending)
    return (
      <>
        <Loading what="the rules in force" />
        <Skeleton className="h-80 rounded-2xl" />
      </>
    );
  if (holds.isError) return <Failed error={holds.error} retry={() => void holds.refetch()} />;
  return <Desk holds={holds.data} />;
}

interface Made {
  report: SimulationReport;
  took_ms: number;
  all_tiers: boolean;
  /** Of people who are told, by their key. */
  names: ReadonlyMap<string, string>;
}
type Running = { lines: number; bytes: number } | null;

function Desk({ holds }: { holds: LimitsInForce }) {
  const [file, setFile] = useState<File | null>(null);
  const [text, setText] = useState(() => JSON.stringify(holds.set, null, 2));
  const [troubles, setTroubles] = useState<readonly PlacedTrouble[]>([]);
  const [running, setRunning] = useState<Running>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  const run = useRef<Disposable | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const result = useRef<HTMLDivElement>(null);

  const stop = () => {
    run.current?.[Symbol.dispose]();
    run.current = null;
    setRunning(null);
  };
  // Whoever goes elsewhere does not wait for it.
  useEffect(() => stop, []);

  function say(trouble: readonly PlacedTrouble[]) {
    setTroubles(trouble);
    if (trouble[0]) show(trouble[0]);
  }
  function show({ at }: PlacedTrouble) {
    field.current?.focus();
    field.current?.setSelectionRange(at, at);
  }

  async function start() {
    if (!file) return;
    const read = parseRules(text);
    setFailed(null);
    if ("trouble" in read) return say([read.trouble]);
    setTroubles([]);
    setMade(null);
    setRunning({ lines: 0, bytes: 0 });
    const { grants, all } = await tiers();
    const { routes, costs, apart, set: in_force } = holds;
    const hear = (said: SimulateSaid, took_ms: number) => {
      if (said.said === "progress") return setRunning({ lines: said.lines, bytes: said.bytes });
      stop();
      if (said.said === "rules") return say(said.troubles.map((trouble) => placed(text, trouble)));
      if (said.said === "failed") return setFailed(said.detail);
      if (said.report.log.requests === 0) {
        const { lines, too_long } = said.report.log;
        return setFailed(`None of its ${whole(lines + too_long)} lines is a request in a form that is known here.`);
      }
      const shown = { report: said.report, took_ms, all_tiers: all };
      setMade({ ...shown, names: new Map() });
      // The numbers stand at once; whoever is known gets a name when it comes.
      void namesIn(said.report).then((names) =>
        setMade((now) => (now?.report === said.report ? { ...shown, names } : now)),
      );
    };
    run.current = startSimulation({ file, proposed: read.value, in_force, routes, costs, apart, grants }, hear);
  }
  const report = made?.report;
  useEffect(() => {
    if (report) result.current?.focus();
  }, [report]);

  const first = troubles[0];
  return (
    <>
      <Panel
        title="Try on a log"
        intro="Replays an access log against rules that you propose, and shows who would have been refused. The file is read in this browser and goes nowhere."
      >
        <form
          noValidate
          className="space-y-5"
          onSubmit={(event) => {
            event.preventDefault();
            void start().catch((error: unknown) => {
              stop();
              sorry(error);
            });
          }}
        >
          <div>
            <p className="mb-1.5 text-sm font-semibold" id="simulator-log">
              Access log
            </p>
            <label
              className={buttonClass(
                "outline",
                "md",
                "max-w-full cursor-pointer has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent-ink",
              )}
            >
              <FileText className="size-4.5 shrink-0" aria-hidden="true" />
              <span className="truncate">{file ? file.name : "Choose a file"}</span>
              <input
                type="file"
                aria-labelledby="simulator-log"
                className="sr-only"
                onChange={(event) => setFile(event.target.files?.[0] ?? null)}
              />
            </label>
            <p className="mt-1.5 text-xs text-ink-3">
              {file ? `${bytesOf(file.size)}. ` : ""}The house's own (<code>FOLKHUS_ACCESS_LOG</code>), or nginx's or
              Apache's; packed with gzip or not.
            </p>
          </div>
          <Begin holds={holds} onBegin={(set) => (setText(JSON.stringify(set, null, 2)), setTroubles([]))} />
          <TextArea
            ref={field}
            label="Proposed rules"
            rows={12}
            spellCheck={false}
            autoCapitalize="off"
            value={text}
            aria-invalid={first !== undefined || undefined}
            error={first && `${first.line === null ? "" : `Line ${first.line}: `}${first.detail}`}
            hint="As JSON; what is tried here is kept nowhere."
            className="max-h-96 font-mono text-xs leading-5"
            onChange={(event) => setText(event.target.value)}
          />
          {troubles.length > 1 && (
            <ul className="space-y-1 text-xs" aria-label="What else is wrong in the rules">
              {troubles.slice(1).map((trouble) => (
                <li key={`${trouble.pointer} ${trouble.detail}`}>
                  <button
                    type="button"
                    className="text-left font-medium text-bad underline"
                    onClick={() => show(trouble)}
                  >
                    {trouble.line === null ? trouble.pointer : `Line ${trouble.line}`}: {trouble.detail}
                  </button>
                </li>
              ))}
            </ul>
          )}
          {failed !== null && (
            <p role="alert" className="rounded-xl bg-accent-tint px-4 py-3 text-sm text-bad">
              {failed}
            </p>
          )}
          {running === null ? (
            <Button type="submit" disabled={file === null}>
              Replay the log
            </Button>
          ) : (
            <Progress running={running} size_bytes={file?.size ?? 0} onStop={stop} />
          )}
        </form>
      </Panel>
      {made && (
        <div ref={result} tabIndex={-1} className="outline-none" aria-label="Result" role="region">
          <SimulatorReport report={made.report} names={made.names} />
          <p className="mb-8 px-1 text-xs text-ink-3">
            Compared with version {holds.version}, in force. {whole(made.report.log.lines)} lines in{" "}
            {(made.took_ms / 1_000).toFixed(1)} s.{" "}
            {!made.all_tiers &&
              "So many have a tier that only the first of them were looked up; the others count as free."}
          </p>
        </div>
      )}
    </>
  );
}

/** What the text begins from: what holds, or a draft. */
function Begin({ holds, onBegin }: { holds: LimitsInForce; onBegin: (set: LimitsInForce["set"]) => void }) {
  const drafts = useQuery(ask(r.listSets, { query: { limit: DRAFTS_SHOWN_MAX } }));
  const found = (drafts.data?.items ?? []).filter(({ state }) => state === "draft");
  if (found.length === 0) return null;
  return (
    <SelectField
      label="Begin from"
      defaultValue=""
      onChange={(event) => {
        const version = event.target.value;
        if (version === "") return onBegin(holds.set);
        void call(r.getSet, { params: { version } })
          .then(({ set }) => onBegin(set))
          .catch(sorry);
      }}
    >
      <option value="">The rules in force</option>
      {found.map(({ version, note }) => (
        <option key={version} value={version}>
          Draft {version}
          {note === "" ? "" : `: ${note.slice(0, 60)}`}
        </option>
      ))}
    </SelectField>
  );
}

function Progress({
  running,
  size_bytes,
  onStop,
}: {
  running: NonNullable<Running>;
  size_bytes: number;
  onStop: () => void;
}) {
  const share = Math.min(1, running.bytes / Math.max(1, size_bytes));
  return (
    <div className="flex items-center gap-4">
      <div className="min-w-0 flex-1">
        <div
          role="progressbar"
          aria-label="How far the log is read"
          aria-valuenow={Math.round(share * 100)}
          aria-valuemin={0}
          aria-valuemax={100}
          className="h-2 overflow-hidden rounded-full bg-sunken"
        >
          <div className="h-full rounded-full bg-accent" style={{ width: `${share * 100}%` }} />
        </div>
        <p className="mt-1.5 text-xs text-ink-3 tabular-nums">{whole(running.lines)} lines</p>
      </div>
      <Button look="soft" onClick={onStop}>
        Stop
      </Button>
    </div>
  );
}

/** What people are called, by key; whoever is not found keeps their number. */
async function namesIn({ change }: SimulationReport): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const look = async (key: string, name: string) => {
    const { now } = await call(r.getTier, { params: { kind: "person", name } });
    if (now.person) names.set(key, `${now.person.display_name} @${now.person.handle}`);
  };
  const people = change.newly.slice(0, SHOWN_MAX).flatMap(({ key }) => {
    const id = /^person:(\d{1,20})$/.exec(key)?.[1];
    return id === undefined ? [] : [look(key, id)];
  });
  await Promise.allSettled(people);
  return names;
}

/** Who has another tier than free, as the worker takes it. */
async function tiers() {
  const grants: { people: [string, SimulatedGrant][]; spaces: [string, SimulatedGrant][] } = { people: [], spaces: [] };
  let cursor: string | null = null;
  for (let pages = 0; pages < TIER_PAGES_MAX; pages++) {
    const page: { items: TierRow[]; next_cursor: string | null } = await call(r.listTiers, {
      query: { limit: 100, ...(cursor === null ? {} : { cursor }) },
    });
    for (const { kind, subject_id, tier, percent } of page.items)
      grants[kind === "person" ? "people" : "spaces"].push([subject_id, { tier, percent }]);
    cursor = page.next_cursor;
    if (cursor === null) return { grants, all: true };
  }
  return { grants, all: false };
}

type TierRow = SimulatedGrant & { kind: "person" | "space"; subject_id: string };
