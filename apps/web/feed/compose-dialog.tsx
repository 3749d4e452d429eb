import { useEffect } from "react";

import type { Me } from "#systems/people/contract.ts";

import { addFile } from "../media/attachments.ts";
import { Sheet } from "../parts/dialog.tsx";
import type { Draft } from "../shell/compose.ts";
import { Composer } from "./composer.tsx";
import { draftNow, editDraft } from "./draft.ts";

export default function ComposeDialog({ draft, me, close }: { draft: Draft; me: Me; close: () => void }) {
  useEffect(() => {
    if (draft.text !== undefined && draftNow().text === "") editDraft({ text: draft.text });
    if (draft.space) editDraft({ space: draft.space });
    if (draft.quote) editDraft({ quote: draft.quote });
    for (const file of draft.files ?? []) void addFile(file);
  }, [draft]);
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="New post" wide tall>
      <div className="flex flex-1 flex-col px-6 pt-2 pb-4">
        <Composer me={me} caretHere rows={4} holdsTools onPosted={close} />
      </div>
    </Sheet>
  );
}
