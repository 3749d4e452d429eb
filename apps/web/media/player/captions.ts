import { useEffect, useState } from "react";

import { prefer } from "../preferences.ts";

/** Captions of an element, whoever brought them: `<track>` elements, hls.js and Safari all make text tracks. */
export interface Captions {
  label: string;
  lang: string;
}

/** One of each: what the house tells of may stand in the lists too. */
const worded = (video: HTMLVideoElement): TextTrack[] =>
  Array.from(video.textTracks)
    .filter(({ kind }) => kind === "subtitles" || kind === "captions")
    .filter(({ language, label }, at, all) =>
      language === ""
        ? all.findIndex((one) => one.label === label) === at
        : all.findIndex((one) => one.language === language) === at,
    );

const NAMES = typeof Intl.DisplayNames === "function" ? new Intl.DisplayNames(undefined, { type: "language" }) : null;

/** A language in the viewer's own words. */
export function languageName(lang: string): string {
  try {
    return (lang !== "" && NAMES?.of(lang)) || lang;
  } catch {
    return lang;
  }
}

const toCaptions = ({ label, language }: TextTrack): Captions => ({
  label: label || languageName(language) || "Captions",
  lang: language,
});

/** Which of the captions somebody wants: in their language, else the first. */
export function wanted(all: readonly Captions[], lang: string): number {
  const exact = all.findIndex((one) => one.lang === lang);
  if (exact !== -1) return exact;
  const near = all.findIndex((one) => lang !== "" && one.lang.split("-")[0] === lang.split("-")[0]);
  return Math.max(0, near);
}

const NO_WORDS: readonly string[] = [];

/** The captions there are, and the words of now. The page draws them itself, so that their look is the viewer's. */
export function useCaptions(video: HTMLVideoElement | null, on: boolean, lang: string) {
  const [all, setAll] = useState<readonly Captions[]>([]);
  const [words, setWords] = useState(NO_WORDS);
  const at = on && all.length > 0 ? wanted(all, lang) : -1;

  useEffect(() => {
    if (!video) return;
    const list = video.textTracks;
    const look = () => setAll(worded(video).map(toCaptions));
    look();
    list.addEventListener("addtrack", look);
    list.addEventListener("removetrack", look);
    return () => {
      list.removeEventListener("addtrack", look);
      list.removeEventListener("removetrack", look);
    };
  }, [video]);

  useEffect(() => {
    if (!video) return;
    const tracks = worded(video);
    const chosen = tracks[at];
    const own = (video as HTMLVideoElement & { webkitDisplayingFullscreen?: boolean }).webkitDisplayingFullscreen;
    for (const track of Array.from(video.textTracks)) {
      if (track.kind !== "subtitles" && track.kind !== "captions") continue;
      const mode = track === chosen ? (own ? "showing" : "hidden") : "disabled";
      if (track.mode !== mode) track.mode = mode;
    }
    if (!chosen) return;
    const say = () =>
      setWords(Array.from(chosen.activeCues ?? [], (cue) => textOf(cue as VTTCue)).filter((text) => text !== ""));
    // In the full screen of an iPhone only the system draws.
    const system = () => (chosen.mode = "showing");
    const page = () => (chosen.mode = "hidden");
    say();
    chosen.addEventListener("cuechange", say);
    video.addEventListener("webkitbeginfullscreen", system);
    video.addEventListener("webkitendfullscreen", page);
    return () => {
      setWords(NO_WORDS);
      chosen.removeEventListener("cuechange", say);
      video.removeEventListener("webkitbeginfullscreen", system);
      video.removeEventListener("webkitendfullscreen", page);
    };
  }, [video, at, all]);

  return {
    all,
    at,
    words,
    toggle() {
      prefer({ captions: at === -1 });
      return at === -1 && all.length > 0;
    },
  };
}

/** The words without their marks; they are shown as text, whatever stands in the file. */
const textOf = (cue: VTTCue): string => (cue.getCueAsHTML?.().textContent ?? cue.text ?? "").trim();
