import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Laptop, Smartphone } from "lucide-react";

import { peopleRoutes } from "#systems/people/contract.ts";

import { Button } from "../parts/button.tsx";
import { Failed } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { ask, call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { deviceOf } from "./device.ts";
import { Panel } from "./sections.tsx";

export function SessionSettings() {
  const queries = useQueryClient();
  const query = ask(peopleRoutes.listSessions);
  const sessions = useQuery(query);
  const refresh = () => queries.invalidateQueries({ queryKey: query.queryKey });
  const others = sessions.data?.items.filter((session) => !session.current).length ?? 0;
  return (
    <Panel
      title="Where you are signed in"
      intro="End what you do not know. It stops within a second."
      action={
        others > 0 && (
          <Button
            look="danger"
            size="sm"
            onClick={() =>
              void call(peopleRoutes.revokeOtherSessions)
                .then(async () => {
                  await refresh();
                  say("All the others ended.");
                })
                .catch(sorry)
            }
          >
            End all others
          </Button>
        )
      }
    >
      {sessions.isPending ? (
        <>
          <RowSkeleton />
          <RowSkeleton />
        </>
      ) : sessions.isError ? (
        <Failed error={sessions.error} retry={() => void sessions.refetch()} />
      ) : (
        <ul className="divide-y divide-line">
          {sessions.data.items.map((session) => {
            const device = deviceOf(session.user_agent);
            return (
              <li key={session.id} className="flex items-center gap-4 py-3.5">
                <span className="grid size-11 shrink-0 place-items-center rounded-full bg-sunken text-ink-2">
                  {device.phone ? (
                    <Smartphone className="size-5" aria-hidden="true" />
                  ) : (
                    <Laptop className="size-5" aria-hidden="true" />
                  )}
                </span>
                <div className="min-w-0 flex-1">
                  <p className="text-sm leading-5 font-semibold" title={session.user_agent}>
                    {device.name}
                    {session.current && (
                      <span className="ml-2 rounded-md bg-good-tint px-1.5 py-0.5 text-xs font-semibold text-good">
                        This one
                      </span>
                    )}
                  </p>
                  <p className="truncate text-xs text-ink-3">
                    {session.address} · used <Ago at={session.last_used_at} /> ago
                  </p>
                </div>
                {!session.current && (
                  <Button
                    look="outline"
                    size="sm"
                    aria-label={`End the session of ${device.name}`}
                    onClick={() =>
                      void call(peopleRoutes.revokeSession, { params: { id: session.id } })
                        .then(async () => {
                          await refresh();
                          say("That session ended.");
                        })
                        .catch(sorry)
                    }
                  >
                    End
                  </Button>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}
