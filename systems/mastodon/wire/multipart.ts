import { Problem } from "#kernel/errors.ts";

/** One part of a form. Its body must be read to its end before the next part comes; what is left is skipped. */
export interface Part {
  name: string;
  filename: string | null;
  media_type: string;
  body: AsyncIterable<Uint8Array>;
}

const HEADERS_BYTES_MAX = 8 * 1024;
const CRLF = Buffer.from("\r\n");
const HEADERS_END = Buffer.from("\r\n\r\n");

const broken = (why: string) => new Problem(400, "request.broken_form", `The form cannot be read: ${why}.`);

/** @throws Problem 400 where it is none */
export function boundaryOf(content_type: string): string {
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^;\s"]{1,70}))/i.exec(content_type);
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined) throw broken("it names no boundary");
  return boundary;
}

/**
 * multipart/form-data (RFC 7578) as it comes: at no moment more of a file is in memory than what the line brought last and one
 * delimiter's length.
 * @throws Problem 400 `request.broken_form`
 */
export async function* partsOf(
  source: AsyncIterable<Uint8Array>,
  boundary: string,
  parts_max: number,
): AsyncGenerator<Part> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const line = source[Symbol.asyncIterator]();
  // A line end before the first delimiter may be missing, so there is always one.
  let held: Buffer = CRLF;
  let ended = false;

  async function more(): Promise<boolean> {
    if (ended) return false;
    const next = await line.next();
    if (next.done === true) {
      ended = true;
      return false;
    }
    held = held.length === 0 ? Buffer.from(next.value) : Buffer.concat([held, next.value]);
    return true;
  }
  async function have(bytes: number): Promise<void> {
    while (held.length < bytes) if (!(await more())) throw broken("it ends too early");
  }
  /** What stands before the delimiter, as it comes; the delimiter is taken away. */
  async function* untilDelimiter(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = held.indexOf(delimiter);
      if (at >= 0) {
        const last = held.subarray(0, at);
        held = held.subarray(at + delimiter.length);
        if (last.length > 0) yield last;
        return;
      }
      const sure = held.length - delimiter.length + 1;
      if (sure > 0) {
        const chunk = held.subarray(0, sure);
        held = held.subarray(sure);
        yield chunk;
      }
      if (!(await more())) throw broken("it ends too early");
    }
  }
  async function headersOf(): Promise<Map<string, string>> {
    for (;;) {
      const at = held.indexOf(HEADERS_END);
      if (at >= 0) {
        const text = held.subarray(0, at).toString("utf8");
        held = held.subarray(at + HEADERS_END.length);
        return new Map(
          text.split("\r\n").flatMap((row) => {
            const colon = row.indexOf(":");
            return colon < 1 ? [] : [[row.slice(0, colon).trim().toLowerCase(), row.slice(colon + 1).trim()] as const];
          }),
        );
      }
      if (held.length > HEADERS_BYTES_MAX) throw broken("a part's head is too long");
      if (!(await more())) throw broken("it ends too early");
    }
  }

  for await (const _ of untilDelimiter());
  for (let parts = 0; ; parts++) {
    await have(2);
    if (held[0] === 0x2d && held[1] === 0x2d) return;
    // Spaces may stand between a delimiter and its line end; nobody sends them.
    if (held[0] !== 0x0d || held[1] !== 0x0a) throw broken("a delimiter is followed by something else");
    if (parts === parts_max) throw broken(`it has more than ${parts_max} parts`);
    held = held.subarray(2);
    const headers = await headersOf();
    const disposition = headers.get("content-disposition") ?? "";
    if (!/^form-data\b/i.test(disposition)) throw broken("a part is no form-data");
    let done = false;
    const body = (async function* () {
      yield* untilDelimiter();
      done = true;
    })();
    yield {
      name: quoted(disposition, "name") ?? "",
      filename: quoted(disposition, "filename"),
      media_type: headers.get("content-type") ?? "",
      body,
    };
    if (!done) for await (const _ of body);
  }
}

/** A parameter of Content-Disposition as browsers write it: quotes as %22, line ends as %0D%0A. */
function quoted(disposition: string, name: string): string | null {
  const found =
    new RegExp(`[;\\s]${name}="([^"]*)"`, "i").exec(disposition) ??
    new RegExp(`[;\\s]${name}=([^;\\s"]+)`, "i").exec(disposition);
  const text = found?.[1];
  return text === undefined ? null : text.replaceAll("%22", '"').replaceAll(/%0[AD]/gi, "");
}

/** A small part as text. @throws Problem 413 */
export async function textOf(body: AsyncIterable<Uint8Array>, bytes_max: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytes_max) throw new Problem(413, "request.too_large", `A field may have ${bytes_max} bytes at most.`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw broken("a field is not UTF-8");
  }
}
