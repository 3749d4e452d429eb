import { useInfiniteQuery } from "@tanstack/react-query";
import { Download, ScrollText, ShieldCheck } from "lucide-react";
import { useDeferredValue, useState } from "react";

import { type AuditRow, checkAudit, listAudit } from "#systems/moderation/contract.ts";

import { Button, buttonClass } from "../parts/button.tsx";
import { Empty } from "../parts/empty.tsx";
import { SelectField, TextField } from "../parts/field.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { askPages, call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { auditWords } from "./words.ts";

const WHAT = [
  ["", "Everything"],
  ["act", "Acts"],
  ["undo", "Taken back"],
  ["appeal", "Appeals"],
  ["case", "Cases without an act"],
  ["shield", "Shields"],
  ["rules", "Rules"],
  ["job", "Jobs"],
  ["people", "Offices"],
  ["house", "Settings"],
] as const;

/** What was done in the house's name: who, what, to whom, when and why. */
export default function AdminAudit() {
  const [what, setWhat] = useState("");
  const [name, setName] = useState("");
  const [whose, setWhose] = useState<"by" | "person">("by");
  const handle = useDeferredValue(name.trim().replace(/^@/, ""));
  const pages = useInfiniteQuery(
    askPages(listAudit, {
      query: { limit: 50, ...(what === "" ? {} : { what }), ...(handle === "" ? {} : { [whose]: handle }) },
    }),
  );
  return (
    <>
      <Panel
        title="The log"
        intro="Each line carries the hash of all before it. Nobody takes one out unseen."
        action={
          <a href="/v1/admin/audit/export" download className={buttonClass("outline", "sm")}>
            <Download className="size-4" aria-hidden="true" /> Export
          </a>
        }
      >
        <Check />
      </Panel>
      <section className="overflow-hidden rounded-2xl border border-line bg-surface">
        <div className="grid gap-3 border-b border-line p-4 sm:grid-cols-3">
          <SelectField label="What" value={what} onChange={(event) => setWhat(event.target.value)}>
            {WHAT.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
          <SelectField label="Who" value={whose} onChange={(event) => setWhose(event.target.value as "by" | "person")}>
            <option value="by">Done by</option>
            <option value="person">Done to</option>
          </SelectField>
          <TextField
            label="Handle"
            placeholder="anybody"
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        <PagedList<AuditRow>
          pages={pages}
          what="lines"
          keyOf={(row) => row.seq}
          className="divide-y divide-line"
          skeleton={[0, 1, 2, 3].map((at) => (
            <RowSkeleton key={at} />
          ))}
          empty={<Empty icon={<ScrollText />} title="No such line" />}
          end={null}
        >
          {(row) => <Line row={row} />}
        </PagedList>
      </section>
    </>
  );
}

function Line({ row }: { row: AuditRow }) {
  const { words, because, title } = row.detail as { words?: string; because?: string; title?: string };
  const more = words || because || title;
  return (
    <div role="listitem" className="px-4 py-3 text-sm">
      <p className="flex items-baseline justify-between gap-3">
        <span className="min-w-0">
          <b>{row.by ? `@${row.by.handle}` : "The house"}</b> {auditWords(row.what)}
          {row.person && <span className="text-ink-2"> · @{row.person.handle}</span>}
          {typeof row.detail.kind === "string" && (
            <span className="text-ink-2"> · {row.detail.kind.replace("_", "-")}</span>
          )}
          {typeof row.detail.job_kind === "string" && <span className="text-ink-2"> · {row.detail.job_kind}</span>}
          {typeof row.detail.role === "string" && <span className="text-ink-2"> · {row.detail.role}</span>}
        </span>
        <Ago at={row.at} className="shrink-0 text-xs text-ink-3" />
      </p>
      {more && <p className="mt-0.5 line-clamp-3 text-ink-2">{more}</p>}
      <p className="mt-0.5 truncate font-mono text-[0.6875rem] text-ink-3">
        {row.seq} · {row.hash.slice(0, 16)}
      </p>
    </div>
  );
}

function Check() {
  const [state, setState] = useState<{ ok: boolean; rows: number; broken_at: string | null } | null>(null);
  const [busy, setBusy] = useState(false);
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button
        look="soft"
        size="sm"
        busy={busy}
        onClick={() => {
          setBusy(true);
          call(checkAudit)
            .then(setState)
            .catch(sorry)
            .finally(() => setBusy(false));
        }}
      >
        <ShieldCheck className="size-4" aria-hidden="true" /> Check the chain
      </Button>
      <p role="status" className={state?.ok === false ? "text-sm font-semibold text-bad" : "text-sm text-ink-2"}>
        {state &&
          (state.ok
            ? `All ${state.rows} lines follow from one another.`
            : `Line ${state.broken_at} does not follow from those before it: somebody changed the database.`)}
      </p>
    </div>
  );
}
