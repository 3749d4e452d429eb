import { useQuery } from "@tanstack/react-query";
import { Check, ImageUp, Sparkles, Timer } from "lucide-react";
import { useRef, useState } from "react";

import { IMAGE_TYPES, listThumbnails, putThumbnail, type ThumbnailCandidate } from "#systems/media/contract.ts";

import { Button } from "../../parts/button.tsx";
import { Failed } from "../../parts/empty.tsx";
import { Loading, Skeleton } from "../../parts/skeleton.tsx";
import { clockOf } from "../../parts/time.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask, call } from "../../shell/house.ts";
import { useShortcuts } from "../../shell/keyboard.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { Thumb } from "../library/thumb.tsx";
import { uploadPicture } from "../upload-picture.ts";
import type { TabProps } from "./edit.tsx";
import { untilChanged } from "./film-cache.ts";
import { exactOf, usePlace } from "./studio-player.tsx";
import { filmsChanged } from "./uploads.ts";

type Choice = { at_ms: number } | { image_id: string } | { automatic: true };

/** What stands for a film before it plays: a moment of it, a picture of one's own, or what the house finds. */
export default function PictureTab({ film, video }: TabProps) {
  const found = useQuery(ask(listThumbnails, { params: { video_id: film.id } }));
  const [busy, setBusy] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const at_ms = usePlace(video);
  const pick = useRef<HTMLInputElement>(null);
  const choose = (name: string, choice: () => Promise<Choice>) => {
    setBusy(name);
    const before = film.poster_url;
    choice()
      .then((body) => call(putThumbnail, { params: { video_id: film.id }, body }))
      // Made at once, or told of when it is there.
      .then(() => untilChanged(film, (now) => now.poster_url !== before))
      .then(async () => {
        setChosen(name);
        await filmsChanged();
        say("This stands for the film now.");
      })
      .catch((error: unknown) => sorry(error instanceof Error && error.constructor === Error ? error.message : error))
      .finally(() => setBusy(null));
  };
  const moment = () => choose("moment", () => Promise.resolve({ at_ms }));
  useShortcuts([{ keys: "t", label: "Take this moment as the picture", group: "Studio", run: moment }]);
  return (
    <>
      <Panel title="The picture" intro="What people see before the film plays.">
        <div className="flex flex-wrap items-start gap-5">
          <Thumb video={{ ...film, position_ms: null }} className="w-full max-w-72" />
          <div className="flex flex-col items-start gap-2">
            <Button look="soft" busy={busy === "moment"} disabled={!video || busy !== null} onClick={moment}>
              <Timer className="size-4.5" aria-hidden="true" /> This moment, {exactOf(at_ms)}
            </Button>
            <Button look="outline" busy={busy === "own"} disabled={busy !== null} onClick={() => pick.current?.click()}>
              <ImageUp className="size-4.5" aria-hidden="true" /> A picture of yours
            </Button>
            <Button
              look="outline"
              busy={busy === "automatic"}
              disabled={busy !== null}
              onClick={() => choose("automatic", () => Promise.resolve({ automatic: true }))}
            >
              <Sparkles className="size-4.5" aria-hidden="true" /> Let the house choose
            </Button>
            <input
              ref={pick}
              type="file"
              hidden
              aria-label="A picture for the film"
              accept={IMAGE_TYPES.join(",")}
              onChange={({ currentTarget }) => {
                const [file] = Array.from(currentTarget.files ?? []);
                currentTarget.value = "";
                if (file) choose("own", async () => ({ image_id: await uploadPicture(file) }));
              }}
            />
          </div>
        </div>
      </Panel>
      <Panel title="Moments of it">
        {found.isPending ? (
          <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
            <Loading what="moments" />
            <Skeleton className="aspect-video" />
            <Skeleton className="aspect-video" />
            <Skeleton className="aspect-video" />
          </div>
        ) : found.isError ? (
          <Failed error={found.error} retry={() => void found.refetch()} />
        ) : found.data.items.length === 0 ? (
          <p className="text-sm text-ink-2">
            They are here when the film&apos;s small pictures are made.{" "}
            <button
              type="button"
              className="font-semibold text-accent-ink underline"
              onClick={() => void found.refetch()}
            >
              Look again
            </button>
          </p>
        ) : (
          <ul className="grid grid-cols-2 gap-3 sm:grid-cols-3">
            {found.data.items.map((candidate) => {
              const name = `at ${candidate.at_ms}`;
              return (
                <li key={candidate.at_ms}>
                  <button
                    type="button"
                    aria-label={`Take the moment at ${clockOf(candidate.at_ms)}`}
                    aria-pressed={chosen === name}
                    disabled={busy !== null}
                    onClick={() => choose(name, () => Promise.resolve({ at_ms: candidate.at_ms }))}
                    className="group relative block w-full overflow-hidden rounded-xl border-2 border-transparent bg-sunken hover:border-line-strong aria-pressed:border-accent-ink"
                  >
                    <Piece candidate={candidate} />
                    <span className="absolute right-1.5 bottom-1.5 rounded-md bg-black/78 px-1.5 text-xs leading-5 font-semibold text-white tabular-nums">
                      {busy === name ? "…" : clockOf(candidate.at_ms)}
                    </span>
                    {chosen === name && (
                      <span className="absolute top-1.5 right-1.5 grid size-6 place-items-center rounded-full bg-accent text-on-accent">
                        <Check className="size-4" aria-hidden="true" />
                      </span>
                    )}
                  </button>
                </li>
              );
            })}
          </ul>
        )}
      </Panel>
    </>
  );
}

/** A piece of a sheet, as large as there is room: an SVG scales what a background cannot. */
export function Piece({ candidate }: { candidate: ThumbnailCandidate }) {
  const { sheet_url, x, y, width, height } = candidate;
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      className="aspect-video w-full"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <svg x="0" y="0" width={width} height={height} overflow="hidden">
        <image href={sheet_url} x={-x} y={-y} />
      </svg>
    </svg>
  );
}
