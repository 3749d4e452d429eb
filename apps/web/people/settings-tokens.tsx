import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Ticket } from "lucide-react";
import { useState } from "react";

import { type Scope, SCOPES } from "#kernel/viewer.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { SelectField, TextField, Tick } from "../parts/field.tsx";
import { Secret } from "../parts/secret.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Ago, dayOf } from "../parts/time.tsx";
import { ask, call } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";
import { say, sorry } from "../shell/toasts.ts";
import { Panel } from "./sections.tsx";

const SCOPE_WORDS: Record<Scope, [label: string, detail: string]> = {
  read: ["Read", "See what you see."],
  write: ["Write", "Post, like, follow and upload as you."],
  "people:admin": ["Administer people", "Invite, suspend and give roles, where you may."],
  account: ["Account", "Your sessions, tokens and sign-in."],
  limits: ["Count for others", "Let a program of yours ask the house's limiter, by keys of its own."],
};

export function TokenSettings() {
  const query = ask(peopleRoutes.listTokens);
  const tokens = useQuery(query);
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: query.queryKey });
  return (
    <>
      <NewToken made={refresh} />
      <Panel title="Your tokens">
        {tokens.isPending ? (
          <RowSkeleton />
        ) : tokens.isError ? (
          <Failed error={tokens.error} retry={() => void tokens.refetch()} />
        ) : tokens.data.items.length === 0 ? (
          <Empty icon={<Ticket />} title="No tokens">
            A token lets a program of yours call the house as you.
          </Empty>
        ) : (
          <ul className="divide-y divide-line">
            {tokens.data.items.map((token) => (
              <li key={token.id} className="flex items-center gap-4 py-3.5">
                <div className="min-w-0 flex-1">
                  <p className="truncate text-sm leading-5 font-semibold">{token.name}</p>
                  <p className="text-xs text-ink-3">
                    {token.program ? "an app's: " : ""}
                    {token.scopes.join(", ")} ·{" "}
                    {token.last_used_at ? (
                      <>
                        used <Ago at={token.last_used_at} /> ago
                      </>
                    ) : (
                      "never used"
                    )}{" "}
                    · {token.expires_at ? `ends ${dayOf(token.expires_at)}` : "never ends"}
                  </p>
                </div>
                <Button
                  look="danger"
                  size="sm"
                  aria-label={`Revoke ${token.name}`}
                  onClick={() =>
                    void call(peopleRoutes.revokeToken, { params: { id: token.id } })
                      .then(async () => {
                        await refresh();
                        say(`${token.name} works no more.`);
                      })
                      .catch(sorry)
                  }
                >
                  Revoke
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Panel>
    </>
  );
}

function NewToken({ made }: { made: () => Promise<void> }) {
  const me = useMe();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(["read"]);
  const [days, setDays] = useState<number | null>(90);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [secret, setSecret] = useState<{ name: string; value: string } | null>(null);
  const offered = SCOPES.filter((scope) => scope !== "people:admin" || me?.role !== "member");
  function create() {
    setBusy(true);
    setProblem(null);
    call(peopleRoutes.createToken, { body: { name, scopes: [...scopes], expires_in_d: days } })
      .then(async (token) => {
        setSecret({ name: token.name, value: token.secret });
        setName("");
        await made();
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  }
  return (
    <Panel title="A new token" intro="Give it as little as it needs, and an end.">
      {secret && (
        <div className="mb-5">
          <Secret label={`${secret.name}: shown this once. Take it now.`} value={secret.value} />
        </div>
      )}
      <form
        className="space-y-5"
        onSubmit={(event) => {
          event.preventDefault();
          create();
        }}
      >
        <TextField
          label="What is it for?"
          required
          maxLength={60}
          value={name}
          onChange={(event) => setName(event.target.value)}
          placeholder="Backup script"
        />
        <fieldset>
          <legend className="mb-1 text-sm font-semibold">It may</legend>
          {offered.map((scope) => (
            <Tick
              key={scope}
              label={SCOPE_WORDS[scope][0]}
              detail={SCOPE_WORDS[scope][1]}
              checked={scopes.includes(scope)}
              onChange={(event) =>
                setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((other) => other !== scope))
              }
            />
          ))}
        </fieldset>
        <SelectField
          label="It ends"
          value={days ?? 0}
          onChange={(event) => setDays(Number(event.target.value) || null)}
        >
          <option value={7}>in a week</option>
          <option value={30}>in a month</option>
          <option value={90}>in three months</option>
          <option value={366}>in a year</option>
          <option value={0}>never</option>
        </SelectField>
        {problem !== null && (
          <p role="alert" className="text-sm font-medium text-bad">
            {sentenceOf(problem)}
          </p>
        )}
        <Button type="submit" busy={busy} disabled={name.trim() === "" || scopes.length === 0}>
          Make it
        </Button>
      </form>
    </Panel>
  );
}
