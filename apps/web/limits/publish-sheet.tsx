import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type Difference, limitsRoutes as r } from "#systems/limits/contract.ts";

import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Failed } from "../parts/empty.tsx";
import { TextField } from "../parts/field.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { ask, call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { askAnew } from "./pieces.tsx";

/** What will be different, and then it is. */
export default function PublishSheet({ version, onDone }: { version: string; onDone: () => void }) {
  const holds = useQuery({ ...ask(r.inForce), staleTime: 0 });
  const from = holds.data?.version ?? "0";
  const diff = useQuery({ ...ask(r.diffSets, { query: { from, to: version } }), enabled: holds.data !== undefined });
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  function publish() {
    setBusy(true);
    call(r.publishSet, { params: { version }, body: { note, instead_of: from, revision: diff.data?.revision } })
      .then(async () => {
        say(version === "0" ? "The house's own rules hold now." : `Rule set ${version} holds now, on all nodes.`);
        await askAnew();
        onDone();
      })
      .catch(async (error: unknown) => {
        sorry(error);
        await askAnew();
      })
      .finally(() => setBusy(false));
  }
  return (
    <Sheet
      open
      onOpenChange={(open) => !open && onDone()}
      title={version === "0" ? "Back to the house's own" : `Publish rule set ${version}`}
    >
      <form
        className="space-y-5 px-6 pt-2 pb-6"
        onSubmit={(event) => {
          event.preventDefault();
          publish();
        }}
      >
        {diff.isPending ? (
          <Skeleton className="h-24 rounded-xl" />
        ) : diff.isError ? (
          <Failed error={diff.error} retry={() => void diff.refetch()} />
        ) : (
          <Differences items={diff.data.items} />
        )}
        <TextField
          label="Why"
          hint="Others who look after the house read it."
          maxLength={500}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        <div className="flex justify-end gap-2">
          <Button look="quiet" onClick={onDone}>
            Not now
          </Button>
          <Button type="submit" busy={busy} disabled={diff.data === undefined}>
            Publish
          </Button>
        </div>
      </form>
    </Sheet>
  );
}

const WHAT_WORDS: Record<Difference["what"], string> = {
  added: "comes",
  removed: "goes",
  changed: "changes",
  moved: "stands elsewhere",
};

function Differences({ items }: { items: readonly Difference[] }) {
  if (items.length === 0) return <p className="text-sm text-ink-2">Nothing is different from what holds now.</p>;
  return (
    <ul aria-label="What will be different" className="space-y-3">
      {items.map(({ rule_id, what, fields }) => (
        <li key={rule_id} className="rounded-xl bg-sunken px-4 py-3">
          <p className="text-sm font-semibold">
            {rule_id} <span className="font-normal text-ink-2">{WHAT_WORDS[what]}</span>
          </p>
          {what === "changed" && (
            <dl className="mt-1 space-y-1 text-xs">
              {fields.map(({ field, before, after }) => (
                <div key={field}>
                  <dt className="font-semibold text-ink-2">{field}</dt>
                  <dd className="break-words">
                    <del className="text-ink-3">{before}</del> <ins className="no-underline">{after}</ins>
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </li>
      ))}
    </ul>
  );
}
