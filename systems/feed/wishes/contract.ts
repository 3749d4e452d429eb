import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zText, zTime } from "#kernel/wire.ts";

import { MUTE_EXPIRY_D_MAX, MUTED_PHRASE_CHARS_MAX } from "./bounds.ts";

export * from "./bounds.ts";

export const zMutedWord = z
  .object({
    id: zIdOut<"muted_word">(),
    /** A word, a phrase, or a hashtag with its sign. */
    phrase: z.string(),
    /** `word`: only where it stands by itself. `part`: also inside of other words. */
    matches: z.enum(["word", "part"]),
    /** `hide`: such posts stay out of lists. `warn`: they are folded, and say why. */
    kind: z.enum(["hide", "warn"]),
    /** `home`: home, lists and what is chosen for you. `everywhere`: all lists and comments. */
    place: z.enum(["home", "everywhere"]),
    created_at: zTime,
    /** Null where it holds until you take it away. */
    expires_at: zTime.nullable(),
  })
  .meta({ id: "MutedWord" });
export type MutedWord = z.output<typeof zMutedWord>;

/** How you read, on all your devices. */
export const zReadingPreferences = z
  .object({
    /** Pictures and films that their author marked: as others, covered until you ask, or not in lists at all. */
    sensitive_media: z.enum(["show", "warn", "hide"]),
    /** Home opens where you stopped reading, or with the newest. */
    home_opens: z.enum(["position", "top"]),
    /** What the people you follow pass on, in home. */
    home_reposts: z.enum(["show", "hide"]),
  })
  .meta({ id: "ReadingPreferences" });
export type ReadingPreferences = z.output<typeof zReadingPreferences>;
export const READING_PREFERENCES_USUAL: ReadingPreferences = {
  sensitive_media: "warn",
  home_opens: "position",
  home_reposts: "show",
};

const own = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const tag = "feed";
const params = z.strictObject({ id: zId<"muted_word">() });
const days = z
  .number()
  .min(1 / 1440)
  .max(MUTE_EXPIRY_D_MAX);

export const listMutedWords = defineRoute({
  method: "GET",
  path: "/v1/muted-words",
  summary: "Words that you muted, latest first; all on one page",
  tag,
  access: own,
  answers: { 200: zPage(zMutedWord) },
});

export const muteWord = defineRoute({
  method: "POST",
  path: "/v1/muted-words",
  summary: "Mute a word, a phrase or a hashtag; the same again changes how",
  tag,
  access: write,
  body: z.strictObject({
    phrase: zText(MUTED_PHRASE_CHARS_MAX, 1),
    matches: z.enum(["word", "part"]).default("word"),
    kind: z.enum(["hide", "warn"]).default("hide"),
    place: z.enum(["home", "everywhere"]).default("everywhere"),
    /** For so many days from now; left out or null: until you take it away. */
    expires_in_d: days.nullish(),
  }),
  answers: { 200: zMutedWord },
  problems: ["muted_word.too_many", "muted_word.empty"],
});

export const unmuteWord = defineRoute({
  method: "DELETE",
  path: "/v1/muted-words/{id}",
  summary: "Hear a word again",
  tag,
  access: write,
  params,
  answers: { 204: null },
  problems: ["muted_word.not_found"],
});

export const getReadingPreferences = defineRoute({
  method: "GET",
  path: "/v1/feeds/preferences",
  summary: "How you read, on all your devices",
  tag,
  access: own,
  answers: { 200: zReadingPreferences },
});

export const patchReadingPreferences = defineRoute({
  method: "PATCH",
  path: "/v1/feeds/preferences",
  summary: "Change how you read; what you do not name stays",
  tag,
  access: write,
  body: zReadingPreferences.partial().strict(),
  answers: { 200: zReadingPreferences },
});

export const wishRoutes = {
  listMutedWords,
  muteWord,
  unmuteWord,
  getReadingPreferences,
  patchReadingPreferences,
} as const;
