import { Link } from "@tanstack/react-router";

import type { Held, StoredKind, VideoClass } from "#systems/media/contract.ts";

import { bytesOf } from "../../parts/numbers.ts";

/** What bytes are, in words; a hue for each, in the order in which they are drawn. */
export const KINDS: Record<StoredKind, { label: string; hue: string }> = {
  source: { label: "Files as they were sent", hue: "#a5493b" },
  rung: { label: "Qualities to watch in", hue: "#4a6741" },
  sound: { label: "Sound", hue: "#3b6180" },
  picture: { label: "Pictures", hue: "#8a5a17" },
  poster: { label: "Posters", hue: "#6b4a78" },
  storyboard: { label: "Small pictures for seeking", hue: "#2f6b66" },
  captions: { label: "Captions", hue: "#565a78" },
  upload: { label: "Uploads on their way", hue: "#9a4a2f" },
  index: { label: "Lists", hue: "#8c8072" },
  moved: { label: "Places that were left", hue: "#8c8072" },
  orphan: { label: "Named by nothing", hue: "#8c8072" },
  other: { label: "Other", hue: "#8c8072" },
};

const KIND_ORDER = Object.keys(KINDS) as StoredKind[];

/** Sums by kind, in a fixed order, so that a hue means the same everywhere. */
export function byKind(held: readonly Held[]): { kind: StoredKind; bytes: number }[] {
  const sums = new Map<StoredKind, number>();
  for (const { kind, bytes } of held) sums.set(kind, (sums.get(kind) ?? 0) + bytes);
  return KIND_ORDER.flatMap((kind) => {
    const bytes = sums.get(kind) ?? 0;
    return bytes > 0 ? [{ kind, bytes }] : [];
  });
}

/** What is stored, as one bar; against a quota where there is one. */
export function HeldBar({ held, of }: { held: readonly Held[]; of: number }) {
  return (
    <div aria-hidden="true" className="flex h-3.5 gap-0.5 overflow-hidden rounded-full bg-sunken">
      {byKind(held).map(({ kind, bytes }) => (
        <span
          key={kind}
          className="h-full min-w-0.5"
          style={{ width: `${(bytes / Math.max(1, of)) * 100}%`, backgroundColor: KINDS[kind].hue }}
        />
      ))}
    </div>
  );
}

export const HeldList = ({ held }: { held: readonly Held[] }) => (
  <ul className="mt-4 grid gap-x-8 gap-y-2 sm:grid-cols-2">
    {byKind(held).map(({ kind, bytes }) => (
      <li key={kind} className="flex items-center gap-2.5 text-sm">
        <span
          aria-hidden="true"
          className="size-3 shrink-0 rounded-full"
          style={{ backgroundColor: KINDS[kind].hue }}
        />
        <span className="min-w-0 flex-1 truncate">{KINDS[kind].label}</span>
        <span className="text-ink-2 tabular-nums">{bytesOf(bytes)}</span>
      </li>
    ))}
  </ul>
);

const CLASS_WORDS = { hot: "watched a lot", warm: "watched now and then", cold: "hardly watched" } as const;

export interface Large {
  id: string;
  title: string;
  bytes: number;
  held: Held[];
  class: VideoClass | null;
}

/** The films that take most, each with what of it does. */
export function LargestFilms({ films, own }: { films: readonly Large[]; own: boolean }) {
  const most = Math.max(1, ...films.map(({ bytes }) => bytes));
  if (films.length === 0) return <p className="text-sm text-ink-2">There are no films.</p>;
  return (
    <ol className="-my-2 divide-y divide-line">
      {films.map((film) => (
        <li key={film.id} className="py-3">
          <p className="flex items-baseline justify-between gap-3 text-sm">
            <Link
              to={own ? "/studio/$id" : "/watch/$id"}
              params={{ id: film.id }}
              className="min-w-6 truncate font-semibold hover:underline"
            >
              {film.title}
            </Link>
            <span className="shrink-0 tabular-nums">{bytesOf(film.bytes)}</span>
          </p>
          <div className="mt-1.5">
            <HeldBar held={film.held} of={most} />
          </div>
          <p className="mt-1 text-xs text-ink-3">
            {film.class ? CLASS_WORDS[film.class.class] : "not looked at yet"}
            {film.class?.evicted &&
              ` · ${film.class.evicted.rungs.join(", ")} given back (${bytesOf(film.class.evicted.bytes)})`}
          </p>
        </li>
      ))}
    </ol>
  );
}
