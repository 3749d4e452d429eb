import { Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { addressKey } from "#ports/http/index.ts";

import * as b from "../bounds.ts";
import type { Ground } from "../ground.ts";
import type { Subscription } from "./streams.ts";
import type { Happening, Telling } from "./telling.ts";

/** Somebody who listens. */
export interface Listener {
  viewer: SignedIn;
  /** Asked again now and then, so that one that ends by itself is heard no more. */
  token: string;
  address: string;
  origin: string;
  subscriptions: Subscription[];
  /** @returns false where it was too far behind and is gone */
  send(message: { stream: string[]; event: string; payload: string }): boolean;
  /** The line alone must hear something now and then. */
  beat(): void;
  close(because: string): void;
}

export interface Hub extends AsyncDisposable {
  /** @throws Problem 429 `mastodon.too_many_streams`, 503 */
  join(listener: Listener): Disposable;
  /** Something happened: who listens is told, in this order, each as the rules are at that moment. */
  happened(happening: Happening): void;
  /** These may listen no more. */
  end(who: { credentials?: readonly string[]; person_id?: PersonId }): void;
  closeAll(): void;
  /** `idle` when nothing waits and nothing is being told. */
  stats(): { listeners: number; waiting: number; dropped: number; idle: boolean };
}

const tooMany = (status: 429 | 503, detail: string) =>
  new Problem(status, "mastodon.too_many_streams", detail, { retry_after_s: 60 });

export function createHub({ clock, people }: Pick<Ground, "clock" | "people">, telling: Telling): Hub {
  const listeners = new Set<Listener>();
  const counts = new Map<string, number>();
  const waiting: Happening[] = [];
  let dropped = 0;
  let pumping: Promise<void> | null = null;
  let closed = false;

  const count = (key: string, step: 1 | -1) => {
    const next = (counts.get(key) ?? 0) + step;
    if (next === 0) counts.delete(key);
    else counts.set(key, next);
  };

  function leave(listener: Listener): void {
    if (!listeners.delete(listener)) return;
    count(`person:${listener.viewer.person_id}`, -1);
    count(`address:${addressKey(listener.address)}`, -1);
  }

  function close(listener: Listener, because: string): void {
    leave(listener);
    listener.close(because);
  }

  async function pump(): Promise<void> {
    for (let happening = waiting.shift(); happening && !closed; happening = waiting.shift()) {
      const all = [...listeners];
      for (let from = 0; from < all.length; from += b.JUDGED_AT_ONCE_MAX) {
        // A failure to tell one of one thing is that one's: what they missed they find when they read.
        await Promise.all(all.slice(from, from + b.JUDGED_AT_ONCE_MAX).map((listener) => tell(listener, happening!)));
      }
    }
  }

  async function tell(listener: Listener, happening: Happening): Promise<void> {
    try {
      const message = await telling.messageFor(listener, happening);
      // Gone, or let go of, while it was judged.
      if (!message || !listeners.has(listener)) return;
      for (const stream of message.streams)
        if (!listener.send({ stream, event: message.event, payload: message.payload }))
          return close(listener, "too far behind");
    } catch (error) {
      close(listener, error instanceof Problem ? error.code : "something broke");
    }
  }

  const beats = clock.every(b.HEARTBEAT_MS, async () => {
    for (const listener of listeners) {
      listener.beat();
      const viewer = await people.authenticate(listener.token).catch(() => listener.viewer);
      if (!viewer || viewer.suspended) close(listener, "signed out");
      // As they are now: who moderates no more is shown nothing more as a moderator.
      else listener.viewer = { ...viewer, scopes: listener.viewer.scopes };
    }
  });

  return {
    join(listener) {
      if (closed || listeners.size >= b.STREAMS_MAX)
        throw tooMany(503, "This house holds as many streams as it can. Try again in a minute.");
      const person = `person:${listener.viewer.person_id}`;
      const address = `address:${addressKey(listener.address)}`;
      if ((counts.get(person) ?? 0) >= b.STREAMS_PER_PERSON_MAX)
        throw tooMany(429, `You have ${b.STREAMS_PER_PERSON_MAX} streams open, which is the most. Close some first.`);
      if ((counts.get(address) ?? 0) >= b.STREAMS_PER_ADDRESS_MAX)
        throw tooMany(429, "As many streams as may be are open from this address. Close some first.");
      listeners.add(listener);
      count(person, 1);
      count(address, 1);
      return { [Symbol.dispose]: () => leave(listener) };
    },

    happened(happening) {
      if (listeners.size === 0 || closed) return;
      if (waiting.length >= b.EVENTS_WAITING_MAX) {
        waiting.shift();
        dropped += 1;
      }
      waiting.push(happening);
      pumping ??= pump().finally(() => {
        pumping = null;
      });
    },

    end({ credentials = [], person_id }) {
      const ended = new Set(credentials);
      for (const listener of listeners)
        if (ended.has(listener.viewer.credential.id) || listener.viewer.person_id === person_id)
          close(listener, "signed out");
    },

    closeAll() {
      for (const listener of listeners) close(listener, "the house closes");
    },

    stats: () => ({ listeners: listeners.size, waiting: waiting.length, dropped, idle: pumping === null }),

    async [Symbol.asyncDispose]() {
      closed = true;
      beats[Symbol.dispose]();
      this.closeAll();
      await pumping;
    },
  };
}
