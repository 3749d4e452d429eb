import { useState } from "react";

import { limitsRoutes as r, type Refusal, type TierKind, type TierRow } from "#systems/limits/contract.ts";

import { Button } from "../parts/button.tsx";
import { TextField } from "../parts/field.tsx";
import { Panel } from "../people/sections.tsx";
import { call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { whole } from "./simulator-words.ts";
import { nameOf, tierInWords, WhoseChoice } from "./who.tsx";
import { hourInWords } from "./words.ts";

interface Found {
  now: TierRow;
  refusals: Refusal[];
}

/** Why a friend was refused: by which rules, in which hours, and which tier they have. */
export function LookUp({ onFound }: { onFound: (kind: TierKind, name: string) => void }) {
  const [kind, setKind] = useState<TierKind>("person");
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<Found | null>(null);
  function look() {
    const asked = name.trim().replace(/^@/, "");
    setBusy(true);
    call(r.getTier, { params: { kind, name: asked } })
      .then((answer) => {
        setFound(answer);
        onFound(kind, asked);
      })
      .catch(sorry)
      .finally(() => setBusy(false));
  }
  return (
    <Panel
      title="Why was somebody refused?"
      intro="By which rules, in the last 24 hours. Whoever was not signed in is known by their address only, and is not found here."
    >
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          look();
        }}
      >
        <WhoseChoice kind={kind} onChange={setKind} label="Who" />
        <TextField
          label={kind === "person" ? "Whom to look up" : "Which space to look up"}
          prefix={kind === "person" ? "@" : "/s/"}
          required
          maxLength={64}
          autoCapitalize="none"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" look="soft" busy={busy}>
          Look up
        </Button>
      </form>
      <div role="status">{found && <What found={found} />}</div>
    </Panel>
  );
}

function What({ found: { now, refusals } }: { found: Found }) {
  return (
    <div className="mt-5 border-t border-line pt-4 text-sm">
      <p className="break-words">
        <b className="font-semibold">{nameOf(now)}</b> has tier {tierInWords(now)}.{" "}
        {refusals.length === 0 && "No rule refused them."}
      </p>
      {refusals.length > 0 && (
        <ul aria-label="What refused them" className="mt-2 divide-y divide-line">
          {refusals.map(({ rule_id, whose, hour, refused, would_refuse }) => (
            <li key={`${rule_id} ${whose} ${hour}`} className="flex justify-between gap-4 py-2">
              <span className="min-w-0 break-words">
                <b className="font-semibold">{rule_id}</b>
                {whose !== "" && (
                  <span className="text-ink-2"> {now.kind === "person" ? `token ${whose}` : whose}</span>
                )}
                <span className="block text-xs text-ink-3">{hourInWords(hour)}</span>
              </span>
              <span className="shrink-0 text-right tabular-nums">
                {refused > 0 && `${whole(refused)} refused`}
                {would_refuse > 0 && (
                  <span className="block text-xs text-ink-2">{whole(would_refuse)} would be, on trial</span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
      {refusals.length > 0 && (
        <p className="mt-2 text-xs text-ink-3">
          To let them do more, give a tier below, or change the rule under Rule sets.
        </p>
      )}
    </div>
  );
}
