import type { Json } from "#kernel/json.ts";
import { onOwnTime } from "#ports/calls/index.ts";

import type { Bus } from "./index.ts";
import { checkSubject, WAITING_MESSAGES_MAX } from "./subject.ts";

export interface LocalBus extends Bus {
  stats(): { published: number; dropped: number; subscriptions: number };
}

type Handler = (message: Json, subject: string) => void;

/** The bus of a house that is one process. */
export function createLocalBus(): LocalBus {
  const handlers = new Map<string, Set<{ onMessage: Handler }>>();
  let waiting: { subject: string; message: Json }[] = [];
  let draining = false;
  let closed = false;
  let published = 0;
  let dropped = 0;

  const deliver = (subject: string, message: Json) => {
    for (const pattern of [subject, `${subject.slice(0, subject.lastIndexOf("."))}.*`]) {
      const all = handlers.get(pattern);
      if (!all) continue;
      // A copy: a handler may subscribe or dispose while we go through.
      for (const subscription of Array.from(all)) {
        if (!all.has(subscription)) continue;
        try {
          subscription.onMessage(message, subject);
        } catch (error) {
          // The handler's bug must be seen and must not be the next handler's: it is thrown where nobody catches it.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    }
  };
  const drain = () => {
    draining = false;
    const batch = waiting;
    waiting = [];
    for (const { subject, message } of batch) {
      if (closed) return;
      deliver(subject, message);
    }
  };

  return {
    publish(subject, message) {
      checkSubject(subject);
      if (closed) return;
      published += 1;
      waiting.push({ subject, message });
      if (waiting.length > WAITING_MESSAGES_MAX) {
        waiting.shift();
        dropped += 1;
      }
      if (draining) return;
      draining = true;
      // Not a microtask: two handlers that answer each other would starve everything else. And whoever hears it does not hear
      // it on the time of who said it.
      onOwnTime(() => setImmediate(drain));
    },
    subscribe(subject, onMessage) {
      checkSubject(subject, true);
      const subscription = { onMessage };
      const all = handlers.get(subject) ?? new Set();
      handlers.set(subject, all.add(subscription));
      return {
        [Symbol.dispose]() {
          all.delete(subscription);
          if (all.size === 0 && handlers.get(subject) === all) handlers.delete(subject);
        },
      };
    },
    stats: () => ({
      published,
      dropped,
      subscriptions: [...handlers.values()].reduce((sum, all) => sum + all.size, 0),
    }),
    async [Symbol.asyncDispose]() {
      closed = true;
      waiting = [];
      handlers.clear();
    },
  };
}
