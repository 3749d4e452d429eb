import type { Json } from "#kernel/json.ts";

/**
 * Fire-and-forget messages between nodes. It may drop, repeat and reorder; nothing rests on it but speed, because a TTL
 * or the log bounds what a lost message can do.
 */
export interface Bus extends AsyncDisposable {
  publish(subject: string, message: Json): void;
  /** `subject` is exact, or ends in `.*` for one more segment. The handler must not throw. */
  subscribe(subject: string, onMessage: (message: Json, subject: string) => void): Disposable;
}
