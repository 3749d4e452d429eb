import { useState } from "react";

import { actOnJobs, countJobs, type JobsActed, type JobsCount } from "#systems/jobs/contract.ts";

import { Button } from "../parts/button.tsx";
import { Confirm } from "../parts/dialog.tsx";
import { plural } from "../parts/numbers.ts";
import { call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { refreshJobs } from "./refresh.ts";
import { type Deed, doneWords, MANY, queryOf, type Sought, soughtWords } from "./sought.ts";

/**
 * What can be done to all that are meant. They are counted first, so that somebody says yes to a number; what comes after the
 * count is not touched.
 */
export function Many({ sought, label }: { sought: Sought; label?: string }) {
  const [busy, setBusy] = useState<Deed | null>(null);
  const [counted, setCounted] = useState<{ deed: Deed; count: JobsCount } | null>(null);
  const [changed, setChanged] = useState<number | null>(null);
  const of = queryOf(sought);

  function ask(deed: Deed) {
    setBusy(deed);
    call(countJobs, { query: of })
      .then((count) => (count.jobs === 0 ? say("There are none just now.") : setCounted({ deed, count })))
      .catch(sorry)
      .finally(() => setBusy(null));
  }

  async function act({ deed, count }: { deed: Deed; count: JobsCount }) {
    let sum = 0;
    let cursor: string | null = null;
    do {
      const body = { act: deed.act, of, newest_id: count.newest_id!, ...(cursor === null ? {} : { cursor }) };
      const part: JobsActed = await call(actOnJobs, { body });
      sum += part.changed;
      setChanged(sum);
      cursor = part.next_cursor;
    } while (cursor !== null);
    return sum;
  }

  function confirm() {
    if (counted === null) return;
    setChanged(0);
    act(counted)
      .then((sum) => say(doneWords(sum, counted.deed.done)))
      .catch(sorry)
      .finally(() => {
        setChanged(null);
        setCounted(null);
        void refreshJobs();
      });
  }

  const { jobs, is_whole } = counted?.count ?? { jobs: 0, is_whole: true };
  const many = `${is_whole ? "" : "more than "}${plural(jobs, "job")}`;
  return (
    <>
      {MANY[sought.state].map((deed) => (
        <Button
          key={deed.act}
          look={deed.act === "cancel" ? "danger" : "outline"}
          size="sm"
          busy={busy === deed}
          onClick={() => ask(deed)}
        >
          {label ?? deed.label}
        </Button>
      ))}
      <Confirm
        open={counted !== null}
        onOpenChange={(open) => !open && changed === null && setCounted(null)}
        title={counted?.deed.title(many) ?? ""}
        action={counted?.deed.action ?? ""}
        onConfirm={confirm}
        busy={changed !== null}
      >
        <p>
          {soughtWords(sought) === "" ? "" : `All ${soughtWords(sought)}. `}
          {counted?.deed.will}
        </p>
        {changed !== null && (
          <p role="status" className="mt-2 tabular-nums">
            {changed} of {many}…
          </p>
        )}
      </Confirm>
    </>
  );
}
