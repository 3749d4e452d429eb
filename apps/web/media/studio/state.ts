import type { Video } from "#systems/media/contract.ts";

/** How far a film is, as its maker wants to know it. */
export type FilmState = "uploading" | "processing" | "playable" | "ready" | "failed";

export function stateOf({ status, arriving, hls_url }: Pick<Video, "status" | "arriving" | "hls_url">): FilmState {
  if (status !== "processing") return status;
  if (arriving) return "uploading";
  return hls_url === null ? "processing" : "playable";
}

export const STATE_WORDS: Record<FilmState, { label: string; className: string }> = {
  uploading: { label: "Uploading", className: "bg-warn-tint text-warn" },
  processing: { label: "The house looks at it", className: "bg-warn-tint text-warn" },
  playable: { label: "Can be watched", className: "bg-good-tint text-good" },
  ready: { label: "Ready", className: "text-ink-3" },
  failed: { label: "Failed", className: "bg-accent-tint text-bad" },
};

/** What the list can be narrowed to; the house knows states and audiences. */
export const FILTERS = [
  { id: "", label: "All" },
  { id: "processing", label: "In the making" },
  { id: "ready", label: "Ready" },
  { id: "failed", label: "Failed" },
  { id: "private", label: "Only you" },
  { id: "public", label: "Everybody" },
] as const;
export type FilterId = (typeof FILTERS)[number]["id"];

export const isFilter = (value: unknown): value is FilterId => FILTERS.some(({ id }) => id === value);

/** A filter in the words of the API. */
export function queryOf(filter: FilterId, q: string) {
  return {
    ...(filter === "processing" || filter === "ready" || filter === "failed" ? { status: filter } : {}),
    ...(filter === "private" || filter === "public" ? { audience: filter } : {}),
    ...(q === "" ? {} : { q }),
  };
}
