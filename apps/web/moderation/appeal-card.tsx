import { useState } from "react";

import { ANSWER_CHARS_MAX, decideAppeal, listAppeals, waiting } from "#systems/moderation/contract.ts";

import { Button } from "../parts/button.tsx";
import { TextArea } from "../parts/field.tsx";
import { Ago } from "../parts/time.tsx";
import { call, type ItemOf, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { ActLine, Kept } from "./pieces.tsx";

/** What was done, what they say to it, and the two answers. */
export function AppealCard({ waiting: one }: { waiting: ItemOf<typeof listAppeals> }) {
  const [answer, setAnswer] = useState("");
  const [busy, setBusy] = useState<"upheld" | "overturned" | null>(null);
  const { act, appeal, may_decide } = one;
  const decide = (decision: "upheld" | "overturned") => {
    setBusy(decision);
    call(decideAppeal, { params: { id: act.id }, body: { decision, answer } })
      .then(async () => {
        say(decision === "upheld" ? "It stands. They are told." : "Taken back. They are told.");
        await Promise.all([listAppeals, waiting].map(({ path }) => queries.invalidateQueries({ queryKey: [path] })));
      })
      .catch(sorry)
      .finally(() => setBusy(null));
  };
  return (
    <article role="listitem" className="rounded-2xl border border-line bg-surface p-4 sm:p-5">
      <ActLine act={act} />
      {act.snapshot && <Kept content={act.snapshot} className="mt-3" />}
      <div className="mt-4 border-l-2 border-accent-ink pl-3">
        <p className="text-xs font-semibold text-ink-3">
          @{act.person?.handle ?? "somebody who left"} appeals · <Ago at={appeal.at} />
        </p>
        <p className="mt-1 whitespace-pre-wrap">{appeal.words}</p>
      </div>
      {may_decide ? (
        <div className="mt-4 space-y-3">
          <TextArea
            label="Your answer (they read it)"
            maxLength={ANSWER_CHARS_MAX}
            value={answer}
            onChange={(event) => setAnswer(event.target.value)}
          />
          <div className="flex flex-wrap gap-2">
            <Button busy={busy === "overturned"} disabled={busy !== null} onClick={() => decide("overturned")}>
              Take it back
            </Button>
            <Button look="outline" busy={busy === "upheld"} disabled={busy !== null} onClick={() => decide("upheld")}>
              Let it stand
            </Button>
          </div>
        </div>
      ) : (
        <p className="mt-4 rounded-xl bg-sunken px-3 py-2 text-sm text-ink-2">
          Somebody else decides this one: it was you who acted, or it is not yours to take back.
        </p>
      )}
    </article>
  );
}
