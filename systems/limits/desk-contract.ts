import { zText } from "#kernel/wire.ts";

import { NOTE_CHARS_MAX } from "./bounds.ts";

/** What all routes of the admins' desk have in common: where they stand in the reference, and who may use them. */
export const desk = { tag: "limits", access: { who: "admin", scope: "people:admin" } } as const;

/** Why somebody does it, for those who read it later. */
export const zReason = zText(NOTE_CHARS_MAX).default("");
