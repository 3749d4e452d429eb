import { useInfiniteQuery } from "@tanstack/react-query";

import { type Delivery, hooksRoutes as r } from "#systems/hooks/contract.ts";

import { Button } from "../parts/button.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { askPages, call } from "../shell/house.ts";
import { doing } from "./kept.tsx";

const STATE_WORDS: Record<Delivery["state"], string> = {
  waiting: "Waits",
  taken: "Taken",
  failed: "Failed",
  skipped: "Not sent",
};
const LOOK_EVERY_MS = 3_000;

/** How each delivery of the last seven days went; looked at again while some wait. */
export function Deliveries({ hook_id, name }: { hook_id: string; name: string }) {
  const pages = useInfiniteQuery({
    ...askPages(r.listDeliveries, { params: { id: hook_id } }),
    refetchInterval: ({ state }) =>
      state.data?.pages[0]?.items.some((one) => one.state === "waiting" && one.tries === 0) ? LOOK_EVERY_MS : false,
  });
  return (
    <div role="region" aria-label={`Log of ${name}`} className="rounded-xl border border-line bg-raised">
      <PagedList<Delivery>
        pages={pages}
        what="deliveries"
        keyOf={(one) => one.id}
        skeleton={<RowSkeleton />}
        empty={<p className="p-4 text-center text-xs text-ink-3">Nothing in the last seven days.</p>}
        end={null}
      >
        {(one) => (
          <details className="border-b border-line px-4 py-2 text-xs last:border-b-0">
            <summary className="cursor-pointer">
              <span className={one.state === "failed" ? "font-semibold text-bad" : "font-semibold"}>
                {STATE_WORDS[one.state]}
              </span>{" "}
              {one.event} · <Ago at={one.happened_at} />
              {one.status !== null && ` · ${one.status}`}
              {one.ms !== null && ` · ${one.ms} ms`}
              {one.tries > 1 && ` · ${one.tries} tries`}
            </summary>
            <div className="mt-2 space-y-2">
              <code className="block break-all text-ink-3">{one.webhook_id}</code>
              {one.because !== null && <p>{one.because}</p>}
              {one.answer !== null && one.answer !== "" && (
                <pre className="max-h-40 overflow-auto rounded-lg bg-sunken p-2 whitespace-pre-wrap">{one.answer}</pre>
              )}
              <Button
                look="outline"
                size="sm"
                aria-label={`Send ${one.event} again`}
                onClick={() =>
                  doing(r.listDeliveries, call(r.redeliver, { params: { id: one.id } }), "On its way again.")
                }
              >
                Send again
              </Button>
            </div>
          </details>
        )}
      </PagedList>
    </div>
  );
}
