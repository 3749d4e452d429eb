import { lazy, type ReactNode, Suspense, useState } from "react";

import { acknowledge, type Act, myActs, waiting } from "#systems/moderation/contract.ts";

import { Button } from "../parts/button.tsx";
import { Ago, dayOf, wholeTime } from "../parts/time.tsx";
import { call, queries } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { toldOf } from "./words.ts";

const AppealDialog = lazy(() => import("./appeal-dialog.tsx"));

/** What was done, under which rule, in which words; and what one can do about it. For the person concerned. */
export function ConcernedAct({ act, plain = false, after }: { act: Act; plain?: boolean; after?: ReactNode }) {
  const [appealing, setAppealing] = useState(false);
  return (
    <div className={plain ? "" : "rounded-2xl border border-line bg-surface p-4 sm:p-5"}>
      <p className="flex items-baseline justify-between gap-3">
        <span className="font-bold">{toldOf(act)}</span>
        <Ago at={act.at} className="shrink-0 text-xs text-ink-3" />
      </p>
      {act.rule && (
        <p className="mt-1 text-sm">
          <span className="text-ink-3">Rule: </span>
          <span className="font-semibold">{act.rule.title}</span>
        </p>
      )}
      {act.words !== "" && <p className="mt-2 text-sm whitespace-pre-wrap">{act.words}</p>}
      {act.snapshot && act.subject.kind !== "person" && (
        <blockquote className="mt-3 border-l-2 border-line-strong/60 pl-3 text-sm text-ink-2">
          <span className="line-clamp-4 whitespace-pre-wrap">
            {act.snapshot.text || act.snapshot.title || "Pictures"}
          </span>
        </blockquote>
      )}
      {act.ends_at && !act.undone && (
        <p className="mt-2 text-sm font-semibold text-warn">Ends by itself: {wholeTime(act.ends_at)}</p>
      )}
      {act.undone && (
        <p className="mt-3 rounded-xl bg-sunken px-3 py-2 text-sm">
          Taken back on {dayOf(act.undone.at)}. {act.undone.words}
        </p>
      )}
      {act.appeal && (
        <div className="mt-3 rounded-xl bg-sunken px-3 py-2 text-sm">
          <p className="font-semibold">
            {act.appeal.decision === null
              ? "Your appeal waits for somebody to look."
              : act.appeal.decision === "upheld"
                ? "Somebody looked again, and it stands."
                : "Somebody looked again, and took it back."}
          </p>
          <p className="mt-1 text-ink-2">“{act.appeal.words}”</p>
          {act.appeal.answer !== "" && <p className="mt-1">{act.appeal.answer}</p>}
        </div>
      )}
      {(act.appeal_until || after) && (
        <div className="mt-4 flex flex-wrap items-center gap-2">
          {after}
          {act.appeal_until && (
            <>
              <Button look="outline" size="sm" onClick={() => setAppealing(true)}>
                Ask for another look
              </Button>
              <span className="text-xs text-ink-3">until {dayOf(act.appeal_until)}</span>
            </>
          )}
        </div>
      )}
      <Suspense fallback={null}>{appealing && <AppealDialog act={act} close={() => setAppealing(false)} />}</Suspense>
    </div>
  );
}

export function Acknowledge({ act, then }: { act: Act; then?: () => void }) {
  const [busy, setBusy] = useState(false);
  return (
    <Button
      size="sm"
      busy={busy}
      onClick={() => {
        setBusy(true);
        call(acknowledge, { params: { id: act.id } })
          .then(async () => {
            then?.();
            await Promise.all([myActs, waiting].map(({ path }) => queries.invalidateQueries({ queryKey: [path] })));
          })
          .catch(sorry)
          .finally(() => setBusy(false));
      }}
    >
      I have read this
    </Button>
  );
}
