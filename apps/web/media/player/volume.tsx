import { Volume1, Volume2, VolumeX } from "lucide-react";

import { setVolume, toggleMute } from "./acts.ts";
import { Control } from "./control.tsx";
import type { Doing } from "./use-media.ts";

/** Sound on or off, and how loud; phones have buttons of their own for that. */
export function Volume({ video, doing }: { video: HTMLVideoElement; doing: Doing }) {
  const silent = doing.muted || doing.volume === 0;
  const Icon = silent ? VolumeX : doing.volume < 0.5 ? Volume1 : Volume2;
  const level = silent ? 0 : doing.volume;
  return (
    <div className="group/volume flex items-center">
      <Control label={silent ? "Turn the sound on" : "Turn the sound off"} keys="m" onClick={() => toggleMute(video)}>
        <Icon aria-hidden="true" />
      </Control>
      <input
        type="range"
        min={0}
        max={100}
        step={5}
        value={Math.round(level * 100)}
        aria-label="Volume"
        onChange={({ target }) => setVolume(video, Number(target.value) / 100)}
        className="player-range w-0 opacity-0 transition-[width,opacity] group-hover/volume:w-20 group-hover/volume:opacity-100 focus-visible:w-20 focus-visible:opacity-100 max-sm:hidden"
        style={{ "--share": level } as React.CSSProperties}
      />
    </div>
  );
}
