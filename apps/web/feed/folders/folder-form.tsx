import { useState } from "react";

import { createFolder, type Folder, FOLDER_NAME_CHARS_MAX, patchFolder } from "#systems/feed/contract.ts";

import { Refusal, sentenceOf } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { TextField } from "../../parts/field.tsx";
import { focusHere } from "../../parts/focus.ts";
import { call } from "../../shell/house.ts";
import { foldersChanged } from "./filing.ts";

/** The name of a folder, new or given: one line with its button. */
export function FolderForm({ folder, done }: { folder?: Folder; done: (folder: Folder) => void }) {
  const [name, setName] = useState(folder?.name ?? "");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const save = async () => {
    const body = { name };
    const saved = await (folder
      ? call(patchFolder, { params: { id: folder.id }, body })
      : call(createFolder, { body }));
    void foldersChanged();
    done(saved);
  };
  return (
    <form
      className="flex items-start gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        setBusy(true);
        setProblem(null);
        save()
          .catch(setProblem)
          .finally(() => setBusy(false));
      }}
    >
      <div className="min-w-0 flex-1">
        <TextField
          label={folder ? "Name" : "Name of the new folder"}
          ref={focusHere}
          required
          maxLength={FOLDER_NAME_CHARS_MAX}
          value={name}
          error={
            problem
              ? problem instanceof Refusal
                ? (problem.fields.name ?? problem.message)
                : sentenceOf(problem)
              : undefined
          }
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <Button type="submit" className="mt-[1.6rem] h-12" busy={busy} disabled={name.trim() === ""}>
        {folder ? "Save" : "Make"}
      </Button>
    </form>
  );
}
