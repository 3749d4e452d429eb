import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { limitsRoutes as r, type Tier, type TierKind, type TierRow, TIERS } from "#systems/limits/contract.ts";

import { Button } from "../parts/button.tsx";
import { Empty } from "../parts/empty.tsx";
import { SelectField, TextField } from "../parts/field.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { dayOf } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { askPages, call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { LookUp } from "./look-up.tsx";
import { nameOf, tierInWords, WhoseChoice } from "./who.tsx";

/** Who has more than others, or less. */
export default function TiersPanel() {
  const pages = useInfiniteQuery(askPages(r.listTiers));
  const [whom, setWhom] = useState<Whom>({ kind: "person", name: "" });
  const again = () => queries.invalidateQueries({ queryKey: [r.listTiers.path] });
  const give = (kind: TierKind, name: string, tier: Tier, percent: number | null, note: string) =>
    call(r.giveTier, { params: { kind, name }, body: { tier, percent, note } }).then(async (row) => {
      say(`${nameOf(row)}: ${tierInWords(row)}.`);
      await again();
    });
  const takeBack = (row: TierRow) => void give(row.kind, row.subject_id, "free", null, "").catch(sorry);
  return (
    <>
      <LookUp onFound={(kind, name) => setWhom({ kind, name })} />
      <Panel
        title="Give a tier"
        intro="It chooses which numbers of a rule hold for somebody, their tokens, or a space. Rooms and members of a space are not changed by it."
      >
        <GiveForm whom={whom} onWhom={setWhom} give={give} />
      </Panel>
      <Panel title="Who has one" intro="Everybody else has free.">
        <PagedList
          pages={pages}
          what="People and spaces with a tier"
          keyOf={({ kind, subject_id }) => `${kind} ${subject_id}`}
          skeleton={<Skeleton className="h-24 rounded-2xl" />}
          empty={<Empty title="Nobody yet">Who is given a tier is listed here, with who gave it and why.</Empty>}
          end={null}
          className="divide-y divide-line"
        >
          {(row) => (
            <div role="listitem" className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
              <div className="min-w-0 flex-1 basis-48">
                <p className="truncate text-sm font-semibold">
                  {nameOf(row)} <span className="font-normal text-ink-2">{tierInWords(row)}</span>
                </p>
                <p className="text-xs text-ink-3">
                  {row.by ? `by ${row.by.display_name}` : ""}
                  {row.at ? `, ${dayOf(row.at)}` : ""}
                  {row.note === "" ? "" : `: ${row.note}`}
                </p>
              </div>
              <Button
                size="sm"
                look="outline"
                aria-label={`Back to free: ${nameOf(row)}`}
                onClick={() => takeBack(row)}
              >
                Back to free
              </Button>
            </div>
          )}
        </PagedList>
      </Panel>
    </>
  );
}

interface Whom {
  kind: TierKind;
  name: string;
}

function GiveForm({
  whom: { kind, name },
  onWhom,
  give,
}: {
  whom: Whom;
  onWhom: (whom: Whom) => void;
  give: (kind: TierKind, name: string, tier: Tier, percent: number | null, note: string) => Promise<void>;
}) {
  const [tier, setTier] = useState<Tier>("pro");
  const [percent, setPercent] = useState(200);
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  function send() {
    setBusy(true);
    give(kind, name.trim().replace(/^@/, ""), tier, tier === "custom" ? percent : null, note)
      .then(() => {
        onWhom({ kind, name: "" });
        setNote("");
      })
      .catch(sorry)
      .finally(() => setBusy(false));
  }
  return (
    <form
      className="space-y-5"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <WhoseChoice kind={kind} label="To whom" onChange={(chosen) => onWhom({ kind: chosen, name })} />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label={kind === "person" ? "Handle" : "Address"}
          prefix={kind === "person" ? "@" : "/s/"}
          required
          maxLength={64}
          autoCapitalize="none"
          spellCheck={false}
          value={name}
          onChange={(event) => onWhom({ kind, name: event.target.value })}
        />
        <SelectField label="Tier" value={tier} onChange={(event) => setTier(event.target.value as Tier)}>
          {TIERS.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </SelectField>
        {tier === "custom" && (
          <TextField
            label="Percent of free"
            type="number"
            required
            min={1}
            max={100_000}
            value={Number.isFinite(percent) ? percent : ""}
            onChange={(event) => setPercent(event.target.valueAsNumber)}
          />
        )}
      </div>
      <TextField label="Why" maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />
      <Button type="submit" busy={busy}>
        Give it
      </Button>
    </form>
  );
}
