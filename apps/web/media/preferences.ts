import { useSyncExternalStore } from "react";

/** How somebody likes their films, kept in this browser. */
export interface Preferences {
  /** The short side of the quality that was chosen; null lets the line decide. */
  height: number | null;
  speed: number;
  /** 0…1 */
  volume: number;
  muted: boolean;
  theatre: boolean;
  /** null leaves it to the film. */
  captions: boolean | null;
  /** Of captions and of sound; empty for whatever is the film's own. */
  captions_lang: string;
  sound_lang: string;
  caption_size: (typeof CAPTION_SIZES)[number];
  caption_ground: (typeof CAPTION_GROUNDS)[number];
  caption_edge: (typeof CAPTION_EDGES)[number];
}

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;
export const CAPTION_SIZES = ["small", "medium", "large", "huge"] as const;
export const CAPTION_GROUNDS = ["solid", "half", "none"] as const;
export const CAPTION_EDGES = ["none", "shadow", "outline"] as const;

const KEY = "folkhus.player";
const LANG_CHARS_MAX = 35;
export const USUAL: Preferences = {
  height: null,
  speed: 1,
  volume: 1,
  muted: false,
  theatre: false,
  captions: null,
  captions_lang: "",
  sound_lang: "",
  caption_size: "medium",
  caption_ground: "half",
  caption_edge: "none",
};

/** What was kept, field by field; whatever is not what it should be is the usual. */
export function readPreferences(text: string | null): Preferences {
  let told: unknown;
  try {
    told = JSON.parse(text ?? "null");
  } catch {
    return USUAL;
  }
  if (typeof told !== "object" || told === null) return USUAL;
  const kept = told as Record<string, unknown>;
  const flag = (name: "muted" | "theatre") => (typeof kept[name] === "boolean" ? kept[name] : USUAL[name]);
  const number = (value: unknown, min: number, max: number, usual: number) =>
    typeof value === "number" && value >= min && value <= max ? value : usual;
  const lang = (value: unknown) => (typeof value === "string" && value.length <= LANG_CHARS_MAX ? value : "");
  const among = <T extends string>(value: unknown, all: readonly T[], usual: T) =>
    all.find((one) => one === value) ?? usual;
  return {
    height: kept.height === null ? null : number(kept.height, 1, 10_000, 0) || null,
    speed: number(kept.speed, SPEEDS[0], 2, USUAL.speed),
    volume: number(kept.volume, 0, 1, USUAL.volume),
    muted: flag("muted"),
    theatre: flag("theatre"),
    captions: typeof kept.captions === "boolean" ? kept.captions : USUAL.captions,
    captions_lang: lang(kept.captions_lang),
    sound_lang: lang(kept.sound_lang),
    caption_size: among(kept.caption_size, CAPTION_SIZES, USUAL.caption_size),
    caption_ground: among(kept.caption_ground, CAPTION_GROUNDS, USUAL.caption_ground),
    caption_edge: among(kept.caption_edge, CAPTION_EDGES, USUAL.caption_edge),
  };
}

let now: Preferences | null = null;
const listeners = new Set<() => void>();

export function preferences(): Preferences {
  now ??= readPreferences(kept());
  return now;
}

export function prefer(change: Partial<Preferences>) {
  now = { ...preferences(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(now));
  } catch {
    // A browser that keeps nothing keeps it until the page is closed.
  }
  for (const listener of listeners) listener();
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export const usePreferences = () => useSyncExternalStore(subscribe, preferences);
