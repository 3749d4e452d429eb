import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { createList, LIST_NAME_CHARS_MAX, patchList, type PeopleList } from "#systems/feed/contract.ts";

import { Refusal, sentenceOf } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Sheet } from "../../parts/dialog.tsx";
import { TextField, Tick } from "../../parts/field.tsx";
import { focusHere } from "../../parts/focus.ts";
import { call } from "../../shell/house.ts";
import { listsChanged } from "./changes.ts";

/** Begins a list of people, or changes its name and whether its people stand in home too. */
export default function ListForm({ list, close }: { list?: PeopleList; close: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState(list?.name ?? "");
  const [outOfHome, setOutOfHome] = useState(list?.out_of_home ?? false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  async function save() {
    const body = { name, out_of_home: outOfHome };
    if (list) await call(patchList, { params: { id: list.id }, body });
    const made = list ?? (await call(createList, { body }));
    await listsChanged(made.id);
    close();
    if (!list) await navigate({ to: "/lists/$id", params: { id: made.id } });
  }
  const fields = problem instanceof Refusal ? problem.fields : {};
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={list ? "Change the list" : "A new list"}>
      <form
        className="space-y-5 px-6 pt-2 pb-6"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          setProblem(null);
          save()
            .catch(setProblem)
            .finally(() => setBusy(false));
        }}
      >
        <TextField
          label="Name"
          ref={focusHere}
          required
          maxLength={LIST_NAME_CHARS_MAX}
          value={name}
          error={problem ? (fields.name ?? sentenceOf(problem)) : undefined}
          hint="Only you see your lists, and nobody learns that they are in one."
          onChange={(event) => setName(event.target.value)}
        />
        <Tick
          label="Keep these people out of home"
          detail="You read them here, and your home stays calm."
          checked={outOfHome}
          onChange={(event) => setOutOfHome(event.target.checked)}
        />
        <Button type="submit" className="w-full" busy={busy} disabled={name.trim() === ""}>
          {list ? "Save" : "Make the list"}
        </Button>
      </form>
    </Sheet>
  );
}
