import { useState } from "react";

import { chatRoutes as r, type Message, MESSAGE_CHARS_MAX } from "#systems/chat/contract.ts";

import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { focusHere } from "../parts/focus.ts";
import { call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { applyEverywhere } from "./conversations.ts";

/** Changes the words of one's own message. Who changed it meanwhile on another device is not written over. */
export default function EditDialog({ message, close }: { message: Message; close: () => void }) {
  const [body, setBody] = useState(message.body);
  const [busy, setBusy] = useState(false);
  const save = () => {
    if (body.trim() === message.body) return close();
    setBusy(true);
    call(r.editMessage, { params: { id: message.id }, body: { body, version: message.version } })
      .then((changed) => {
        applyEverywhere(changed);
        close();
      })
      .catch((error: unknown) => {
        setBusy(false);
        sorry(error);
      });
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Change the message">
      <div className="px-6 pb-6">
        <textarea
          ref={focusHere}
          value={body}
          rows={5}
          dir="auto"
          aria-label="The message"
          maxLength={MESSAGE_CHARS_MAX}
          onChange={(event) => setBody(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            save();
          }}
          className="w-full resize-y rounded-xl border border-line-strong bg-surface px-3.5 py-2.5 text-sm leading-6"
        />
        <p className="mt-1 text-xs text-ink-3">Everybody in the chat can see what it said before.</p>
        <div className="mt-4 flex justify-end gap-2">
          <Button look="quiet" onClick={close}>
            Leave it
          </Button>
          <Button busy={busy} onClick={save}>
            Save
          </Button>
        </div>
      </div>
    </Sheet>
  );
}
