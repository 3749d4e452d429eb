import type { UseQueryResult } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type ReactNode, useState } from "react";

import { Button } from "./button.tsx";
import { CheckRow } from "./check-row.tsx";
import { Sheet } from "./dialog.tsx";
import { Failed } from "./empty.tsx";
import { TextField } from "./field.tsx";
import { focusHere } from "./focus.ts";
import { Loading, RowSkeleton } from "./skeleton.tsx";

/** One of several things of which each holds this, or does not. */
export interface Choice {
  id: string;
  label: string;
  detail: string;
  on: boolean;
  mark?: ReactNode;
}

/** Where something is kept: each press holds at once; a new place is made with it inside. */
export function ChoiceSheet({
  title,
  what,
  asked,
  choices,
  empty,
  press,
  begin,
  close,
}: {
  title: string;
  /** What is being read, for who does not see it: "your lists". */
  what: string;
  asked: Pick<UseQueryResult, "isPending" | "isError" | "error" | "refetch">;
  choices: readonly Choice[];
  empty?: string;
  press: (id: string, on: boolean) => void;
  begin: { label: string; name: string; action: string; chars_max: number; make: (name: string) => Promise<unknown> };
  close: () => void;
}) {
  const [beginning, setBeginning] = useState(false);
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={title}>
      <div className="px-3 pt-1 pb-3">
        {asked.isPending ? (
          <>
            <Loading what={what} />
            <RowSkeleton />
            <RowSkeleton />
          </>
        ) : asked.isError ? (
          <Failed error={asked.error} retry={() => void asked.refetch()} />
        ) : choices.length === 0 && empty !== undefined ? (
          <p className="px-3 py-6 text-sm text-ink-2">{empty}</p>
        ) : (
          <ul>
            {choices.map(({ id, ...row }) => (
              <li key={id}>
                <CheckRow {...row} press={(on) => press(id, on)} />
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="sticky bottom-0 border-t border-line bg-surface px-6 py-4">
        {beginning ? (
          <Begin {...begin} />
        ) : (
          <Button look="soft" className="w-full" onClick={() => setBeginning(true)}>
            <Plus className="size-4.5" /> {begin.label}
          </Button>
        )}
      </div>
    </Sheet>
  );
}

function Begin({ name: label, action, chars_max, make }: Parameters<typeof ChoiceSheet>[0]["begin"]) {
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        setBusy(true);
        void make(name).finally(() => setBusy(false));
      }}
    >
      <div className="min-w-0 flex-1">
        <TextField
          label={label}
          ref={focusHere}
          required
          maxLength={chars_max}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <Button type="submit" className="h-12" busy={busy} disabled={name.trim() === ""}>
        {action}
      </Button>
    </form>
  );
}
