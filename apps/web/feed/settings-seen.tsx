import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { forgetSeen, getSeenMemory, setSeenMemory } from "#systems/feed/contract.ts";

import { Button } from "../parts/button.tsx";
import { Failed } from "../parts/empty.tsx";
import { Tick } from "../parts/field.tsx";
import { plural } from "../parts/numbers.ts";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Panel } from "../people/sections.tsx";
import { ask, call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";

/** Whether the house remembers which posts one saw. */
export function SeenSettings() {
  const query = ask(getSeenMemory);
  const memory = useQuery(query);
  const [busy, setBusy] = useState(false);
  const act = async (work: () => Promise<string>) => {
    setBusy(true);
    try {
      say(await work());
      await queries.invalidateQueries({ queryKey: query.queryKey });
    } catch (error) {
      sorry(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel
      title="What you have seen"
      intro="The house remembers which posts were on your screen, so that it need not show them again where it chooses for you. Nobody else can see it; a post only tells how many people saw it."
    >
      {memory.isPending ? (
        <RowSkeleton />
      ) : memory.isError ? (
        <Failed error={memory.error} retry={() => void memory.refetch()} />
      ) : (
        <div className="space-y-3">
          <Tick
            label="Remember what I have seen"
            detail={`The newest ${memory.data.posts_max.toLocaleString()} posts of ${memory.data.days_max} days. Switched off, all of it is forgotten at once and you count nowhere.`}
            checked={memory.data.keeps}
            disabled={busy}
            onChange={(event) => {
              const keeps = event.currentTarget.checked;
              void act(async () => {
                const now = await call(setSeenMemory, { body: { keeps } });
                queries.setQueryData(query.queryKey, now);
                return keeps ? "From now on it is remembered." : "Forgotten, and nothing is kept from now on.";
              });
            }}
          />
          {memory.data.keeps && (
            <Button
              look="outline"
              size="sm"
              disabled={busy || memory.data.posts === 0}
              onClick={() =>
                void act(async () => {
                  await call(forgetSeen);
                  return "Forgotten.";
                })
              }
            >
              {memory.data.posts === 0 ? "Nothing is remembered" : `Forget ${plural(memory.data.posts, "post")}`}
            </Button>
          )}
        </div>
      )}
    </Panel>
  );
}
