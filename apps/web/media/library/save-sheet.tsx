import { useQuery } from "@tanstack/react-query";
import { Clock } from "lucide-react";
import { useState } from "react";

import { createCollection, listCollections } from "#systems/media/contract.ts";

import { ChoiceSheet } from "../../parts/choice-sheet.tsx";
import { plural } from "../../parts/numbers.ts";
import { ask, call } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { createToggle } from "../../shell/toggle.ts";
import { AudienceMark } from "./audience.tsx";
import { playlistsChanged, put, take } from "./saving.ts";

const SHOWN_MAX = 50;
const TITLE_CHARS_MAX = 120;

/** Puts a film into playlists and takes it out again. */
export default function SaveSheet({ video_id, close }: { video_id: string; close: () => void }) {
  const asked = useQuery({ ...ask(listCollections, { query: { limit: SHOWN_MAX, video_id } }), staleTime: 0 });
  const [wishes, setWishes] = useState<Record<string, boolean>>({});
  const [toggle] = useState(() =>
    createToggle({
      send: (id, on) => (on ? put(id, video_id) : take(id, video_id)),
      show: (id, on) => setWishes((before) => ({ ...before, [id]: on })),
      failed: sorry,
    }),
  );
  const leave = () => {
    close();
    void playlistsChanged();
  };
  const isIn = (id: string) => asked.data?.items.find((list) => list.id === id)?.has_video ?? false;
  return (
    <ChoiceSheet
      title="Save to"
      what="your playlists"
      asked={asked}
      choices={(asked.data?.items ?? []).map((list) => ({
        id: list.id,
        label: list.title,
        detail: plural(list.video_count, "film"),
        on: wishes[list.id] ?? list.has_video ?? false,
        mark:
          list.kind === "watch_later" ? (
            <Clock className="size-4.5 text-ink-3" aria-hidden="true" />
          ) : (
            <AudienceMark audience={list.audience} />
          ),
      }))}
      press={(id, on) => void toggle.set(id, on, isIn(id))}
      begin={{
        label: "New playlist",
        name: "Name of the new playlist",
        action: "Save",
        chars_max: TITLE_CHARS_MAX,
        // Only its maker sees it until they say otherwise.
        make: (title) =>
          call(createCollection, { body: { title, video_id, audience: "private" } }).then(() => {
            say(`Saved to “${title.trim()}”.`);
            leave();
          }, sorry),
      }}
      close={leave}
    />
  );
}
