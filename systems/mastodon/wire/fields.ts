import type { z } from "zod";

import { Problem } from "#kernel/errors.ts";

import { BODY_BYTES_MAX, FIELDS_MAX, PARTS_MAX } from "../bounds.ts";
import { boundaryOf, type Part, partsOf, textOf } from "./multipart.ts";

/** What a call says, wherever it says it: the query, a form or JSON. Names in brackets are nested, as Rails has it. */
export type Field = string | number | boolean | null | Field[] | { [name: string]: Field };
export interface Fields {
  [name: string]: Field;
}

const DEPTH_MAX = 4;
const NAME_CHARS_MAX = 200;

const invalid = (detail: string) => new Problem(422, "request.invalid", detail);

/** A bag without a prototype: no name in it means anything but itself. */
const bag = (): Fields => Object.create(null) as Fields;

/** Sets `a[b][]` and the like. */
function put(into: Fields, name: string, value: string): void {
  if (name.length > NAME_CHARS_MAX) throw invalid("A field's name is too long.");
  const path = [name.replace(/\[.*$/s, ""), ...[...name.matchAll(/\[([^[\]]*)\]/g)].map((found) => found[1]!)];
  if (path.length > DEPTH_MAX) throw invalid("A field's name is nested too deep.");
  let at: Fields = into;
  for (let i = 0; ; i++) {
    const key = path[i]!;
    const next = path[i + 1];
    if (next === undefined) {
      at[key] = value;
      return;
    }
    if (next === "" && i + 2 === path.length) {
      const known = at[key];
      if (Array.isArray(known)) known.push(value);
      else at[key] = [value];
      return;
    }
    const known = at[key];
    at = known !== null && typeof known === "object" && !Array.isArray(known) ? known : (at[key] = bag());
  }
}

export function fieldsOf(pairs: Iterable<[string, string]>, into: Fields = bag()): Fields {
  let fields = 0;
  for (const [name, value] of pairs) {
    if (++fields > FIELDS_MAX) throw invalid(`A call has ${FIELDS_MAX} fields at most.`);
    if (name.includes("\0") || value.includes("\0")) throw invalid("U+0000 may stand in no field.");
    put(into, name, value);
  }
  return into;
}

/**
 * A call's fields. Files of a form go to `onFile` as they come, one after the other; without it they are skipped.
 * @throws Problem 4xx
 */
export async function readFields(
  request: Request,
  onFile?: (part: Part, so_far: Fields) => Promise<void>,
): Promise<Fields> {
  const { searchParams } = new URL(request.url);
  const fields = fieldsOf(searchParams);
  if (request.method === "GET" || request.method === "HEAD" || !request.body) return fields;
  const type = (request.headers.get("content-type") ?? "").trim();
  const body = request.body as unknown as AsyncIterable<Uint8Array>;
  if (/^multipart\/form-data\b/i.test(type)) {
    let bytes_left = BODY_BYTES_MAX;
    for await (const part of partsOf(body, boundaryOf(type), PARTS_MAX)) {
      if (part.filename !== null) {
        await onFile?.(part, fields);
        continue;
      }
      const text = await textOf(part.body, bytes_left);
      bytes_left -= text.length;
      fieldsOf([[part.name, text]], fields);
    }
    return fields;
  }
  const text = await textOf(body, BODY_BYTES_MAX);
  if (text === "") return fields;
  if (/^application\/(?:[\w.+-]*\+)?json\b/i.test(type)) return { ...fields, ...jsonOf(text) };
  if (type === "" || /^application\/x-www-form-urlencoded\b/i.test(type))
    return fieldsOf(new URLSearchParams(text), fields);
  throw new Problem(415, "request.not_json", "Send the body as JSON or as a form.");
}

function jsonOf(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text, (_, v: unknown) => {
      if (typeof v === "string" && v.includes("\0")) throw invalid("U+0000 may stand in no field.");
      return v;
    });
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, "request.broken_json", "The body is not JSON.");
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw invalid("The body must be an object.");
  return Object.assign(bag(), value);
}

/** A list, however it was written: `a[]=1`, `a[0]=1`, JSON's, or a single one. */
export function listOf(field: Field | undefined): Field[] {
  if (field === undefined || field === null || field === "") return [];
  if (Array.isArray(field)) return field;
  if (typeof field !== "object") return [field];
  return Object.entries(field)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, value]) => value);
}

/** @throws Problem 422 that names the field */
export function parseFields<S extends z.ZodType>(schema: S, fields: Fields): z.output<S> {
  const result = schema.safeParse({ ...fields });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = issue?.path.map(String).join(".") ?? "";
  throw invalid(`Validation failed: ${name} ${issue?.message ?? ""}`.slice(0, 300).trim());
}
