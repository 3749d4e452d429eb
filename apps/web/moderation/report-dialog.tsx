import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { listRules, report, REPORT_WORDS_CHARS_MAX, type SubjectKind } from "#systems/moderation/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Failed } from "../parts/empty.tsx";
import { Choices, TextArea } from "../parts/field.tsx";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { ask, call, queries } from "../shell/house.ts";
import { say } from "../shell/toasts.ts";
import { KIND_WORDS } from "./words.ts";

/** Which rule, a few words if one likes, and what happens then. */
export default function ReportDialog({
  subject,
  of,
  close,
}: {
  subject: { kind: SubjectKind; id: string };
  /** Whose it is. */
  of: string;
  close: () => void;
}) {
  const rules = useQuery(ask(listRules));
  const [rule_id, setRule] = useState("");
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const title = subject.kind === "person" ? `Report @${of}` : `Report this ${KIND_WORDS[subject.kind].toLowerCase()}`;
  const send = () => {
    setBusy(true);
    call(report, { body: { subject, rule_id, words } })
      .then(async () => {
        close();
        say("Thank you. Moderators will look at it, and you will be told.");
        await queries.invalidateQueries({ queryKey: [report.path] });
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={title}>
      {rules.isPending ? (
        <div className="space-y-3 px-6 pt-2 pb-8">
          <Loading what="the rules" />
          {[0, 1, 2, 3].map((at) => (
            <Skeleton key={at} className="h-16 rounded-xl" />
          ))}
        </div>
      ) : rules.isError ? (
        <Failed error={rules.error} retry={() => void rules.refetch()} />
      ) : (
        <form
          className="space-y-5 px-6 pt-1 pb-6"
          onSubmit={(event) => {
            event.preventDefault();
            if (rule_id !== "") send();
          }}
        >
          <p className="text-sm text-ink-2">
            Only moderators see that it was you.{" "}
            <Link to="/about" onClick={close} className="font-semibold text-accent-ink hover:underline">
              The rules of this house
            </Link>
          </p>
          <Choices
            label="Which rule does it break?"
            value={rule_id}
            onChange={setRule}
            choices={rules.data.items.map((rule) => ({ value: rule.id, label: rule.title, detail: rule.text }))}
          />
          <TextArea
            label="In your words (if you like)"
            maxLength={REPORT_WORDS_CHARS_MAX}
            value={words}
            onChange={(event) => setWords(event.target.value)}
            error={problem === null ? undefined : sentenceOf(problem)}
          />
          <div className="sticky bottom-0 -mx-6 -mb-6 border-t border-line bg-surface px-6 py-4">
            <Button type="submit" className="w-full" busy={busy} disabled={rule_id === ""}>
              Send the report
            </Button>
          </div>
        </form>
      )}
    </Sheet>
  );
}
