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

export { checkSubject, SUBJECT_CHARS_MAX, WAITING_MESSAGES_MAX } from "./subject.ts";
export { createLocalBus, type LocalBus } from "./local.ts";
