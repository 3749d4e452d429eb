import { z } from "zod";

import { isId } from "#kernel/ids.ts";

import { type Field, listOf } from "./fields.ts";

/** How clients write small things: everything may be text. Empty text is nothing. */

const empty = (value: unknown) => (value === "" || value === null ? undefined : value);

export const zFlag = z.preprocess((value) => {
  if (value === "" || value === null || value === undefined) return undefined;
  if (typeof value === "boolean") return value;
  // As Rails reads it: these are false, everything else is true.
  return !["0", "f", "F", "false", "FALSE", "off", "OFF"].includes(String(value as string | number));
}, z.boolean().optional());

export const zCount = (max: number, fallback: number) =>
  z.preprocess(
    empty,
    z.coerce
      .number()
      .int()
      .min(0)
      .transform((n) => Math.min(Math.max(n, 1), max))
      .default(fallback),
  );

export const zOffset = z.preprocess(empty, z.coerce.number().int().min(0).max(10_000).default(0));

export const zSeconds = z.preprocess(empty, z.coerce.number().int().optional());
export const zWords = (chars_max: number) =>
  z.preprocess((v) => (v === null ? undefined : v), z.string().max(chars_max).optional());

/** A place in a list; each list looks at it again. */
export const zPlace = z.preprocess(empty, z.string().max(512).optional());
/** What clients call an id; one that cannot be ours names nothing. */
export const zSomeId = z.coerce
  .string()
  .max(40)
  .transform((text) => (isId(text) ? text : "0"));
export const zOptionalId = z.preprocess(empty, zSomeId.optional());

export const zList = <S extends z.ZodType>(item: S, items_max: number) =>
  z.preprocess((value) => listOf(value as Field | undefined), z.array(item).max(items_max));

export const zPlaces = { max_id: zPlace, since_id: zPlace, min_id: zPlace };
