import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { getVideo } from "#systems/media/contract.ts";

import { ask } from "../shell/house.ts";
import { followNews } from "./news.ts";

/** Asked so often where another film of the page is waited for. */
const POLL_MS = 4_000;

/**
 * A video as the house tells of it, followed while it is being made.
 * @param wanted false asks nothing until it is made known that it is made
 */
export function useFilm(video_id: string, wanted = true) {
  const film = useQuery({
    ...ask(getVideo, { params: { video_id } }),
    enabled: (query) => wanted || query.state.data?.status === "processing",
    refetchInterval: (query) => (query.state.data?.status === "processing" ? POLL_MS : false),
    staleTime: 60_000,
  });
  const making = film.data?.status === "processing";
  useEffect(() => (making ? followNews(video_id) : undefined), [making, video_id]);
  return film;
}
