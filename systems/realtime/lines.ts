import { Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import { addressKey } from "#ports/http/index.ts";

import * as b from "./bounds.ts";
import type { Connection } from "./connection.ts";
import { CLOSE } from "./contract.ts";

/** All lines of this node: how many there may be, and who of them must go. */
export interface Lines extends Disposable {
  /** Before the upgrade: room for one more from there. @throws Problem 429, 503 */
  admit(address: string): Disposable;
  opened(connection: Connection): void;
  /** It is known whose it is, or by which credential from now on. @throws Problem 429, 401 */
  identified(connection: Connection): void;
  closed(connection: Connection): void;
  /** These credentials hold no more, or this person may not be here. */
  end(who: { credentials?: readonly string[]; person_id?: PersonId }, code: number, reason: string): void;
  recheck(what: { stream?: string; person_id?: string }): void;
  /** Asks all to go elsewhere, each at a moment of its own, and closes who stays. */
  drain(): Promise<void>;
  count(): number;
  /** Whose readers left something unread at the last look. */
  behind(): number;
}

export interface LinesNeeds {
  clock: Clock;
  authenticate(token: string): Promise<SignedIn | null>;
  onFailure(error: unknown): void;
}

/** One of tens of thousands, so what it does at its end is not a closure of its own. */
class Room implements Disposable {
  private left = false;
  private readonly key: string;
  private readonly leave: (key: string) => void;
  constructor(key: string, leave: (key: string) => void) {
    this.key = key;
    this.leave = leave;
  }
  [Symbol.dispose](): void {
    if (this.left) return;
    this.left = true;
    this.leave(this.key);
  }
}

const tooMany = (status: 429 | 503, detail: string) =>
  new Problem(status, "realtime.too_many_lines", detail, { retry_after_s: 30 });

export function createLines({ clock, authenticate, onFailure }: LinesNeeds): Lines {
  const all = new Set<Connection>();
  const people = new Map<string, Connection[]>();
  const addresses = new Map<string, number>();
  /** Until when each is remembered. */
  const revoked = new Map<string, number>();
  let admitted = 0;
  let draining = false;
  let behind = 0;
  const leaveRoom = (key: string) => {
    admitted -= 1;
    const still = addresses.get(key)! - 1;
    if (still === 0) addresses.delete(key);
    else addresses.set(key, still);
  };

  const looks = clock.every(b.STALL_LOOK_MS, () => {
    const now = clock.monotonic();
    let found = 0;
    for (const connection of all) if (connection.look(now) > 0) found += 1;
    behind = found;
    for (const [id, until_ms] of revoked) if (until_ms <= now) revoked.delete(id);
  });
  /** Sessions end by themselves too; and whoever the bus did not reach is asked about here. */
  const sweep = clock.every(b.SWEEP_MS, async () => {
    for (const connection of all) {
      const { token, viewer } = connection;
      if (token === null || viewer === null) continue;
      try {
        const who = await authenticate(token);
        if (!who) connection.close(CLOSE.unauthorized, "session.invalid");
        else if (who.suspended) connection.close(CLOSE.forbidden, "suspended");
      } catch (error) {
        // Who is known is known; the next sweep asks again.
        onFailure(error);
      }
    }
  });

  return {
    admit(address) {
      if (draining || admitted >= b.CONNECTIONS_MAX)
        throw tooMany(503, "This node holds as many lines as it can. Try again in a moment.");
      const key = addressKey(address);
      const open = addresses.get(key) ?? 0;
      if (open >= b.CONNECTIONS_PER_ADDRESS_MAX)
        throw tooMany(429, "As many lines as may be are open from this address. Close some first.");
      addresses.set(key, open + 1);
      admitted += 1;
      return new Room(key, leaveRoom);
    },
    opened(connection) {
      all.add(connection);
    },
    identified(connection) {
      const { person_id, credential } = connection.viewer!;
      if (revoked.has(credential.id) || revoked.has(`person:${person_id}`))
        throw new Problem(401, "session.invalid", "This session has ended. Sign in again.");
      const of = people.get(person_id) ?? [];
      if (of.includes(connection)) return;
      if (of.length >= b.CONNECTIONS_PER_PERSON_MAX)
        throw tooMany(429, `You have ${b.CONNECTIONS_PER_PERSON_MAX} lines open, which is the most. Close some first.`);
      of.push(connection);
      people.set(person_id, of);
    },
    closed(connection) {
      all.delete(connection);
      const { viewer } = connection;
      const of = viewer && people.get(viewer.person_id);
      const at = of?.indexOf(connection) ?? -1;
      if (!viewer || !of || at < 0) return;
      of.splice(at, 1);
      if (of.length === 0) people.delete(viewer.person_id);
    },
    end({ credentials = [], person_id }, code, reason) {
      const until_ms = clock.monotonic() + b.REVOKED_KEPT_MS;
      for (const id of credentials) revoked.set(id, until_ms);
      if (person_id !== undefined) revoked.set(`person:${person_id}`, clock.monotonic() + b.ENDED_KEPT_MS);
      const ended = new Set(credentials);
      // A copy: whoever is closed goes from the list at once.
      const asked = person_id === undefined ? all : [...(people.get(person_id) ?? [])];
      for (const connection of asked) {
        const { viewer } = connection;
        if (viewer && (credentials.length === 0 || ended.has(viewer.credential.id))) connection.close(code, reason);
      }
    },
    recheck({ stream, person_id }) {
      for (const connection of person_id === undefined ? all : (people.get(person_id) ?? []))
        connection.recheck(stream);
    },
    async drain() {
      draining = true;
      for (const connection of all) connection.move(Math.floor(clock.random() * b.MOVE_MS_MAX));
      const until_ms = clock.monotonic() + b.MOVE_MS_MAX + 1_000;
      while (all.size > 0 && clock.monotonic() < until_ms) await clock.sleep(50);
      for (const connection of all) connection.close(CLOSE.going_away, "the house closes");
    },
    count: () => all.size,
    behind: () => behind,
    [Symbol.dispose]() {
      looks[Symbol.dispose]();
      sweep[Symbol.dispose]();
      for (const connection of all) connection.close(CLOSE.going_away, "the house closes");
    },
  };
}
