import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type HouseSettings, peopleRoutes } from "#systems/people/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Failed } from "../parts/empty.tsx";
import { Choices, TextField } from "../parts/field.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { ask, call, houseQuery } from "../shell/house.ts";
import { say } from "../shell/toasts.ts";
import { Panel } from "./sections.tsx";

const query = ask(peopleRoutes.settings);

export function AdminHouse() {
  const asked = useQuery(query);
  return (
    <Panel title="The house">
      {asked.isPending ? (
        <Skeleton className="h-60" />
      ) : asked.isError ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      ) : (
        <Form settings={asked.data} />
      )}
    </Panel>
  );
}

function Form({ settings }: { settings: HouseSettings }) {
  const queries = useQueryClient();
  const [form, setForm] = useState(settings);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  function save() {
    setBusy(true);
    setProblem(null);
    call(peopleRoutes.editSettings, { body: form })
      .then(async (saved) => {
        queries.setQueryData(query.queryKey, saved);
        await queries.invalidateQueries({ queryKey: houseQuery.queryKey });
        say("Saved.");
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  }
  return (
    <form
      className="space-y-6"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <TextField
        label="Name"
        required
        maxLength={60}
        value={form.name}
        onChange={(event) => setForm({ ...form, name: event.target.value })}
      />
      <Choices
        label="Who may sign up"
        value={form.sign_up}
        onChange={(sign_up) => setForm({ ...form, sign_up })}
        choices={[
          { value: "open", label: "Everybody", detail: "The door is open. Look in on who comes." },
          { value: "invitation", label: "Whoever is invited", detail: "Links from admins and moderators." },
          { value: "closed", label: "Nobody", detail: "The house is full." },
        ]}
      />
      {problem !== null && (
        <p role="alert" className="text-sm font-medium text-bad">
          {sentenceOf(problem)}
        </p>
      )}
      <Button type="submit" busy={busy} disabled={JSON.stringify(form) === JSON.stringify(settings)}>
        Save
      </Button>
    </form>
  );
}
