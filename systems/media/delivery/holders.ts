import { createHmac } from "node:crypto";

import { LRUCache } from "lru-cache";

import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Log, StoredEvent } from "#ports/log/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import { PEOPLE_TOPIC } from "#systems/people/index.ts";
import { SPACES_TOPIC } from "#systems/spaces/index.ts";

import { HOLDERS_KEPT_MAX, NARROWINGS_KEPT_MS } from "../bounds.ts";
import { narrow, type Narrowing, narrowingsSince, type Subject, trimNarrowings } from "./store.ts";

/** What this node must hear of narrowings that another wrote down; apart from `media`, because no card changes by them. */
const TOPIC = "media_delivery";
const GROUP = "media_delivery";

/**
 * To whom a signed address was given: who (12 characters), with which credential (12), and the moment of the last time that
 * they were to see less, in base 36. Opaque, and the same until that changes, so that browsers find what they have.
 */
export interface Holders {
  of(viewer: SignedIn): string;
  isRevoked(holder: string): boolean;
  /** Whether an address was given to this person. */
  isOf(holder: string, person_id: PersonId): boolean;
  /** Follows what people and spaces tell. Resolves once nothing is missed any more. */
  listen(): Promise<AsyncDisposable>;
  /** Writes down what is told, so that a restart forgets nothing; on nodes that work in the background. */
  work(): Disposable;
}

const PART_CHARS = 12;

export function createHolders(needs: { sql: Sql; log: Log; clock: Clock; secret: string }): Holders {
  const { sql, log, clock } = needs;
  const key = createHmac("sha256", needs.secret).update("folkhus media holders v1").digest();
  /** By hashed subject, ms since 1970. */
  const narrowed = new Map<string, number>();
  const hashed = new LRUCache<Subject, string>({ max: HOLDERS_KEPT_MAX });
  const hashOf = (subject: Subject): string => {
    const known = hashed.get(subject);
    if (known !== undefined) return known;
    const made = createHmac("sha256", key).update(subject).digest("base64url").slice(0, PART_CHARS);
    hashed.set(subject, made);
    return made;
  };
  const learn = ({ subject, at }: Narrowing) => {
    const hash = hashOf(subject);
    // Again and later than before; a Map keeps the order of its keys, so the oldest are in front.
    const ms = Math.max(at.getTime(), narrowed.get(hash) ?? 0);
    narrowed.delete(hash);
    narrowed.set(hash, ms);
    for (const [old, old_ms] of narrowed) {
      if (old_ms >= clock.now() - NARROWINGS_KEPT_MS) break;
      narrowed.delete(old);
    }
  };

  return {
    of(viewer) {
      const who = hashOf(`person:${viewer.person_id}`);
      const by = hashOf(`${viewer.credential.kind}:${viewer.credential.id}`);
      return who + by + (narrowed.get(who) ?? 0).toString(36);
    },
    isRevoked(holder) {
      const who = holder.slice(0, PART_CHARS);
      const by = holder.slice(PART_CHARS, 2 * PART_CHARS);
      const since_ms = Number.parseInt(holder.slice(2 * PART_CHARS), 36);
      return !(since_ms >= (narrowed.get(who) ?? 0)) || narrowed.has(by);
    },
    isOf: (holder, person_id) => holder.slice(0, PART_CHARS) === hashOf(`person:${person_id}`),
    async listen() {
      await using opened = new AsyncDisposableStack();
      const follow = async (topic: string, read: (event: StoredEvent) => Narrowing[]) =>
        void opened.use(
          await log.tail(topic, (batch) => {
            for (const event of batch) for (const narrowing of read(event)) learn(narrowing);
          }),
        );
      await follow(PEOPLE_TOPIC, narrowingsOf);
      await follow(SPACES_TOPIC, narrowingsOf);
      await follow(TOPIC, ({ data }) => [
        { subject: String(data.subject) as Subject, at: new Date(Number(data.at_ms)) },
      ]);
      // Told before the tails began: it is in the table, or whoever writes it there will tell so.
      for (const row of await narrowingsSince(sql.pool, new Date(clock.now() - NARROWINGS_KEPT_MS))) learn(row);
      const owned = opened.move();
      return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
    },
    work() {
      const groups = [PEOPLE_TOPIC, SPACES_TOPIC].map((topic) =>
        log.consume(topic, GROUP, async (batch, tx) => {
          const found = batch.flatMap(narrowingsOf);
          for (const narrowing of found) {
            await narrow(tx, narrowing);
            await log.append(tx, TOPIC, narrowing.subject, {
              type: "media_delivery.narrowed",
              version: 1,
              data: { subject: narrowing.subject, at_ms: narrowing.at.getTime() },
            });
          }
          if (found.length > 0) await trimNarrowings(tx, new Date(clock.now() - NARROWINGS_KEPT_MS));
        }),
      );
      return {
        [Symbol.dispose]() {
          for (const group of groups) group[Symbol.dispose]();
        },
      };
    },
  };
}

/** Who sees less after an event. What is missing here still ends with the signatures, within hours. */
function narrowingsOf({ type, data, at }: StoredEvent): Narrowing[] {
  const person = (...ids: unknown[]): Narrowing[] =>
    ids.map((id) => ({ subject: `person:${String(id)}` as const, at }));
  switch (type) {
    case "people.session_revoked": {
      const revoked = data.credentials as { id: string; kind: "session" | "token" }[];
      return revoked.map(({ id, kind }) => ({ subject: `${kind}:${id}` as const, at }));
    }
    case "people.suspended":
    case "people.deleted":
    case "people.role_changed":
      return person(data.person_id);
    case "people.blocked":
      return person(data.blocker_id, data.blocked_id);
    case "people.unfollowed":
      return person(data.follower_id);
    case "spaces.left":
    case "spaces.banned":
      return person(data.person_id);
    default:
      return [];
  }
}
