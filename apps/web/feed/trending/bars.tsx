import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type TrendingBar, trendingRoutes as r } from "#systems/feed/contract.ts";

import { sentenceOf } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Sheet } from "../../parts/dialog.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { PagedList } from "../../parts/paged-list.tsx";
import { RowSkeleton } from "../../parts/skeleton.tsx";
import { dayOf } from "../../parts/time.tsx";
import { Panel } from "../../people/sections.tsx";
import { askPages, call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import type { ToBar } from "./trending.tsx";

const WORDS: Record<TrendingBar["kind"], string> = {
  hashtag: "Hashtag",
  link: "Address",
  host: "Everything of a site",
  post: "Post",
};
const named = ({ kind, subject }: ToBar) => (kind === "hashtag" ? `#${subject}` : subject);
const refresh = () =>
  queries.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith("/v1/trending/") });

async function lift(bar: TrendingBar): Promise<void> {
  await call(r.liftTrendingBar, { params: { id: bar.id } });
  await refresh();
}

/** A moderator says why; everybody who moderates can read it. */
export function BarDialog({ subject, close }: { subject: ToBar; close: () => void }) {
  const [kind, setKind] = useState(subject.kind);
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const host = subject.kind === "link" ? new URL(subject.subject).hostname.replace(/^www\./, "") : null;
  const chosen: ToBar = kind === "host" && host !== null ? { kind, subject: host } : { ...subject, kind };
  const send = () => {
    setBusy(true);
    call(r.barTrending, { body: { ...chosen, why } })
      .then(async (bar) => {
        close();
        await refresh();
        say(`${named(chosen)} does not trend any more.`, () => lift(bar));
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Keep out of trending">
      <form
        className="space-y-5 px-6 pt-2 pb-6"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <p className="text-sm text-ink-2">
          <span className="font-semibold break-all text-ink">{named(chosen)}</span> will stand in no list of what
          trends. Posts with it stay as they are. It can be taken back.
        </p>
        {host !== null && (
          <SelectField label="What" value={kind} onChange={(event) => setKind(event.target.value as ToBar["kind"])}>
            <option value="link">This address</option>
            <option value="host">Everything of {host}</option>
          </SelectField>
        )}
        <TextField
          label="Why?"
          hint="Other moderators read it."
          required
          maxLength={500}
          value={why}
          onChange={(event) => setWhy(event.target.value)}
        />
        {problem !== null && (
          <p role="alert" className="text-sm font-medium text-bad">
            {sentenceOf(problem)}
          </p>
        )}
        <Button type="submit" busy={busy} disabled={why.trim() === ""}>
          Keep it out
        </Button>
      </form>
    </Sheet>
  );
}

/** What is kept out, by whom and why; and what was once. */
export function BarsPanel() {
  const bars = useInfiniteQuery(askPages(r.listTrendingBars));
  if (bars.data?.pages[0]?.items.length === 0) return null;
  return (
    <div className="px-4 pt-6 sm:px-0">
      <Panel title="Kept out of trending" intro="Only moderators see this.">
        <PagedList<TrendingBar>
          pages={bars}
          what="what is kept out"
          keyOf={(bar) => bar.id}
          className="-my-2 divide-y divide-line"
          skeleton={<RowSkeleton />}
          empty={null}
          end={null}
        >
          {(bar) => (
            <div role="listitem" className="flex items-center gap-4 py-3">
              <div className="min-w-0 flex-1">
                <p className="truncate text-sm leading-5 font-semibold">{named(bar)}</p>
                <p className="text-xs text-ink-3">
                  {WORDS[bar.kind]} · {bar.barred_by ? `@${bar.barred_by.handle}` : "somebody who left"},{" "}
                  {dayOf(bar.barred_at)}: {bar.why}
                </p>
              </div>
              {bar.lifted_at === null ? (
                <Button
                  look="outline"
                  size="sm"
                  aria-label={`Let it trend again: ${named(bar)}`}
                  onClick={() =>
                    void lift(bar)
                      .then(() => say(`${named(bar)} may trend again.`))
                      .catch(sorry)
                  }
                >
                  Let it
                </Button>
              ) : (
                <span className="text-xs whitespace-nowrap text-ink-3">lifted {dayOf(bar.lifted_at)}</span>
              )}
            </div>
          )}
        </PagedList>
      </Panel>
    </div>
  );
}
