import type { Id } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";
import type { SignedIn } from "#kernel/viewer.ts";

/** What a system says of its streams. Deny by default: a kind that nobody speaks for is refused. */
export interface StreamRules {
  /** Asked at subscribe, at every pull, and again when a `recheck` says so. */
  mayRead(viewer: SignedIn, key: string): Promise<boolean>;
  /**
   * `send` frames. Answers after the commit; the system checks `data` by its own contract and calls `append` with sender and
   * cid. Absent: nobody sends. @throws Problem
   */
  send?(viewer: SignedIn, key: string, cid: string, data: Json): Promise<Sent>;
  /** `read` frames: a cumulative cursor, coalesced by the gateway. It may come again. */
  read?(viewer: SignedIn, key: string, seq: string): Promise<void>;
  /** `ack` frames: up to here it has arrived on a device. Cumulative and coalesced too. */
  delivered?(viewer: SignedIn, key: string, seq: string): Promise<void>;
  /** `eph` frames that clients may send; returns what is passed on, null to drop. Absent: dropped. */
  ephemeral?(viewer: SignedIn, key: string, slot: string, data: Json): Promise<Json | null>;
  /**
   * Who of those that may read is here now, as far as this one may know; asked of who may read. Null where they are too many to
   * be named. Absent: it is not said.
   */
  here?(viewer: SignedIn, key: string): Promise<readonly Id<"person">[] | null>;
}

export interface Sent {
  id: string;
  seq: string;
  at: Date;
  dup: boolean;
}

/** How somebody is here, over all their devices and all nodes. */
export interface Activity {
  /** A device of theirs has a line open. */
  connected: boolean;
  /** One of these is in somebody's hand: its page is seen and was touched in the last minutes. */
  active: boolean;
}

/** Whoever says in words who they are comes in as they would by the handshake. Bots have no line. */
export const mayListen = ({ suspended, bot, scopes }: SignedIn): boolean =>
  !suspended && bot !== true && scopes.includes("read");

/** The stream of one's own things: `person:<id>`. Only that person reads it, and nobody sends. */
export const PERSON_KIND = "person";
export const personStream = (id: Id<"person">): string => `${PERSON_KIND}:${id}`;

export interface RulesBook {
  add(kind: string, rules: StreamRules): void;
  of(kind: string): StreamRules | null;
}

export function createRulesBook(): RulesBook {
  const book = new Map<string, StreamRules>([
    [PERSON_KIND, { mayRead: async ({ person_id }, key) => person_id === key }],
  ]);
  return {
    add(kind, rules) {
      if (!/^[a-z]{1,32}$/.test(kind)) throw new RangeError(`no kind of streams: ${kind.slice(0, 100)}`);
      if (book.has(kind)) throw new Error(`two systems speak for streams of the kind ${kind}`);
      book.set(kind, rules);
    },
    of: (kind) => book.get(kind) ?? null,
  };
}
