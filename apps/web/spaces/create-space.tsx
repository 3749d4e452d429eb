import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { spacesRoutes } from "#systems/spaces/contract.ts";

import { Refusal, sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Choices, TextArea, TextField } from "../parts/field.tsx";
import { focusHere } from "../parts/focus.ts";
import { call } from "../shell/house.ts";
import { slugOf } from "./slug.ts";

export default function CreateSpace({ close }: { close: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [slug, setSlug] = useState<string | null>(null);
  const [description, setDescription] = useState("");
  const [visibility, setVisibility] = useState<"public" | "private">("public");
  const [join_policy, setJoin] = useState<"open" | "invitation">("open");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const shown = slug ?? slugOf(name);
  const fields = problem instanceof Refusal ? problem.fields : {};
  const slugProblem =
    problem instanceof Refusal && problem.code.startsWith("spaces.slug") ? problem.message : fields.slug;

  function create() {
    setBusy(true);
    setProblem(null);
    call(spacesRoutes.createSpace, { body: { name, slug: shown, description, visibility, join_policy } })
      .then(async (space) => {
        await queries.invalidateQueries({
          predicate: (query) => String(query.queryKey[0]).startsWith("/v1/spaces"),
          refetchType: "none",
        });
        close();
        await navigate({ to: "/s/$slug", params: { slug: space.slug } });
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  }
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Open a space">
      <form
        className="space-y-5 px-6 pt-2 pb-6"
        onSubmit={(event) => {
          event.preventDefault();
          create();
        }}
      >
        <TextField
          label="Name"
          required
          ref={focusHere}
          maxLength={60}
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={fields.name}
        />
        <TextField
          label="Address"
          required
          prefix="/s/"
          minLength={2}
          maxLength={40}
          value={shown}
          onChange={(event) => setSlug(event.target.value.toLowerCase().replace(/[^a-z0-9-]/g, ""))}
          hint="Letters, digits and hyphens."
          error={slugProblem}
          autoCapitalize="none"
          spellCheck={false}
        />
        <TextArea
          label="What is it for?"
          maxLength={1000}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
          error={fields.description}
        />
        <Choices
          label="Who sees it"
          value={visibility}
          onChange={(value) => {
            setVisibility(value);
            if (value === "private") setJoin("invitation");
          }}
          choices={[
            { value: "public", label: "Everybody", detail: "Anyone can find it and read along." },
            { value: "private", label: "Members", detail: "Only its members see it and what is in it." },
          ]}
        />
        <Choices
          label="Who may join"
          value={join_policy}
          onChange={setJoin}
          choices={[
            { value: "open", label: "Whoever wants to" },
            { value: "invitation", label: "Whoever is invited" },
          ]}
        />
        {problem !== null && slugProblem === undefined && (
          <p role="alert" className="text-sm font-medium text-bad">
            {sentenceOf(problem)}
          </p>
        )}
        <Button type="submit" size="lg" className="w-full" busy={busy} disabled={name.trim() === ""}>
          Open the space
        </Button>
      </form>
    </Sheet>
  );
}
