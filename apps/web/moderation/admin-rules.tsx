import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import {
  createRule,
  editRule,
  listRules,
  retireRule,
  type Rule,
  RULE_TEXT_CHARS_MAX,
  RULE_TITLE_CHARS_MAX,
} from "#systems/moderation/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Failed } from "../parts/empty.tsx";
import { TextArea, TextField } from "../parts/field.tsx";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { Panel } from "../people/sections.tsx";
import { ask, call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";

const refresh = () => queries.invalidateQueries({ queryKey: [listRules.path] });

/** The rules that everybody can read and reports name. */
export default function AdminRules() {
  const asked = useQuery(ask(listRules));
  const [open, setOpen] = useState<{ rule: Rule | null; place: number } | null>(null);
  const items = asked.data?.items ?? [];
  return (
    <Panel
      title="Rules of the house"
      intro="Everybody can read them, and a report names one. What is retired stays with what was decided under it."
      action={
        <Button size="sm" onClick={() => setOpen({ rule: null, place: 500 })}>
          Add a rule
        </Button>
      }
    >
      {asked.isPending ? (
        <>
          <Loading what="the rules" />
          <Skeleton className="h-64 rounded-2xl" />
        </>
      ) : asked.isError ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      ) : (
        <ol className="divide-y divide-line">
          {items.map((rule, at) => (
            <li key={rule.id} className="flex flex-wrap items-start gap-3 py-3 first:pt-0 last:pb-0">
              <div className="min-w-0 flex-1 max-sm:basis-full">
                <p className="font-semibold">{rule.title}</p>
                <p className="text-sm text-ink-2">{rule.text}</p>
              </div>
              <div className="flex gap-1">
                <Button look="quiet" size="sm" onClick={() => setOpen({ rule, place: (at + 1) * 10 })}>
                  Edit
                </Button>
                {items.length > 1 && (
                  <Button
                    look="danger"
                    size="sm"
                    onClick={() =>
                      void call(retireRule, { params: { id: rule.id } })
                        .then(async () => {
                          await refresh();
                          say(`“${rule.title}” is retired.`, async () => {
                            const body = { title: rule.title, text: rule.text, place: (at + 1) * 10 };
                            await call(editRule, { params: { id: rule.id }, body });
                            await refresh();
                          });
                        })
                        .catch(sorry)
                    }
                  >
                    Retire
                  </Button>
                )}
              </div>
            </li>
          ))}
        </ol>
      )}
      {open && <Write rule={open.rule} place={open.place} close={() => setOpen(null)} />}
    </Panel>
  );
}

function Write({ rule, place, close }: { rule: Rule | null; place: number; close: () => void }) {
  const [title, setTitle] = useState(rule?.title ?? "");
  const [text, setText] = useState(rule?.text ?? "");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const body = { title, text, place };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={rule ? "Write the rule anew" : "A new rule"}>
      <form
        className="space-y-4 px-6 pt-1 pb-6"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          (rule ? call(editRule, { params: { id: rule.id }, body }) : call(createRule, { body }))
            .then(async () => {
              await refresh();
              close();
            })
            .catch(setProblem)
            .finally(() => setBusy(false));
        }}
      >
        <TextField
          label="Title"
          required
          maxLength={RULE_TITLE_CHARS_MAX}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
        <TextArea
          label="What it means"
          maxLength={RULE_TEXT_CHARS_MAX}
          value={text}
          onChange={(event) => setText(event.target.value)}
          error={problem === null ? undefined : sentenceOf(problem)}
        />
        <Button type="submit" className="w-full" busy={busy} disabled={title.trim() === ""}>
          Save
        </Button>
      </form>
    </Sheet>
  );
}
