import { useQuery } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { lazy, Suspense, useId, useState } from "react";

import { type Import, movingRoutes as r } from "#systems/feed/contract.ts";

import { sentenceOf } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { Failed } from "../../parts/empty.tsx";
import { SelectField } from "../../parts/field.tsx";
import { plural } from "../../parts/numbers.ts";
import { RowSkeleton } from "../../parts/skeleton.tsx";
import { dayOf } from "../../parts/time.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask, call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { ProgressLine } from "./progress-line.tsx";
import { sendArchive } from "./send.ts";

const ReportDialog = lazy(() => import("./report-dialog.tsx"));

const LOOK_MS = 1_500;
const CSV_BYTES_MAX = 1_000_000;
const importsQuery = ask(r.listImports);
const refresh = () => queries.invalidateQueries({ queryKey: importsQuery.queryKey });
const isMoving = ({ state }: Import) => state === "waiting" || state === "working" || state === "undoing";

const KINDS: Record<Import["kind"], { label: string; hint: string; accept: string }> = {
  posts: {
    label: "Posts, of an archive",
    hint: "The zip of a house like this one, of Mastodon or of Twitter, or an outbox.json. Old posts stand at their own date and are news to nobody.",
    accept: ".zip,.json,application/zip,application/json",
  },
  follows: {
    label: "People whom you follow",
    hint: "following_accounts.csv. People of this house are found; the others are named in the report.",
    accept: ".csv,text/csv",
  },
  mutes: { label: "People whom you mute", hint: "muted_accounts.csv", accept: ".csv,text/csv" },
  blocks: { label: "People whom you block", hint: "blocked_accounts.csv", accept: ".csv,text/csv" },
  lists: { label: "Lists of people", hint: "lists.csv: the name of a list and who is in it", accept: ".csv,text/csv" },
  bookmarks: { label: "Bookmarks", hint: "bookmarks.csv. Posts of this house are found.", accept: ".csv,text/csv" },
};

export function ImportPanel() {
  const imports = useQuery({
    ...importsQuery,
    refetchInterval: ({ state }) => (state.data?.items.some(isMoving) ? LOOK_MS : false),
  });
  const [report, setReport] = useState<Import | null>(null);
  return (
    <Panel title="Bring things along" intro="Lists and old posts from elsewhere. Each can be taken back as a whole.">
      <Bring busy={imports.data?.items.some(isMoving) ?? false} />
      {imports.isPending ? (
        <RowSkeleton />
      ) : imports.isError ? (
        <Failed error={imports.error} retry={() => void imports.refetch()} />
      ) : (
        imports.data.items.length > 0 && (
          <ul className="mt-6 divide-y divide-line border-t border-line">
            {imports.data.items.map((one) => (
              <ImportLine key={one.id} one={one} show={() => setReport(one)} />
            ))}
          </ul>
        )
      )}
      <Suspense fallback={null}>{report && <ReportDialog one={report} close={() => setReport(null)} />}</Suspense>
    </Panel>
  );
}

function Bring({ busy }: { busy: boolean }) {
  const id = useId();
  const [kind, setKind] = useState<Import["kind"]>("posts");
  const [audience, setAudience] = useState<"public" | "followers" | "private">("public");
  const [sending, setSending] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const { hint, accept } = KINDS[kind];
  const bring = async (file: File) => {
    setProblem(null);
    setSending(0);
    try {
      if (kind === "posts") await sendArchive(file, audience, setSending);
      else if (file.size > CSV_BYTES_MAX) throw new RangeError("large");
      else await call(r.startImport, { body: { kind, filename: file.name.slice(-200), csv: await file.text() } });
      say("It is being read. You can leave this page.");
      await refresh();
    } catch (error) {
      setProblem(
        error instanceof RangeError ? "This list is larger than the house takes. Split it." : sentenceOf(error),
      );
    } finally {
      setSending(null);
    }
  };
  return (
    <div className="space-y-5">
      <SelectField label="What" value={kind} onChange={(event) => setKind(event.target.value as Import["kind"])}>
        {Object.entries(KINDS).map(([value, { label }]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </SelectField>
      {kind === "posts" && (
        <SelectField
          label="Who may see them here"
          hint="Never more people than there."
          value={audience}
          onChange={(event) => setAudience(event.target.value as typeof audience)}
        >
          <option value="public">Whoever could see them there</option>
          <option value="followers">My followers at most</option>
          <option value="private">Only me</option>
        </SelectField>
      )}
      <div>
        <label
          htmlFor={id}
          className="relative flex min-h-24 cursor-pointer flex-col items-center justify-center gap-1 rounded-2xl border-2 border-dashed border-line-strong/50 px-4 py-5 text-center transition-colors hover:bg-sunken has-focus-visible:outline-2 has-focus-visible:outline-accent-ink has-disabled:cursor-default has-disabled:opacity-50"
        >
          <FileUp className="size-6 text-accent-ink" aria-hidden="true" />
          <span className="text-sm font-semibold">Choose the file</span>
          <span className="max-w-md text-xs text-ink-3">{hint}</span>
          <input
            id={id}
            type="file"
            accept={accept}
            // Over all of the label, so that a file can be dropped on it.
            className="absolute inset-0 cursor-pointer opacity-0 disabled:cursor-default"
            disabled={busy || sending !== null}
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              event.currentTarget.value = "";
              if (file) void bring(file);
            }}
          />
        </label>
        {sending !== null && <ProgressLine fraction={sending} label="How much of the file is sent" />}
        {problem !== null && (
          <p role="alert" className="mt-2 text-sm font-medium text-bad">
            {problem}
          </p>
        )}
      </div>
    </div>
  );
}

const WORDS: Record<Import["state"], string> = {
  waiting: "is waiting for its file",
  working: "is being read",
  done: "",
  failed: "could not be read",
  undoing: "is being taken back",
  undone: "was taken back",
};

function ImportLine({ one, show }: { one: Import; show: () => void }) {
  const [asking, setAsking] = useState(false);
  const name = one.filename || KINDS[one.kind].label;
  const undo = () => {
    setAsking(false);
    void call(r.undoImport, { params: { id: one.id } })
      .then(refresh)
      .catch(sorry);
  };
  const may_undo =
    one.state === "working" ||
    one.state === "waiting" ||
    ((one.state === "done" || one.state === "failed") && one.taken > 0);
  return (
    <li className="py-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-40 flex-1">
          <p className="text-sm leading-5 font-semibold break-words">
            {name} {WORDS[one.state]}
          </p>
          <p className="text-xs text-ink-3">
            {dayOf(one.created_at)}
            {one.lines_done > 0 &&
              ` · ${one.taken.toLocaleString()} taken, ${one.there.toLocaleString()} there before, ${one.left.toLocaleString()} left out`}
          </p>
          {one.reason && <p className="mt-1 text-xs font-medium text-bad">{one.reason}</p>}
        </div>
        <div className="flex gap-2">
          {one.lines_done > 0 && (
            <Button look="soft" size="sm" onClick={show}>
              Report
            </Button>
          )}
          {may_undo && (
            <Button look="danger" size="sm" onClick={() => setAsking(true)}>
              {one.state === "done" || one.state === "failed" ? "Take back" : "Stop"}
            </Button>
          )}
        </div>
      </div>
      {one.state === "working" && (
        <ProgressLine fraction={one.lines === 0 ? 0 : one.lines_done / one.lines} label={`How far ${name} is`} />
      )}
      <Confirm open={asking} onOpenChange={setAsking} title="Take this back?" action="Take it back" onConfirm={undo}>
        {one.kind === "posts"
          ? `${plural(one.taken, "post")} that came with it will be deleted, with their likes and answers.`
          : `What it changed is changed back: ${plural(one.taken, "person", "people")}.`}{" "}
        What was here before stays.
      </Confirm>
    </li>
  );
}
