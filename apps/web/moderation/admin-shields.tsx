import { useQuery } from "@tanstack/react-query";

import { holdShield, listShields, type Shield } from "#systems/moderation/contract.ts";

import { cx } from "../parts/class.ts";
import { Failed } from "../parts/empty.tsx";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { Panel } from "../people/sections.tsx";
import { ask, call, houseQuery, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { SHIELD_WORDS, ShieldCard } from "./shield-cards.tsx";

/** Shields move by themselves; an admin may hold one where they want it. */
export default function AdminShields() {
  const asked = useQuery({ ...ask(listShields), refetchInterval: 15_000 });
  return (
    <Panel
      title="Shields"
      intro="They tighten by themselves when too many come at once, and relax after calm. Everybody can see them, and each change is in the log."
    >
      {asked.isPending ? (
        <>
          <Loading what="the shields" />
          <Skeleton className="h-64 rounded-2xl" />
        </>
      ) : asked.isError ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      ) : (
        <div className="space-y-3">
          {asked.data.items.map((shield) => (
            <ShieldCard key={shield.kind} shield={shield}>
              <Hold shield={shield} />
            </ShieldCard>
          ))}
        </div>
      )}
    </Panel>
  );
}

function Hold({ shield }: { shield: Shield }) {
  const set = (step: number | null) =>
    void call(holdShield, { params: { kind: shield.kind }, body: { step } })
      .then(async () => {
        say(
          step === null
            ? `${SHIELD_WORDS[shield.kind]}: moves by itself again.`
            : `${SHIELD_WORDS[shield.kind]}: held.`,
        );
        await Promise.all([
          queries.invalidateQueries({ queryKey: [listShields.path] }),
          queries.invalidateQueries({ queryKey: houseQuery.queryKey }),
        ]);
      })
      .catch(sorry);
  const choices: { step: number | null; label: string }[] = [
    { step: null, label: "By itself" },
    ...[0, 1, 2, 3].map((step) => ({ step, label: `Hold at ${step}` })),
  ];
  return (
    <div className="mt-4 flex flex-wrap gap-1.5" role="group" aria-label={`Hold ${SHIELD_WORDS[shield.kind]}`}>
      {choices.map(({ step, label }) => {
        const on = step === null ? !shield.held : shield.held && shield.step === step;
        return (
          <button
            key={label}
            type="button"
            aria-pressed={on}
            onClick={() => set(step)}
            className={cx(
              "h-9 rounded-full px-3.5 text-xs font-semibold",
              on ? "bg-ink text-birch" : "bg-sunken text-ink-2 hover:text-ink",
            )}
          >
            {label}
          </button>
        );
      })}
    </div>
  );
}
