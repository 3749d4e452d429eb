import { Problem } from "#kernel/errors.ts";
import type { Id } from "#kernel/ids.ts";
import { zText } from "#kernel/wire.ts";

import { MESSAGE_CHARS_MAX } from "./bounds.ts";

const zWords = zText(MESSAGE_CHARS_MAX, 1);

/** What a program says, as it may stand in a message. @throws Problem 422 with this code */
export function checkedWords(text: string, code: string): string {
  const words = zWords.safeParse(text);
  if (words.success) return words.data;
  throw new Problem(
    422,
    code,
    `The text cannot stand in a message: it ${words.error.issues[0]?.message ?? "is none"}.`,
  );
}

/** A message of words alone. */
export const wordsAsked = (body: string, root_id: Id<"message"> | null = null) => ({
  body,
  reply_to_id: null,
  root_id,
  also_in_channel: false,
  image_ids: [],
  video_id: null,
});
