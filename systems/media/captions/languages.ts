import { Problem } from "#kernel/errors.ts";

import { LANGUAGE_CHARS_MAX } from "./bounds.ts";

/** A BCP 47 tag in its canonical form, or null for what is none. */
export function languageOf(tag: string): string | null {
  if (tag.length > LANGUAGE_CHARS_MAX) return null;
  try {
    const [known] = Intl.getCanonicalLocales(tag.replaceAll("_", "-"));
    return known !== undefined && known.length <= LANGUAGE_CHARS_MAX ? known : null;
  } catch {
    return null;
  }
}

/** @throws Problem 422 `captions.language_unknown` */
export function wantedLanguage(tag: string): string {
  const language = languageOf(tag);
  if (language !== null) return language;
  throw new Problem(
    422,
    "captions.language_unknown",
    "This is not a language tag. Write it as BCP 47 has it: sv, en-GB, zh-Hant.",
  );
}

/** A language's own name for itself: `svenska`. */
export const labelOf = (language: string): string =>
  (language === "und" ? undefined : new Intl.DisplayNames([language], { type: "language" }).of(language)) ?? language;

/** What files say, in three letters and two ways, as the two that players know: ISO 639-2 has both kinds. */
const THREE_LETTERS: Record<string, string> = {
  alb: "sq",
  arm: "hy",
  baq: "eu",
  bur: "my",
  chi: "zh",
  cze: "cs",
  dut: "nl",
  fre: "fr",
  geo: "ka",
  ger: "de",
  gre: "el",
  ice: "is",
  mac: "mk",
  mao: "mi",
  may: "ms",
  per: "fa",
  rum: "ro",
  slo: "sk",
  tib: "bo",
  wel: "cy",
};

/** The language of a track in a file; `und` where it does not say. */
export const trackLanguage = (said: string): string => languageOf(THREE_LETTERS[said.toLowerCase()] ?? said) ?? "und";
