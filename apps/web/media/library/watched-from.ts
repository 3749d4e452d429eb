/** The playlist that the page plays from, for those who tell the house where a film stands and when it has ended. */
interface From {
  list: string;
  video_id: string;
  ended: () => void;
}

let now: From | null = null;

/** @returns what ends it */
export function watchFrom(from: From): () => void {
  now = from;
  return () => {
    if (now === from) now = null;
  };
}

/** What goes with a position, so that the house can offer what comes next. */
export const watchedFrom = (video_id: string): { collection_id?: string } =>
  now?.video_id === video_id ? { collection_id: now.list } : {};

/** The film has ended: the next one of the playlist begins by itself. */
export function filmEnded(video_id: string) {
  if (now?.video_id === video_id) now.ended();
}
