import { useState } from "react";

import { limitsRoutes as r, type SetRule } from "#systems/limits/contract.ts";

import { Refusal } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { TextField } from "../parts/field.tsx";
import { call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import type { Editing } from "./editing.ts";
import { askAnew, ModeBadge, RuleWords } from "./pieces.tsx";
import { RuleForm } from "./rule-form.tsx";
import { troublesByRule } from "./troubles.ts";

const FRESH: Omit<SetRule, "id"> = {
  summary: "",
  level: "person",
  routes: [],
  except: [],
  counts: "cost",
  limit: { kind: "bucket", burst_tokens: 100, tokens_per_s: 10 },
  tiers: {},
  when_away: "share",
  patience_ms: 0,
  mode: "shadow",
  canary_percent: null,
};

/** What was opened begins where one looks; only the list moves, and not the sheet around it. */
function intoView(section: HTMLElement | null): void {
  const list = section?.parentElement;
  list?.scrollTo({ top: section!.offsetTop - list.offsetTop - LIST_GAP_PX });
}
const LIST_GAP_PX = 8;

/** A rule set as it is written. Nothing of it holds before it is published. */
export default function SetEditor({
  editing,
  onDone,
}: {
  editing: Editing;
  /** With the version to publish, or null. */
  onDone: (publish: string | null) => void;
}) {
  // Rules have names that change while they are written, so each has a number of the page's own.
  const [rules, setRules] = useState(() => editing.set.rules.map((rule, key) => ({ key, rule })));
  const [open, setOpen] = useState<number | null>(null);
  const [note, setNote] = useState(editing.note);
  const [busy, setBusy] = useState(false);
  const [troubles, setTroubles] = useState(() => troublesByRule([]));

  const put = (key: number, rule: SetRule) =>
    setRules((all) => all.map((one) => (one.key === key ? { key, rule } : one)));
  function add() {
    const key = Math.max(-1, ...rules.map((one) => one.key)) + 1;
    setRules([...rules, { key, rule: { id: `rule-${key + 1}`, ...FRESH } }]);
    setOpen(key);
  }
  function save(publish: boolean) {
    setBusy(true);
    const body = { set: { rules: rules.map(({ rule }) => rule) }, note };
    const saved =
      editing.version === null
        ? call(r.createSet, { body: { ...body, based_on: editing.based_on } })
        : call(r.changeSet, { params: { version: editing.version }, body: { ...body, revision: editing.revision } });
    saved
      .then(async ({ version }) => {
        if (!publish) say(`Draft ${version} is kept. It holds nothing yet.`);
        await askAnew();
        onDone(publish ? version : null);
      })
      .catch((error: unknown) => {
        const found = troublesByRule(error instanceof Refusal ? error.errors : []);
        setTroubles(found);
        const first = found.rules.keys().next().value;
        if (first !== undefined) setOpen(rules[first]?.key ?? null);
        else if (found.whole === null) sorry(error);
      })
      .finally(() => setBusy(false));
  }

  return (
    <Sheet
      open
      wide
      tall
      onOpenChange={(isOpen) => !isOpen && onDone(null)}
      title={editing.version === null ? "A new draft" : `Draft ${editing.version}`}
    >
      <form
        noValidate
        className="flex min-h-0 flex-1 flex-col"
        onSubmit={(event) => {
          event.preventDefault();
          save(false);
        }}
      >
        <div className="min-h-0 flex-1 space-y-3 overflow-y-auto px-6 pt-2 pb-6">
          {troubles.whole !== null && (
            <p role="alert" className="rounded-xl bg-accent-tint px-4 py-3 text-sm text-bad">
              {troubles.whole}
            </p>
          )}
          {rules.map(({ key, rule }, at) => (
            <section
              key={key}
              ref={open === key ? intoView : null}
              aria-label={`Rule ${rule.id}`}
              className="rounded-2xl border border-line px-4 py-3"
            >
              <div className="flex items-start gap-3">
                <div className="min-w-0 flex-1">
                  <h3 className="mb-1 flex flex-wrap items-center gap-2 font-semibold">
                    {rule.id} <ModeBadge rule={rule} />
                  </h3>
                  {open !== key && <RuleWords rule={rule} />}
                  {open !== key && troubles.rules.has(at) && (
                    <p className="mt-1 text-xs font-medium text-bad">Something is wrong in it.</p>
                  )}
                </div>
                <Button
                  size="sm"
                  look="soft"
                  aria-expanded={open === key}
                  aria-label={open === key ? `Close ${rule.id}` : `Change ${rule.id}`}
                  onClick={() => setOpen(open === key ? null : key)}
                >
                  {open === key ? "Close" : "Change"}
                </Button>
              </div>
              {open === key && (
                <RuleForm
                  rule={rule}
                  troubles={troubles.rules.get(at) ?? {}}
                  onChange={(changed) => put(key, changed)}
                  onRemove={() => {
                    setRules(rules.filter((one) => one.key !== key));
                    setTroubles(troublesByRule([]));
                  }}
                />
              )}
            </section>
          ))}
          <Button look="outline" onClick={add}>
            Add a rule
          </Button>
          <TextField
            label="Note"
            hint="What this draft is for."
            maxLength={500}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        </div>
        <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-6 py-4">
          <Button type="submit" look="soft" busy={busy}>
            Keep as a draft
          </Button>
          <Button busy={busy} onClick={() => save(true)}>
            Look at it and publish
          </Button>
        </footer>
      </form>
    </Sheet>
  );
}
