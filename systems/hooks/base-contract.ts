import { z } from "zod";

import { zId, zText } from "#kernel/wire.ts";

import { NAME_CHARS_MAX } from "./bounds.ts";

/** What the contracts of this system have in common. */
export const tag = "hooks";
export const read = { who: "signed_in", scope: "read" } as const;
export const write = { who: "signed_in", scope: "write" } as const;
/** Whatever shows or makes a secret, or sends words of the house elsewhere. */
export const account = { who: "signed_in", scope: "account" } as const;
export const zName = zText(NAME_CHARS_MAX, 1);
/** Of the space whose programs they are; without it those of the whole house. */
export const zOfHome = z.strictObject({ space: z.string().max(64).optional() });
export const zOfSpace = z.strictObject({ space: z.string().max(64) });
export const ofId = <Of extends string>() => z.strictObject({ id: zId<Of>() });
