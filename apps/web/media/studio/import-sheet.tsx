import { useState } from "react";

import { importUpload } from "#systems/media/contract.ts";

import { Refusal, sentenceOf } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Sheet } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/field.tsx";
import { focusHere } from "../../parts/focus.ts";
import { call } from "../../shell/house.ts";
import { titleOf } from "../sending.ts";
import { importsChanged } from "./upload-rows.tsx";
import type { For } from "./uploads.ts";

/** A film that lies at an address: the house fetches it by itself. */
export default function ImportSheet({ of, close }: { of: For; close: () => void }) {
  const [url, setUrl] = useState("");
  const [title, setTitle] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const guess = URL.canParse(url) ? titleOf(decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "")) : "";
  const fields = problem instanceof Refusal ? problem.fields : {};
  const submit = () => {
    setBusy(true);
    setProblem(null);
    call(importUpload, {
      body: {
        url: url.trim(),
        title: title.trim() || guess || "Video",
        audience: of.audience,
        ...(of.audience === "space" && of.space_id !== null ? { space_id: of.space_id } : {}),
      },
    })
      .then(async () => {
        await importsChanged();
        close();
      })
      .catch((error: unknown) => {
        setProblem(error);
        setBusy(false);
      });
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="From an address">
      <form
        className="space-y-5 px-6 pt-2 pb-6"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextField
          label="Address of the file"
          type="url"
          inputMode="url"
          required
          ref={focusHere}
          maxLength={2048}
          placeholder="https://example.org/film.mp4"
          hint="The house fetches it; you can close this page. It has to be open to everybody."
          error={fields.url ?? (problem === null ? undefined : sentenceOf(problem))}
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <TextField
          label="Title"
          maxLength={120}
          placeholder={guess || "The name of the file"}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
        <div className="flex justify-end">
          <Button type="submit" busy={busy} disabled={url.trim() === ""}>
            Fetch it
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
