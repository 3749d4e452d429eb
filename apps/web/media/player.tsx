import {
  MediaControlBar,
  MediaController,
  MediaFullscreenButton,
  MediaLoadingIndicator,
  MediaMuteButton,
  MediaPipButton,
  MediaPlayButton,
  MediaPosterImage,
  MediaSeekBackwardButton,
  MediaSeekForwardButton,
  MediaTimeDisplay,
  MediaTimeRange,
  MediaVolumeRange,
} from "media-chrome/react";
import {
  MediaPlaybackRateMenu,
  MediaRenditionMenu,
  MediaSettingsMenu,
  MediaSettingsMenuButton,
  MediaSettingsMenuItem,
} from "media-chrome/react/menu";
import { type CSSProperties, useCallback, useEffect, useEffectEvent, useRef, useState } from "react";

import { useShortcuts } from "../shell/keyboard.ts";
import { placeToGoOn } from "./growing.ts";
import { attach, type Attached } from "./hls.ts";
import { Renditions } from "./renditions.ts";
import { leaveStage, playOn, setSound, takeStage, useSound } from "./stage.ts";

export interface PlayerProps {
  url: string;
  /** How many qualities its list names now (`listedRungs`); with more of them the list is read again. */
  listed: number;
  title: string;
  poster: string | null;
  placeholder: string | null;
  ratio: number;
  start_ms: number;
  autoPlay: boolean;
  onTime: (at_s: number, ended: boolean) => void;
  /** The line is lost for good: the playlist's address may have run out. */
  onLost: () => void;
}

const LOOK = {
  "--media-primary-color": "#fff",
  "--media-secondary-color": "rgb(20 14 10 / 0.78)",
  "--media-control-background": "transparent",
  "--media-control-hover-background": "rgb(255 255 255 / 0.16)",
  "--media-range-bar-color": "#ff8a7c",
  "--media-range-thumb-background": "#fff",
  "--media-range-track-background": "rgb(255 255 255 / 0.28)",
  "--media-range-track-border-radius": "4px",
  "--media-range-track-height": "4px",
  "--media-font-family": "Figtree, sans-serif",
  "--media-tooltip-display": "none",
  "--media-menu-background": "rgb(28 20 16 / 0.94)",
  "--media-menu-border-radius": "12px",
  "--media-control-padding": "12px 10px",
} as CSSProperties;

/** The player of a video's own page: quality, speed, keyboard, picture in picture, and it goes on where you stopped. */
export function Player({
  url,
  listed,
  title,
  poster,
  placeholder,
  ratio,
  start_ms,
  autoPlay,
  onTime,
  onLost,
}: PlayerProps) {
  const video = useRef<HTMLVideoElement | null>(null);
  const lost = useEffectEvent(onLost);
  const start = useRef(start_ms / 1000);
  const playing = useRef(autoPlay);
  const attachedTo = useRef<Promise<Attached> | null>(null);
  const listedNow = useRef(listed);
  const [begun, setBegun] = useState(false);
  const [many, setMany] = useState(false);
  const sound = useSound();

  const take = useCallback((node: HTMLVideoElement | null) => {
    video.current = node;
    // Before the controller meets the element, which asks for this once.
    if (node && !("videoRenditions" in node)) Object.assign(node, { videoRenditions: new Renditions() });
  }, []);

  // Before the next effect, so that a new address is attached with what its list has by now.
  useEffect(() => {
    listedNow.current = listed;
    void attachedTo.current?.then((player) => player.listed(listed));
  }, [listed]);
  useEffect(() => {
    const node = video.current;
    if (!node) return;
    let gone = false;
    const attached = attach(node, url, {
      ahead_s: 40,
      start_s: start.current,
      listed: listedNow.current,
      onLost: () => lost(),
      onLevels: (levels) => {
        setMany(levels.length > 1);
        void attached.then((player) =>
          (node as HTMLVideoElement & { videoRenditions: Renditions }).videoRenditions.set(levels, player.choose),
        );
      },
    });
    attachedTo.current = attached;
    void attached.then(async () => {
      if (!gone && playing.current) await playOn(node);
    });
    return () => {
      gone = true;
      // Comes back to where it was, playing or not, when only the address changes.
      start.current = placeToGoOn(node, start.current);
      playing.current = !node.paused;
      leaveStage(node);
      void attached.then((player) => player.detach());
    };
  }, [url]);

  const on = (run: (node: HTMLVideoElement) => void) => () => {
    if (video.current) run(video.current);
  };
  const rate = (step: number) =>
    on((node) => void (node.playbackRate = Math.min(2, Math.max(0.5, node.playbackRate + step))));
  useShortcuts([
    {
      keys: " ",
      label: "Play or pause",
      group: "In the player",
      run: on((node) => void (node.paused ? playOn(node) : node.pause())),
    },
    {
      keys: "ArrowLeft",
      label: "10 seconds back",
      group: "In the player",
      run: on((node) => void (node.currentTime -= 10)),
    },
    {
      keys: "ArrowRight",
      label: "10 seconds on",
      group: "In the player",
      run: on((node) => void (node.currentTime += 10)),
    },
    { keys: "m", label: "Sound on or off", group: "In the player", run: on((node) => setSound(node.muted)) },
    {
      keys: "f",
      label: "Full screen",
      group: "In the player",
      run: on(
        (node) =>
          void (document.fullscreenElement
            ? document.exitFullscreen()
            : node.closest("media-controller")?.requestFullscreen()),
      ),
    },
    { keys: "<", label: "Slower", group: "In the player", run: rate(-0.25) },
    { keys: ">", label: "Faster", group: "In the player", run: rate(0.25) },
  ]);

  return (
    <MediaController
      hotkeys="noarrowup noarrowdown"
      className="player block w-full overflow-hidden bg-black sm:rounded-2xl [&:fullscreen]:rounded-none"
      style={{ ...LOOK, aspectRatio: Math.max(ratio, 0.75), maxHeight: "min(78dvh, 52rem)" }}
    >
      {/* The house has no caption tracks yet. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <video
        ref={take}
        slot="media"
        playsInline
        muted={!sound}
        preload="metadata"
        aria-label={title}
        className="size-full object-contain"
        onPlay={({ currentTarget }) => takeStage(currentTarget)}
        onVolumeChange={({ currentTarget }) => {
          if (currentTarget.muted === sound) setSound(!currentTarget.muted);
        }}
        onPlaying={() => setBegun(true)}
        onTimeUpdate={({ currentTarget }) => {
          // An element that is given something else says 0 until its first picture is there.
          if (currentTarget.readyState >= currentTarget.HAVE_CURRENT_DATA) onTime(currentTarget.currentTime, false);
        }}
        onEnded={({ currentTarget }) => onTime(currentTarget.duration, true)}
      />
      {poster && !begun && (
        <MediaPosterImage slot="poster" src={poster} {...(placeholder ? { placeholdersrc: placeholder } : {})} />
      )}
      <MediaLoadingIndicator slot="centered-chrome" noAutohide />
      <MediaSettingsMenu hidden anchor="auto">
        <MediaSettingsMenuItem>
          Speed
          <MediaPlaybackRateMenu slot="submenu" hidden rates={[0.5, 0.75, 1, 1.25, 1.5, 2]}>
            <div slot="title">Speed</div>
          </MediaPlaybackRateMenu>
        </MediaSettingsMenuItem>
        {many && (
          <MediaSettingsMenuItem>
            Quality
            <MediaRenditionMenu slot="submenu" hidden>
              <div slot="title">Quality</div>
            </MediaRenditionMenu>
          </MediaSettingsMenuItem>
        )}
      </MediaSettingsMenu>
      <div className="flex w-full flex-col bg-gradient-to-t from-black/70 to-transparent px-1 pt-10 sm:px-3">
        <MediaTimeRange className="h-5 w-full px-2" />
        <MediaControlBar className="flex w-full items-center">
          <MediaPlayButton />
          <MediaSeekBackwardButton seekOffset={10} className="max-sm:hidden" />
          <MediaSeekForwardButton seekOffset={10} className="max-sm:hidden" />
          <MediaMuteButton />
          <MediaVolumeRange className="max-sm:hidden" />
          <MediaTimeDisplay showDuration className="text-sm" />
          <span className="flex-1" />
          <MediaSettingsMenuButton />
          <MediaPipButton />
          <MediaFullscreenButton />
        </MediaControlBar>
      </div>
    </MediaController>
  );
}
