import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Fingerprint } from "lucide-react";
import { useState } from "react";

import { peopleRoutes } from "#systems/people/contract.ts";

import { Refusal, sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Failed } from "../parts/empty.tsx";
import { PasswordField, TextField } from "../parts/field.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Ago, dayOf } from "../parts/time.tsx";
import { ask, call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { deviceOf } from "./device.ts";
import { addPasskey, isChangeOfMind, passkeysWork } from "./passkeys.ts";
import { Panel } from "./sections.tsx";

const query = ask(peopleRoutes.listPasskeys);

export function Passkeys() {
  const asked = useQuery(query);
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const refresh = () => queries.invalidateQueries({ queryKey: query.queryKey });
  const works = passkeysWork();
  return (
    <Panel
      title="Passkeys"
      intro={
        works
          ? "Sign in with your finger, your face or a key, without typing."
          : "Passkeys need https. Ask whoever runs the house."
      }
      action={
        works && (
          <Button look="outline" size="sm" onClick={() => setAdding(true)}>
            Add one
          </Button>
        )
      }
    >
      {asked.isPending ? (
        <RowSkeleton />
      ) : asked.isError ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      ) : asked.data.items.length === 0 ? (
        <p className="text-sm text-ink-3">You have none yet.</p>
      ) : (
        <ul className="divide-y divide-line">
          {asked.data.items.map((passkey) => (
            <li key={passkey.id} className="flex items-center gap-4 py-3">
              <Fingerprint className="size-6 shrink-0 text-ink-3" aria-hidden="true" />
              <div className="min-w-0 flex-1">
                <p className="truncate text-sm leading-5 font-semibold">{passkey.name}</p>
                <p className="text-xs text-ink-3">
                  Since {dayOf(passkey.created_at)}
                  {passkey.last_used_at && (
                    <>
                      {" "}
                      · used <Ago at={passkey.last_used_at} /> ago
                    </>
                  )}
                </p>
              </div>
              <Button
                look="danger"
                size="sm"
                aria-label={`Remove ${passkey.name}`}
                onClick={() =>
                  void call(peopleRoutes.removePasskey, { params: { id: passkey.id } })
                    .then(async () => {
                      await refresh();
                      say(`${passkey.name} opens nothing any more.`);
                    })
                    .catch(sorry)
                }
              >
                Remove
              </Button>
            </li>
          ))}
        </ul>
      )}
      {adding && <Add close={() => setAdding(false)} added={refresh} />}
    </Panel>
  );
}

function Add({ close, added }: { close: () => void; added: () => Promise<void> }) {
  const [name, setName] = useState(() => deviceOf(navigator.userAgent).name);
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const wrong = problem instanceof Refusal && problem.code === "people.wrong_password" ? problem.message : undefined;
  function add() {
    setBusy(true);
    setProblem(null);
    addPasskey(name, password)
      .then(async () => {
        await added();
        say("Your passkey is there.");
        close();
      })
      .catch((error: unknown) => {
        if (!isChangeOfMind(error)) setProblem(error);
      })
      .finally(() => setBusy(false));
  }
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="A new passkey">
      <form
        className="space-y-4 px-6 pt-2 pb-6"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <TextField
          label="Name"
          required
          maxLength={60}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <PasswordField
          label="Your password"
          required
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={wrong}
        />
        {problem !== null && wrong === undefined && (
          <p role="alert" className="text-sm font-medium text-bad">
            {sentenceOf(problem)}
          </p>
        )}
        <Button type="submit" size="lg" className="w-full" busy={busy}>
          Go on
        </Button>
      </form>
    </Sheet>
  );
}
