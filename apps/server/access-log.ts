import { createHmac } from "node:crypto";
import { appendFile, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { DAY_MS, rfc3339 } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import { addressKey, type LimitAsked, type Served } from "#ports/http/index.ts";

/** Beside the file that is written, so many older ones: a day each, or less where a day has more than a file takes. */
export const ACCESS_LOG_OLD_FILES_MAX = 7;
/** Lines that wait for the disk; beyond it they are lost, counted and told. */
export const ACCESS_LOG_WAITING_BYTES_MAX = 4 * 1024 * 1024;
export const ACCESS_LOG_FLUSH_MS = 1_000;
const PSEUDONYM_CHARS = 6;

/**
 * What came to the house's door, a line for each request that limits count, for who wants to try limits on what really happened (`folk limits
 * simulate`). It has what limits go by and no more: no path, no query, no name, no program; the address only of those who are
 * nobody here, and that shortened.
 */
export interface AccessLog extends AsyncDisposable {
  note(served: Served): void;
  /** Writes what came until now. */
  flush(): Promise<void>;
  /** Lines that never reached the disk. */
  readonly lost: number;
}

interface Place {
  id: string;
  is_member: boolean;
}

export interface AccessLogNeeds {
  file: string;
  file_bytes_max: number;
  clock: Clock;
  /** The house's own. Addresses of a network are told apart by a keyed hash that changes each day. */
  secret: string;
  /** Where a request was, as limits see it; null outside of spaces. */
  spaceOf: (asked: LimitAsked) => Promise<Place | null>;
  onTrouble: (because: string) => void;
}

/** @throws when the file cannot be written at all */
export async function openAccessLog(needs: AccessLogNeeds): Promise<AccessLog> {
  const { file, file_bytes_max, clock, secret, spaceOf, onTrouble } = needs;
  await mkdir(dirname(file), { recursive: true });
  await append("");
  const found = await stat(file);
  let bytes = found.size;
  let day = dayOf(found.size === 0 ? clock.now() : found.mtimeMs);
  let waiting: string[] = [];
  let waiting_bytes = 0;
  let lost = 0;
  let told_lost = 0;
  let flushing: Promise<void> = Promise.resolve();
  const looking = new Set<Promise<void>>();

  /** Only the account that runs the house reads it. */
  async function append(text: string): Promise<void> {
    await appendFile(file, text, { mode: 0o600 });
  }

  async function rotate(): Promise<void> {
    await rm(`${file}.${ACCESS_LOG_OLD_FILES_MAX}`, { force: true });
    for (let n = ACCESS_LOG_OLD_FILES_MAX - 1; n >= 0; n--)
      await rename(n === 0 ? file : `${file}.${n}`, `${file}.${n + 1}`).catch(unlessMissing);
    bytes = 0;
    await append("");
  }

  async function flushNow(): Promise<void> {
    const text = waiting.join("");
    const lines = waiting.length;
    waiting = [];
    waiting_bytes = 0;
    try {
      const today = dayOf(clock.now());
      // Also without a line, so that a quiet house keeps nothing longer than a busy one.
      if (today !== day || (bytes > 0 && bytes + text.length > file_bytes_max)) {
        day = today;
        await rotate();
      }
      if (text !== "") {
        await append(text);
        bytes += Buffer.byteLength(text);
      }
    } catch (error) {
      lost += lines;
      onTrouble(`The access log could not be written: ${(error as Error).message}`);
    }
    if (lost > told_lost) onTrouble(`${lost - told_lost} lines of the access log were lost.`);
    told_lost = lost;
  }

  function flush(): Promise<void> {
    flushing = flushing.then(() => Promise.all(looking)).then(flushNow);
    return flushing;
  }

  function write(line: AccessLine): void {
    const text = `${JSON.stringify(line)}\n`;
    if (waiting_bytes + text.length > ACCESS_LOG_WAITING_BYTES_MAX) {
      lost++;
      return;
    }
    waiting.push(text);
    waiting_bytes += text.length;
  }

  function note(served: Served): void {
    const { limited } = served;
    const at_ms = clock.now();
    if (!limited?.params) return write(lineOf(served, at_ms, null));
    const looked = spaceOf(limited).then(
      (space) => write(lineOf(served, at_ms, space)),
      () => write(lineOf(served, at_ms, null)),
    );
    looking.add(looked);
    // The set is this log's own, and whoever writes waits for all that is in it.
    void looked.finally(() => looking.delete(looked));
  }

  function lineOf(served: Served, at_ms: number, space: Place | null): AccessLine {
    const { status, ms, person_id, limited } = served;
    const viewer = limited?.viewer;
    return {
      time: rfc3339(at_ms),
      ...drawnAs(served),
      status,
      ms: Math.round(ms * 100) / 100,
      cost_tokens: limited?.cost_tokens ?? null,
      person_id,
      token_id: viewer?.kind === "person" && viewer.credential.kind === "token" ? viewer.credential.id : null,
      space_id: space && (space.is_member ? space.id : `${space.id}/guests`),
      address: limited && viewer?.kind === "nobody" ? shortened(limited.address, at_ms, secret) : null,
    };
  }

  const ticking = clock.every(ACCESS_LOG_FLUSH_MS, flush);
  return {
    note,
    flush,
    get lost() {
      return lost;
    },
    async [Symbol.asyncDispose]() {
      ticking[Symbol.dispose]();
      await flush();
    },
  };
}

/** As `folk limits simulate` reads it (systems/limits/simulate/log-json.ts). */
interface AccessLine {
  /** When it was answered. */
  time: string;
  method: string;
  route: string;
  status: number;
  ms: number;
  cost_tokens: number | null;
  person_id: string | null;
  token_id: string | null;
  /** `9`, or `9/guests` of whoever is no member. */
  space_id: string | null;
  /** Of those who are nobody here: `192.0.2.0/24~k3JxQz` or `2001:db8:1:2::/64`. */
  address: string | null;
}

/** As limits know it: all pages are one route, and a door takes every method. */
function drawnAs({ method, route, limited }: Served): { method: string; route: string } {
  const [drawn_method, drawn_route] = limited?.route.split(" ") ?? [];
  if (drawn_method === undefined || drawn_route === undefined) return { method, route };
  return { method: drawn_method === "*" ? method : drawn_method, route: drawn_route };
}

const dayOf = (ms: number) => Math.floor(ms / DAY_MS);

/**
 * An IPv6 address as its /64. An IPv4 address as its network of 256 with a hash beside it, by which limits can tell its addresses
 * apart for a day, and nobody without the house's secret can tell which they were.
 */
export function shortened(address: string, now_ms: number, secret: string): string {
  const key = addressKey(address);
  if (key.includes(":")) return key;
  const hash = createHmac("sha256", secret)
    .update(`access-log ${dayOf(now_ms)} ${key}`)
    .digest("base64url");
  const network = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(key)?.[1];
  return `${network === undefined ? "unknown" : `${network}.0/24`}~${hash.slice(0, PSEUDONYM_CHARS)}`;
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
