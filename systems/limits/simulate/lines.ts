import { LOG_BYTES_MAX, LOG_LINE_CHARS_MAX } from "./bounds.ts";
import { join, members } from "./members.ts";

/** Told while lines are read. */
export interface LinesSeen {
  /** Bytes of the file, as it is. */
  bytes: number;
  too_long: number;
  /** True where the file was left at `LOG_BYTES_MAX`, or ended within its compression. */
  cut: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The lines of a file in batches, packed with gzip or not; only the unfinished line is held between two chunks. A line that is
 * too long is left out. The same code runs in a browser and here, so it reads streams by their readers, as all browsers do.
 */
export async function* linesOf(file: ReadableStream<Bytes>, seen: LinesSeen): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let held = "";
  let skipping = false;
  let bytes = 0;
  for await (const chunk of unpacked(file, seen)) {
    bytes += chunk.byteLength;
    if (bytes > LOG_BYTES_MAX) {
      seen.cut = true;
      break;
    }
    let text = held + decoder.decode(chunk, { stream: true });
    held = "";
    if (skipping) {
      const end = text.indexOf("\n");
      if (end < 0) continue;
      text = text.slice(end + 1);
      skipping = false;
    }
    const lines = text.split("\n");
    held = lines.pop()!;
    if (held.length > LOG_LINE_CHARS_MAX) {
      seen.too_long++;
      held = "";
      skipping = true;
    }
    if (lines.length > 0) yield withinBounds(lines, seen);
  }
  held += decoder.decode();
  if (held !== "" && !skipping) yield withinBounds([held], seen);
}

function withinBounds(lines: string[], seen: LinesSeen): string[] {
  if (!lines.some(({ length }) => length > LOG_LINE_CHARS_MAX)) return lines;
  const kept = lines.filter(({ length }) => length <= LOG_LINE_CHARS_MAX);
  seen.too_long += lines.length - kept.length;
  return kept;
}

/** gzip unpacked, and all else as it is: which it is, the first two bytes say. */
async function* unpacked(file: ReadableStream<Bytes>, seen: LinesSeen): AsyncGenerator<Uint8Array> {
  const reader = file.getReader();
  try {
    let first: Bytes = new Uint8Array(0);
    for (let next = await reader.read(); ; next = await reader.read()) {
      if (next.value) first = join(first, next.value);
      if (next.done || first.byteLength >= 2) break;
    }
    const all = new ReadableStream<Bytes>({
      start: (out) => out.enqueue(first),
      async pull(out) {
        const { done, value } = await reader.read();
        if (done) out.close();
        else out.enqueue(value);
      },
    });
    if (first[0] !== 0x1f || first[1] !== 0x8b) return yield* counted(all, (bytes) => (seen.bytes += bytes));
    const packed = all.pipeThrough(
      new TransformStream<Bytes, Bytes>({
        transform(chunk, out) {
          seen.bytes += chunk.byteLength;
          out.enqueue(chunk);
        },
      }),
    );
    for await (const member of members(packed.getReader()))
      yield* counted(member.pipeThrough(new DecompressionStream("gzip")), () => {});
  } catch (error) {
    // A file that is being written, or was torn, is read up to there.
    if (!(error instanceof TypeError)) throw error;
    seen.cut = true;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function* counted(from: ReadableStream<Bytes>, count: (bytes: number) => void): AsyncGenerator<Bytes> {
  const reader = from.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      count(next.value.byteLength);
      yield next.value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
