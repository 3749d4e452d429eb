import { Film as FilmIcon, X } from "lucide-react";

import type { FilmOnItsWay } from "./use-film-upload.ts";

/** How far a film is that is to go with the message. */
export function FilmCard({ film }: { film: FilmOnItsWay }) {
  return (
    <div className="mb-2 flex items-center gap-3 rounded-xl bg-sunken px-3 py-2 text-sm">
      <FilmIcon className="size-5 shrink-0 text-ink-3" aria-hidden="true" />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{film.name}</span>
        <progress
          aria-label={`Sending ${film.name}`}
          value={film.share}
          max={1}
          className="h-1.5 w-full accent-accent"
        />
        <span role="status" className="text-xs text-ink-3">
          {film.id === null ? `${Math.round(film.share * 100)} % sent` : "Ready to send"}
        </span>
      </span>
      <button
        type="button"
        aria-label="Take the film out"
        onClick={film.cancel}
        className="grid size-9 shrink-0 place-items-center rounded-full hover:bg-surface"
      >
        <X className="size-4" aria-hidden="true" />
      </button>
    </div>
  );
}
