/** What a browser can do with HLS. */
export interface Abilities {
  user_agent: string;
  /** Media Source Extensions, or the managed kind of newer iPhones. */
  media_source: boolean;
  /** `canPlayType("application/vnd.apple.mpegurl")` */
  native: boolean;
}

/**
 * Who plays the lists. Apple's browsers play them by themselves, with AirPlay and full screen of the system; elsewhere
 * hls.js does, also where the browser says it could (Chromium since 142 does, without a choice of quality).
 */
export function engineOf({ user_agent, media_source, native }: Abilities): "native" | "hls" | "none" {
  if (native && isApples(user_agent)) return "native";
  if (media_source) return "hls";
  return native ? "native" : "none";
}

const isApples = (agent: string) => /^((?!chrome|chromium|android|crios|fxios|edg).)*safari/i.test(agent);

export const abilities = (): Abilities => ({
  user_agent: navigator.userAgent,
  media_source: "MediaSource" in globalThis || "ManagedMediaSource" in globalThis,
  native: document.createElement("video").canPlayType("application/vnd.apple.mpegurl") !== "",
});
