import type { Json } from "#kernel/json.ts";

/**
 * Fire-and-forget messages between nodes. It may drop, repeat and reorder; nothing rests on it but speed, because a TTL
 * or the log bounds what a lost message can do.
 */
export interface Bus extends AsyncDisposable {
  /**
   * Returns at once; handlers run later, never inside this call. A published message belongs to the bus: change it no more.
   * @param subject segments of `[A-Za-z0-9_-]`, joined by `.`; at most `SUBJECT_CHARS_MAX`. @throws RangeError
   */
  publish(subject: string, message: Json): void;
  /**
   * `subject` is exact, or ends in `.*` for one more segment. The handler must not throw and treats the message as
   * frozen: others get the same one.
   */
  subscribe(subject: string, onMessage: (message: Json, subject: string) => void): Disposable;
}

export const SUBJECT_CHARS_MAX = 200;
/** Messages waiting for their handlers; above it the oldest is dropped, as a bus may. */
export const WAITING_MESSAGES_MAX = 10_000;

const SUBJECT = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

/** @throws RangeError for anything that is no subject; with `pattern`, one last segment may be `*` */
export function checkSubject(subject: string, pattern = false): string {
  const plain = pattern && subject.endsWith(".*") ? subject.slice(0, -2) : subject;
  if (subject.length > SUBJECT_CHARS_MAX || !SUBJECT.test(plain)) {
    throw new RangeError(`not a subject of the bus: ${JSON.stringify(subject.slice(0, 100))}`);
  }
  return subject;
}

export { createLocalBus, type LocalBus } from "./local.ts";
