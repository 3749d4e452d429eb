import {
  Captions as CaptionsIcon,
  ListOrdered,
  Maximize,
  Minimize,
  Pause,
  PictureInPicture2,
  Play,
  RectangleHorizontal,
  RotateCcw,
  RotateCw,
  Settings as SettingsIcon,
  Share2,
  SquareArrowDownRight,
} from "lucide-react";
import { useRef, useState } from "react";

import { clockOf } from "../../parts/time.tsx";
import type { Stretch } from "../chapters.ts";
import { prefer, usePreferences } from "../preferences.ts";
import type { Storyboard } from "../storyboard.ts";
import { canPicture, seekBy, toggleFull, togglePicture, togglePlay } from "./acts.ts";
import { ChapterList } from "./chapter-list.tsx";
import { Control } from "./control.tsx";
import { Popover } from "./popover.tsx";
import { SeekBar } from "./seek-bar.tsx";
import { type Choices, Settings } from "./settings.tsx";
import type { Doing } from "./use-media.ts";
import { Volume } from "./volume.tsx";

export interface ControlsProps {
  video: HTMLVideoElement;
  root: HTMLElement;
  doing: Doing;
  duration_s: number;
  parts: readonly Stretch[];
  storyboard: Storyboard | null;
  choices: Choices;
  full: boolean;
  now_s: number;
  share: () => void;
  /** Into the corner, while the viewer looks at something else. */
  toCorner: () => void;
  onMenu: (open: boolean) => void;
}

type Menu = "settings" | "chapters" | null;

const REOPEN_MS_MIN = 250;

export function Controls(props: ControlsProps) {
  const { video, root, doing, duration_s, parts, storyboard, choices, full, now_s } = props;
  const preferences = usePreferences();
  const [menu, setMenu] = useState<Menu>(null);
  const settings = useRef<HTMLButtonElement>(null);
  const chapters = useRef<HTMLButtonElement>(null);
  const closed_ms = useRef(0);
  const open = (next: Menu) => {
    // A press on the button that opened it has closed it already, as any press beside it does.
    if (next !== null && performance.now() - closed_ms.current < REOPEN_MS_MIN) return;
    if (next === null) closed_ms.current = performance.now();
    setMenu(next);
    props.onMenu(next !== null);
  };
  const named = parts.some(({ title }) => title !== "");
  const chapter = named ? parts.findLast(({ at_ms }) => at_ms <= now_s * 1000)?.title : undefined;
  const PlayIcon = doing.ended ? RotateCcw : doing.paused ? Play : Pause;
  return (
    <div className="pointer-events-auto bg-gradient-to-t from-black/75 via-black/40 to-transparent px-2 pt-8 pb-1 sm:px-3">
      <div className="px-2">
        <SeekBar video={video} duration_s={duration_s} parts={parts} storyboard={storyboard} />
      </div>
      <div className="flex items-center">
        <Control
          label={doing.ended ? "Play again" : doing.paused ? "Play" : "Pause"}
          keys="k"
          onClick={() => togglePlay(video)}
        >
          <PlayIcon className={doing.ended ? "" : "fill-current"} aria-hidden="true" />
        </Control>
        <Control label="10 seconds back" keys="j" className="@max-2xl:hidden" onClick={() => seekBy(video, -10)}>
          <RotateCcw aria-hidden="true" />
        </Control>
        <Control label="10 seconds on" keys="l" className="@max-2xl:hidden" onClick={() => seekBy(video, 10)}>
          <RotateCw aria-hidden="true" />
        </Control>
        <Volume video={video} doing={doing} />
        <p className="ml-1 text-sm whitespace-nowrap text-white tabular-nums">
          {clockOf(now_s * 1000)} <span className="text-white/75">/ {clockOf(Math.floor(duration_s) * 1000)}</span>
        </p>
        {chapter && (
          <p className="ml-3 min-w-0 truncate text-sm text-white/85 @max-2xl:hidden">
            <span aria-hidden="true">· </span>
            {chapter}
          </p>
        )}
        <span className="flex-1" />
        {named && (
          <Control
            ref={chapters}
            label="Chapters"
            menu="player-chapters"
            open={menu === "chapters"}
            onClick={() => open(menu === "chapters" ? null : "chapters")}
          >
            <ListOrdered aria-hidden="true" />
          </Control>
        )}
        {choices.captions.length > 0 && (
          <Control
            label="Captions"
            keys="c"
            pressed={choices.caption !== -1}
            onClick={() => prefer({ captions: choices.caption === -1 })}
          >
            <CaptionsIcon aria-hidden="true" />
            {choices.caption !== -1 && <span className="absolute bottom-1.5 h-0.5 w-5 rounded-full bg-[#ff8a7c]" />}
          </Control>
        )}
        <Control label="Share" className="@max-md:hidden" onClick={props.share}>
          <Share2 aria-hidden="true" />
        </Control>
        <Control
          ref={settings}
          label="Quality, speed and more"
          menu="player-settings"
          open={menu === "settings"}
          onClick={() => open(menu === "settings" ? null : "settings")}
        >
          <SettingsIcon aria-hidden="true" />
        </Control>
        {!full && (
          <Control label="Go on in the corner" keys="i" className="@max-md:hidden" onClick={props.toCorner}>
            <SquareArrowDownRight aria-hidden="true" />
          </Control>
        )}
        {canPicture() && (
          <Control
            label="Picture in picture"
            className="@max-xl:hidden"
            pressed={doing.inPicture}
            onClick={() => void togglePicture(video).catch(() => {})}
          >
            <PictureInPicture2 aria-hidden="true" />
          </Control>
        )}
        {!full && (
          <Control
            label="Wide picture"
            keys="t"
            className="max-lg:hidden"
            pressed={preferences.theatre}
            onClick={() => prefer({ theatre: !preferences.theatre })}
          >
            <RectangleHorizontal aria-hidden="true" />
          </Control>
        )}
        <Control
          label={full ? "Leave full screen" : "Full screen"}
          keys="f"
          onClick={() => void toggleFull(root, video).catch(() => {})}
        >
          {full ? <Minimize aria-hidden="true" /> : <Maximize aria-hidden="true" />}
        </Control>
      </div>
      {menu === "settings" && (
        <Popover id="player-settings" label="How it plays" anchor={settings} close={() => open(null)}>
          <Settings choices={choices} />
        </Popover>
      )}
      {menu === "chapters" && (
        <Popover id="player-chapters" label="Chapters" anchor={chapters} close={() => open(null)}>
          <ChapterList video={video} parts={parts} close={() => open(null)} />
        </Popover>
      )}
    </div>
  );
}
