import { abilities, engineOf } from "./stream/engine.ts";
import { type Tie, tieNatively, type TieOptions, tieWithHls } from "./stream/tie.ts";

export interface Attached extends Omit<Tie, "untie"> {
  detach(): void;
}

export type AttachOptions = TieOptions;

/** Begins to load hls.js (190 kB gzip) before it is needed; Apple's browsers play HLS by themselves. */
export const warmUp = () => (engineOf(abilities()) === "hls" ? import("hls.js") : Promise.resolve(null));

/** Ties a playlist to a video element. Whoever attaches detaches. */
export async function attach(video: HTMLVideoElement, url: string, options: AttachOptions): Promise<Attached> {
  const module = await warmUp();
  const Player = module?.default.isSupported() ? module.default : null;
  const { untie, ...tie } = Player ? tieWithHls(Player, video, url, options) : tieNatively(video, url, options);
  return { ...tie, detach: untie };
}

const HAVE_CURRENT_DATA = 2;

/**
 * Where to go on after a new address, in seconds. Until a film has shown its first picture the element says 0, whatever
 * place it is about to begin at; a seek under way says where it leads.
 */
export const placeToGoOn = (
  video: Pick<HTMLVideoElement, "readyState" | "seeking" | "currentTime">,
  begins_s: number,
): number => (video.seeking || video.readyState >= HAVE_CURRENT_DATA ? video.currentTime : begins_s);
