import { type Import, movingRoutes as r } from "#systems/feed/contract.ts";

import { Away } from "../../client.ts";
import { call } from "../../shell/house.ts";

const PARTS_AT_ONCE = 3;
const TRIES_MAX = 4;

/** Puts an archive to the addresses that the house gave, a few parts at a time, and has it read. */
export async function sendArchive(
  file: File,
  audience: "public" | "followers" | "private",
  progress: (fraction: number) => void,
): Promise<Import> {
  const begun = await call(r.startImport, {
    body: { kind: "posts", filename: file.name.slice(-200), size_bytes: file.size, audience },
  });
  const { part_size_bytes, parts } = begun.upload!;
  const { id } = begun.import;
  let sent_bytes = 0;
  const done: { part_number: number; etag: string }[] = [];
  const queue = [...parts];
  const sendSome = async () => {
    for (let part = queue.shift(); part; part = queue.shift()) {
      const from = (part.part_number - 1) * part_size_bytes;
      const etag = await put(part.url, file.slice(from, from + part.size_bytes));
      done.push({ part_number: part.part_number, etag });
      sent_bytes += part.size_bytes;
      progress(sent_bytes / file.size);
    }
  };
  try {
    await Promise.all(Array.from({ length: PARTS_AT_ONCE }, sendSome));
  } catch (error) {
    // Nothing waits for what will not come.
    await call(r.undoImport, { params: { id } }).catch(() => {});
    throw error;
  }
  return call(r.beginImport, {
    params: { id },
    body: { parts: done.toSorted((a, b) => a.part_number - b.part_number) },
  });
}

async function put(url: string, body: Blob): Promise<string> {
  for (let tries = 1; ; tries++) {
    const response = await fetch(url, { method: "PUT", body }).catch(() => null);
    const etag = response?.ok ? response.headers.get("etag") : null;
    if (etag) return etag;
    if (tries === TRIES_MAX) throw new Away();
    await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tries));
  }
}
