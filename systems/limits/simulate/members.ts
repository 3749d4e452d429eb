type Bytes = Uint8Array<ArrayBuffer>;

/** RFC 1952, 2.3: two bytes that name it, the method, flags, four of time, how hard it was packed, and the system. */
const HEADER_BYTES = 10;
const HIGHEST_SYSTEM = 13;
/** Handed on at once at least, where there is as much: a file may come byte by byte. */
const GATHERED_BYTES = 1_024;

/**
 * A file of gzip is one packed piece after the other: nginx writes one each time that its buffer is full, and whoever joins two files
 * has two. A browser unpacks the first and calls the rest junk, so each piece is handed over by itself. Where one ends nothing says but
 * its own unpacking, so it is looked for where the next begins; ten bytes that look so by chance come once in some 10¹¹ bytes, and then
 * the file is read up to there, which is told.
 */
export async function* members(reader: ReadableStreamDefaultReader<Bytes>): AsyncGenerator<ReadableStream<Bytes>> {
  let held: Bytes = new Uint8Array(0);
  let isDone = false;
  while (!isDone || held.byteLength > 0) {
    let from = 1;
    let hasEnded = false;
    const member = new ReadableStream<Bytes>({
      async pull(out) {
        while (!isDone && held.byteLength < GATHERED_BYTES) {
          const { done, value } = await reader.read();
          if (done) isDone = true;
          else held = join(held, value);
        }
        const next = headerIn(held, from);
        // What may be the beginning of a header waits for the rest of it.
        const until = next >= 0 ? next : isDone ? held.byteLength : held.byteLength - HEADER_BYTES + 1;
        if (until > 0) out.enqueue(held.subarray(0, until));
        held = held.subarray(until);
        from = 0;
        if (next < 0 && !(isDone && held.byteLength === 0)) return;
        hasEnded = true;
        out.close();
      },
    });
    yield member;
    // Whoever leaves one before its end wants no other.
    if (!hasEnded) return;
  }
}

function headerIn(bytes: Bytes, from: number): number {
  for (let at = bytes.indexOf(0x1f, from); at >= 0; at = bytes.indexOf(0x1f, at + 1)) {
    if (at + HEADER_BYTES > bytes.byteLength) return -1;
    const [, id = 0, method = 0, flags = 0] = bytes.subarray(at, at + 4);
    const [effort = 0, system = 0] = bytes.subarray(at + 8, at + HEADER_BYTES);
    const isKnown = system <= HIGHEST_SYSTEM || system === 255;
    if (id === 0x8b && method === 8 && flags < 32 && (effort === 0 || effort === 2 || effort === 4) && isKnown)
      return at;
  }
  return -1;
}

export function join(one: Bytes, other: Bytes): Bytes {
  if (one.byteLength === 0) return other;
  const both = new Uint8Array(one.byteLength + other.byteLength);
  both.set(one);
  both.set(other, one.byteLength);
  return both;
}
