import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import type { Audience } from "#kernel/wire.ts";
import { type Collection, createCollection, patchCollection } from "#systems/media/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import { Refusal, sentenceOf } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Sheet } from "../../parts/dialog.tsx";
import { Choices, SelectField, TextArea, TextField } from "../../parts/field.tsx";
import { focusHere } from "../../parts/focus.ts";
import { ask, call, queries } from "../../shell/house.ts";
import { audienceWords } from "./audience.tsx";
import { playlistsChanged } from "./saving.ts";

/** Begins a playlist, or changes the words and the audience of one. Two open pages never overwrite each other unseen. */
export default function PlaylistForm({ list, close }: { list?: Collection; close: () => void }) {
  const navigate = useNavigate();
  const [title, setTitle] = useState(list?.title ?? "");
  const [description, setDescription] = useState(list?.description ?? "");
  const [audience, setAudience] = useState<Audience>(list?.audience ?? "private");
  const [space_id, setSpace] = useState(list?.space_id ?? "");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const spaces = useQuery(ask(spacesRoutes.mySpaces));
  const mine = spaces.data?.items ?? [];
  const fields = problem instanceof Refusal ? problem.fields : {};
  const chosen = space_id || mine[0]?.id;

  async function save() {
    const body = {
      title,
      description,
      audience,
      ...(audience === "space" && chosen ? { space_id: chosen } : {}),
    };
    if (list) {
      const params = { collection_id: list.id };
      const changed = await call(patchCollection, { params, body, headers: { "if-match": `"${list.version}"` } });
      queries.setQueryData(["/v1/collections/{collection_id}", params, {}], changed);
    } else {
      const made = await call(createCollection, { body });
      await navigate({ to: "/playlists/$id", params: { id: made.id } });
    }
    void playlistsChanged();
    close();
  }
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={list ? "Change the playlist" : "A new playlist"}>
      <form
        className="space-y-5 px-6 pt-2 pb-6"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          setProblem(null);
          save()
            .catch((error: unknown) => {
              setProblem(error);
              if (error instanceof Refusal && error.code === "collection.changed") void playlistsChanged();
            })
            .finally(() => setBusy(false));
        }}
      >
        <TextField
          label="Name"
          required
          ref={focusHere}
          maxLength={120}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
          error={fields.title}
        />
        <TextArea
          label="What is in it?"
          maxLength={2000}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
          error={fields.description}
        />
        <Choices
          label="Who sees it"
          value={audience}
          onChange={setAudience}
          columns={2}
          choices={(["private", "followers", "public", ...(mine.length > 0 ? (["space"] as const) : [])] as const).map(
            (value) => ({ value, label: audienceWords(value).label, detail: audienceWords(value).detail }),
          )}
        />
        {audience === "space" && (
          <SelectField label="Space" value={chosen} onChange={(event) => setSpace(event.target.value)}>
            {mine.map((space) => (
              <option key={space.id} value={space.id}>
                {space.name}
              </option>
            ))}
          </SelectField>
        )}
        <p className="text-xs text-ink-3">Each film in it is still seen only by whom it is for.</p>
        {problem !== null && Object.keys(fields).length === 0 && (
          <p role="alert" className="text-sm font-medium text-bad">
            {sentenceOf(problem)}
          </p>
        )}
        <Button type="submit" size="lg" className="w-full" busy={busy} disabled={title.trim() === ""}>
          {list ? "Save" : "Begin the playlist"}
        </Button>
      </form>
    </Sheet>
  );
}
