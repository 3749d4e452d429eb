import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, CircleX, RefreshCw } from "lucide-react";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Failed } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Panel } from "./sections.tsx";

interface Ready {
  status: "ready" | "degraded" | "down";
  checks: { name: string; state: "ok" | "degraded" | "down"; because: string }[];
}

const LOOK_EVERY_MS = 10_000;
const SIGNS = {
  ok: { icon: CircleCheck, className: "text-good", word: "Works" },
  degraded: { icon: CircleAlert, className: "text-warn", word: "Limps" },
  down: { icon: CircleX, className: "text-bad", word: "Does not work" },
} as const;
const WORDS = {
  ready: "All is well.",
  degraded: "The house works, with limits.",
  down: "Something does not work.",
} as const;

/** `/readyz` answers 503 when something is down, with the same words. */
async function readReady({ signal }: { signal: AbortSignal }): Promise<Ready> {
  const response = await fetch("/readyz", { signal, cache: "no-store" });
  return (await response.json()) as Ready;
}

export function AdminHealth() {
  const asked = useQuery({ queryKey: ["readyz"], queryFn: readReady, refetchInterval: LOOK_EVERY_MS });
  return (
    <Panel
      title="Health"
      intro={asked.data ? WORDS[asked.data.status] : "Asking the house…"}
      action={
        <Button look="outline" size="sm" busy={asked.isFetching} onClick={() => void asked.refetch()}>
          <RefreshCw className="size-4" /> Look again
        </Button>
      }
    >
      {asked.isPending ? (
        <>
          <RowSkeleton />
          <RowSkeleton />
        </>
      ) : asked.isError ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      ) : (
        <ul className="divide-y divide-line">
          {asked.data.checks.map((check) => {
            const { icon: Icon, className, word } = SIGNS[check.state];
            return (
              <li key={check.name} className="flex items-start gap-3 py-3">
                <Icon className={cx("mt-0.5 size-5 shrink-0", className)} aria-hidden="true" />
                <div>
                  <p className="text-sm leading-5.5 font-semibold">
                    <span className="capitalize">{check.name}</span>{" "}
                    <span className={cx("font-medium", className)}>· {word}</span>
                  </p>
                  {check.because !== "" && <p className="text-sm text-ink-2">{check.because}</p>}
                </div>
              </li>
            );
          })}
        </ul>
      )}
      <p className="mt-5 text-xs text-ink-3">
        Numbers are at{" "}
        <a href="/metrics" className="underline">
          /metrics
        </a>
        , the API at{" "}
        <a href="/docs" className="underline">
          /docs
        </a>
        .
      </p>
    </Panel>
  );
}
