import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Space, spacesRoutes } from "#systems/spaces/contract.ts";

import { Refusal, sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Choices, TextArea, TextField } from "../parts/field.tsx";
import { ask, call } from "../shell/house.ts";
import { say } from "../shell/toasts.ts";

export default function EditSpace({ space, close }: { space: Space; close: () => void }) {
  const queries = useQueryClient();
  const [form, setForm] = useState({
    name: space.name,
    description: space.description,
    visibility: space.visibility,
    join_policy: space.join_policy,
    who_may_post: space.who_may_post,
  });
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const fields = problem instanceof Refusal ? problem.fields : {};
  const put = (change: Partial<typeof form>) => setForm({ ...form, ...change });
  function save() {
    setBusy(true);
    setProblem(null);
    call(spacesRoutes.editSpace, { params: { slug: space.slug }, body: form })
      .then((edited) => {
        queries.setQueryData(ask(spacesRoutes.space, { params: { slug: space.slug } }).queryKey, edited);
        say("Saved.");
        close();
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  }
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Settings of the space">
      <form
        className="space-y-5 px-6 pt-2 pb-6"
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
          onChange={(event) => put({ name: event.target.value })}
          error={fields.name}
        />
        <TextArea
          label="What is it for?"
          maxLength={1000}
          value={form.description}
          onChange={(event) => put({ description: event.target.value })}
          error={fields.description}
        />
        <Choices
          label="Who sees it"
          columns={2}
          value={form.visibility}
          onChange={(visibility) => put({ visibility })}
          choices={[
            { value: "public", label: "Everybody" },
            { value: "private", label: "Members" },
          ]}
        />
        <Choices
          label="Who may join"
          columns={2}
          value={form.join_policy}
          onChange={(join_policy) => put({ join_policy })}
          choices={[
            { value: "open", label: "Whoever wants to" },
            { value: "invitation", label: "Whoever is invited" },
          ]}
        />
        <Choices
          label="Who may write"
          columns={2}
          value={form.who_may_post}
          onChange={(who_may_post) => put({ who_may_post })}
          choices={[
            { value: "members", label: "All members" },
            { value: "moderators", label: "Moderators" },
          ]}
        />
        {problem !== null && (
          <p role="alert" className="text-sm font-medium text-bad">
            {sentenceOf(problem)}
          </p>
        )}
        <Button type="submit" size="lg" className="w-full" busy={busy}>
          Save
        </Button>
      </form>
    </Sheet>
  );
}
