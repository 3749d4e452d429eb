import { addToCollection, getCollection, removeFromCollection, WATCH_LATER } from "#systems/media/contract.ts";

import { call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";

/** What was read of playlists is read anew where it is looked at. */
export const playlistsChanged = () =>
  queries.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith("/v1/collections") });

export const put = (collection_id: string, video_id: string, after?: string | null) =>
  call(addToCollection, { params: { collection_id, video_id }, body: after === undefined ? {} : { after } });

export const take = (collection_id: string, video_id: string) =>
  call(removeFromCollection, { params: { collection_id, video_id } });

/** Answers at once; the house is told behind it. */
export function saveForLater(video_id: string) {
  void put(WATCH_LATER, video_id)
    .then(() => {
      say("Saved to Watch later.", async () => {
        await take(WATCH_LATER, video_id);
        await playlistsChanged();
      });
      return playlistsChanged();
    })
    .catch(sorry);
}

/** Where `watch_later` has to be an id: in an address. */
export const idOfWatchLater = async () => (await call(getCollection, { params: { collection_id: WATCH_LATER } })).id;
