import { useQuery } from "@tanstack/react-query";
import { Check, Clock, Plus } from "lucide-react";
import { useState } from "react";

import { type Collection, createCollection, listCollections } from "#systems/media/contract.ts";

import { Button } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { Sheet } from "../../parts/dialog.tsx";
import { Failed } from "../../parts/empty.tsx";
import { TextField } from "../../parts/field.tsx";
import { focusHere } from "../../parts/focus.ts";
import { plural } from "../../parts/numbers.ts";
import { Loading, RowSkeleton } from "../../parts/skeleton.tsx";
import { ask, call } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { createToggle } from "../../shell/toggle.ts";
import { AudienceMark } from "./audience.tsx";
import { playlistsChanged, put, take } from "./saving.ts";

const SHOWN_MAX = 50;

/** Puts a film into playlists and takes it out again; each press holds at once. */
export default function SaveSheet({ video_id, close }: { video_id: string; close: () => void }) {
  const asked = useQuery({
    ...ask(listCollections, { query: { limit: SHOWN_MAX, video_id } }),
    staleTime: 0,
  });
  const [wishes, setWishes] = useState<Record<string, boolean>>({});
  const [toggle] = useState(() =>
    createToggle({
      send: (id, on) => (on ? put(id, video_id) : take(id, video_id)),
      show: (id, on) => setWishes((before) => ({ ...before, [id]: on })),
      failed: sorry,
    }),
  );
  const [beginning, setBeginning] = useState(false);
  const leave = () => {
    close();
    void playlistsChanged();
  };
  return (
    <Sheet open onOpenChange={(open) => !open && leave()} title="Save to">
      <div className="px-3 pt-1 pb-3">
        {asked.isPending ? (
          <>
            <Loading what="your playlists" />
            <RowSkeleton />
            <RowSkeleton />
          </>
        ) : asked.isError ? (
          <Failed error={asked.error} retry={() => void asked.refetch()} />
        ) : (
          <ul>
            {asked.data.items.map((list) => (
              <li key={list.id}>
                <Choice
                  list={list}
                  on={wishes[list.id] ?? list.has_video ?? false}
                  press={(on) => void toggle.set(list.id, on, list.has_video ?? false)}
                />
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="sticky bottom-0 border-t border-line bg-surface px-6 py-4">
        {beginning ? (
          <Begin video_id={video_id} begun={leave} />
        ) : (
          <Button look="soft" className="w-full" onClick={() => setBeginning(true)}>
            <Plus className="size-4.5" /> New playlist
          </Button>
        )}
      </div>
    </Sheet>
  );
}

function Choice({ list, on, press }: { list: Collection; on: boolean; press: (on: boolean) => void }) {
  return (
    <button
      type="button"
      role="checkbox"
      aria-checked={on}
      onClick={() => press(!on)}
      className="flex min-h-14 w-full items-center gap-4 rounded-xl px-3 py-2 text-left hover:bg-sunken"
    >
      <span
        aria-hidden="true"
        className={cx(
          "grid size-6 shrink-0 place-items-center rounded-md border transition-colors",
          on ? "border-accent bg-accent text-on-accent" : "border-line-strong",
        )}
      >
        {on && <Check className="size-4" strokeWidth={3} />}
      </span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-semibold">{list.title}</span>
        <span className="block text-xs text-ink-3">{plural(list.video_count, "film")}</span>
      </span>
      {list.kind === "watch_later" ? (
        <Clock className="size-4.5 text-ink-3" aria-hidden="true" />
      ) : (
        <AudienceMark audience={list.audience} />
      )}
    </button>
  );
}

/** A new one with this film in it; only its maker sees it until they say otherwise. */
function Begin({ video_id, begun }: { video_id: string; begun: () => void }) {
  const [title, setTitle] = useState("");
  const [busy, setBusy] = useState(false);
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        setBusy(true);
        call(createCollection, { body: { title, video_id, audience: "private" } })
          .then(() => {
            say(`Saved to “${title.trim()}”.`);
            begun();
          }, sorry)
          .finally(() => setBusy(false));
      }}
    >
      <div className="min-w-0 flex-1">
        <TextField
          label="Name of the new playlist"
          ref={focusHere}
          required
          maxLength={120}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
      </div>
      <Button type="submit" className="h-12" busy={busy} disabled={title.trim() === ""}>
        Save
      </Button>
    </form>
  );
}
