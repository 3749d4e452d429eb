/**
 * As much of Protocol Buffers as Centrifugo's messages need: whole numbers, words, bytes, messages and maps of words. Fields that
 * nobody here knows are passed over, as the format has it.
 */

export type Kind = "uint" | "int32" | "bool" | "string" | "bytes" | Shape | readonly [Kind] | { map: Kind };
/** Fields by name: their number, and what they hold; in brackets, many of it. */
export interface Shape {
  readonly [name: string]: readonly [number: number, kind: Kind] | undefined;
}
export type Value =
  number | boolean | string | Uint8Array | readonly Value[] | { readonly [name: string]: Value | undefined };

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH = 2;
const FIXED_32 = 5;
/** Messages lie in each other at most so deep. */
const DEPTH_MAX = 8;

const utf8 = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function varint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
}

class Writer {
  private readonly parts: Uint8Array[] = [];
  private open: number[] = [];
  length = 0;

  number(value: number): void {
    const before = this.open.length;
    varint(this.open, value);
    this.length += this.open.length - before;
  }
  bytes(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.parts.push(Uint8Array.from(this.open), bytes);
    this.open = [];
    this.length += bytes.length;
  }
  done(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const part of [...this.parts, Uint8Array.from(this.open)]) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** What is absent, false, 0 or empty is left out where it stands alone, and stays in a list. */
export function encode(shape: Shape, value: { readonly [name: string]: Value | undefined }): Uint8Array {
  const out = new Writer();
  for (const [name, field] of Object.entries(shape)) {
    const held = value[name];
    if (held !== undefined) write(out, field![0], field![1], held, false);
  }
  return out.done();
}

function write(out: Writer, number: number, kind: Kind, value: Value, must: boolean): void {
  if (kind === "uint" || kind === "int32" || kind === "bool") {
    if (!must && !value) return;
    out.number(number * 8 + VARINT);
    return out.number(Number(value));
  }
  if (Array.isArray(kind)) {
    for (const one of value as readonly Value[]) write(out, number, (kind as readonly [Kind])[0], one, true);
    return;
  }
  if (typeof kind === "object" && "map" in kind) {
    const entry: Shape = { key: [1, "string"], value: [2, (kind as { map: Kind }).map] };
    for (const [key, one] of Object.entries(value as { [key: string]: Value }))
      write(out, number, entry, { key, value: one }, true);
    return;
  }
  const bytes =
    kind === "string"
      ? utf8.encode(value as string)
      : kind === "bytes"
        ? (value as Uint8Array)
        : encode(kind as Shape, value as { [name: string]: Value });
  if (!must && bytes.length === 0 && typeof kind === "string") return;
  out.number(number * 8 + LENGTH);
  out.bytes(bytes);
}

/** Each with its length before it, as they stand in one frame. */
export function framed(messages: readonly Uint8Array[]): Uint8Array {
  const out = new Writer();
  for (const message of messages) out.bytes(message);
  return out.done();
}

/** @throws for what is cut off, too deep or no message */
export function unframed(bytes: Uint8Array): Uint8Array[] {
  const from = new Reader(bytes);
  const messages: Uint8Array[] = [];
  while (!from.ended) messages.push(from.bytes());
  return messages;
}

class Reader {
  private readonly from: Uint8Array;
  private at = 0;
  constructor(from: Uint8Array) {
    this.from = from;
  }
  get ended(): boolean {
    return this.at >= this.from.length;
  }
  /** Exact below 2^53; larger ones stay larger than that. `low` are its last 32 bits. */
  number(): { value: number; low: number } {
    let value = 0;
    let low = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.from[this.at];
      if (byte === undefined) throw new Error("a number is cut off");
      this.at += 1;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (i < 5) low |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return { value, low };
    }
    throw new Error("a number is too long");
  }
  bytes(): Uint8Array {
    const { value: length } = this.number();
    if (this.at + length > this.from.length) throw new Error("bytes are cut off");
    this.at += length;
    return this.from.subarray(this.at - length, this.at);
  }
  skip(wire: number): void {
    if (wire === VARINT) return void this.number();
    if (wire === LENGTH) return void this.bytes();
    if (wire !== FIXED_64 && wire !== FIXED_32) throw new Error("no such field");
    this.at += wire === FIXED_64 ? 8 : 4;
    if (this.at > this.from.length) throw new Error("a field is cut off");
  }
}

/** Lists and maps are not read: no command has one. @throws for what is cut off, too deep or no message */
export function decode(shape: Shape, bytes: Uint8Array, depth = 0): { [name: string]: Value } {
  if (depth > DEPTH_MAX) throw new Error("too deep");
  const names = new Map(Object.entries(shape).map(([name, field]) => [field![0], { name, kind: field![1] }]));
  const found: { [name: string]: Value } = {};
  const from = new Reader(bytes);
  while (!from.ended) {
    const { value: tag } = from.number();
    const wire = tag % 8;
    const field = names.get(Math.floor(tag / 8));
    if (!field) {
      from.skip(wire);
      continue;
    }
    const { name, kind } = field;
    if (kind === "uint" || kind === "int32" || kind === "bool") {
      if (wire !== VARINT) throw new Error("no number");
      const { value, low } = from.number();
      found[name] = kind === "bool" ? value !== 0 : kind === "int32" ? low : value;
      continue;
    }
    if (wire !== LENGTH) throw new Error("no bytes");
    const held = from.bytes();
    found[name] =
      kind === "string" ? strict.decode(held) : kind === "bytes" ? held : decode(kind as Shape, held, depth + 1);
  }
  return found;
}
