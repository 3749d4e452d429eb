import { useQuery } from "@tanstack/react-query";

import { getVideo } from "#systems/media/contract.ts";

import { ask } from "../shell/house.ts";

const POLL_MS = 1_500;

/** A video as the house tells of it, asked again while it is being made. */
export const useFilm = (video_id: string) =>
  useQuery({
    ...ask(getVideo, { params: { video_id } }),
    refetchInterval: (query) => (query.state.data?.status === "processing" ? POLL_MS : false),
    staleTime: 60_000,
  });
