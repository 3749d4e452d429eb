import { useNavigate, useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { createPortal } from "react-dom";

import type { Video } from "#systems/media/contract.ts";

import { isStill } from "../shell/theme.ts";
import { captionsOf, storyboardOf } from "./extras.ts";
import { useFilm } from "./film.ts";
import { keepInCorner, offerCorner, playerBox, type Playing, searchOf, stopPlaying } from "./now-playing.ts";
import { Corner } from "./player/corner.tsx";
import { type Film, Player } from "./player/player.tsx";
import { useRemembered } from "./remember.ts";
import { savesData } from "./stage.ts";

const ShareDialog = lazy(() => import("./share-dialog.tsx"));

/** Stands over all screens as long as a film is watched, so that the film outlives the screen that it began on. */
export default function PlayerHost({ playing }: { playing: Playing }) {
  const { data: video } = useFilm(playing.video_id);
  return (
    <>
      <Corner playing={playing} title={video?.title ?? ""} place={offerCorner} />
      {video?.hls_url && <Hosted key={video.id} video={video} url={video.hls_url} playing={playing} />}
    </>
  );
}

function Hosted({ video, url, playing }: { video: Video; url: string; playing: Playing }) {
  const film = useFilm(video.id);
  const router = useRouter();
  const navigate = useNavigate();
  const [lost, setLost] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [shared_s, setShared] = useState<number | null>(null);
  const [start_s] = useState(playing.start_ms / 1000);
  const onTime = useRemembered(video.id, playing.start_ms);
  // Whoever pressed something to come here wishes to see it; whoever opened an address may wish for stillness.
  const [autoPlay] = useState(() => navigator.userActivation?.hasBeenActive === true || (!isStill() && !savesData()));
  const told = useMemo<Film>(
    () => ({
      id: video.id,
      url,
      title: video.title,
      artist: video.owner.display_name,
      poster: video.poster_url,
      placeholder: video.placeholder,
      duration_ms: video.duration_ms,
      told: video.renditions,
      storyboard: storyboardOf(video.storyboard),
      chapters: video.chapters,
      captions: captionsOf(video),
    }),
    [video, url],
  );
  const toPage = () => void navigate({ to: "/watch/$id", params: { id: video.id }, search: searchOf(playing) });
  const toCorner = () => {
    keepInCorner();
    if (router.history.canGoBack()) router.history.back();
    else void navigate({ to: "/" });
  };
  return (
    <>
      {createPortal(
        <Player
          film={told}
          start_s={start_s}
          autoPlay={autoPlay}
          place={playing.place}
          // A new address is a new chance.
          lost={lost === url}
          onLost={() => {
            setLost(url);
            void film.refetch();
          }}
          attempt={attempt}
          retry={() => {
            setLost(null);
            setAttempt((now) => now + 1);
          }}
          onTime={onTime}
          share={setShared}
          toCorner={toCorner}
          toPage={toPage}
          stop={stopPlaying}
        />,
        playerBox(),
      )}
      {shared_s !== null && (
        <Suspense fallback={null}>
          <ShareDialog video={video} at_s={shared_s} close={() => setShared(null)} />
        </Suspense>
      )}
    </>
  );
}
