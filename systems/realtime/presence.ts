import type { Bus } from "#ports/bus/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import * as b from "./bounds.ts";
import type { Activity } from "./rules.ts";

/** Who is here, on any node. In memory alone: each node says who is with it, and what it said fades. */
export interface Presence extends Disposable {
  arrived(line: object, person_id: string): Disposable;
  /** A device says that it is in somebody's hand, or no longer. */
  active(line: object, person_id: string, active: boolean): void;
  of(person_ids: readonly string[]): Map<string, Activity>;
}

interface Said {
  state: "active" | "idle" | "gone";
  until_ms: number;
}

interface HereMessage {
  node: string;
  people: [person_id: string, state: Said["state"]][];
}

const SUBJECT = "realtime.here";

export function createPresence({ clock, bus, node }: { clock: Clock; bus: Bus; node: string }): Presence {
  /** Of this node: lines, and until when each counts as active. */
  const mine = new Map<string, Map<object, number>>();
  const others = new Map<string, Map<string, Said>>();
  const changed = new Set<string>();
  let telling = false;
  let closed = false;

  function stateOf(person_id: string): Said["state"] {
    const lines = mine.get(person_id);
    if (!lines) return "gone";
    const now = clock.monotonic();
    return [...lines.values()].some((until_ms) => until_ms > now) ? "active" : "idle";
  }

  function tell(person_ids: readonly string[]): void {
    for (let from = 0; from < person_ids.length; from += b.HERE_PEOPLE_PER_MESSAGE_MAX) {
      const some = person_ids.slice(from, from + b.HERE_PEOPLE_PER_MESSAGE_MAX);
      bus.publish(SUBJECT, { node, people: some.map((id) => [id, stateOf(id)]) });
    }
  }
  /** A moment later, so that somebody who changes pages is told of once. */
  function change(person_id: string): void {
    changed.add(person_id);
    if (telling) return;
    telling = true;
    void clock.sleep(b.HERE_SOON_MS).then(() => {
      telling = false;
      if (closed) return;
      const people = [...changed];
      changed.clear();
      tell(people);
    });
  }

  const subscription = bus.subscribe(SUBJECT, (message) => {
    const { node: from, people } = message as unknown as HereMessage;
    if (from === node) return;
    const until_ms = clock.monotonic() + b.HERE_KEPT_MS;
    for (const [person_id, state] of people) {
      const nodes = others.get(person_id) ?? new Map<string, Said>();
      if (state === "gone") nodes.delete(from);
      else nodes.set(from, { state, until_ms });
      if (nodes.size === 0) others.delete(person_id);
      else others.set(person_id, nodes);
    }
  });
  const again = clock.every(b.HERE_EVERY_MS, () => {
    tell([...mine.keys()]);
    const now = clock.monotonic();
    for (const [person_id, nodes] of others) {
      for (const [from, said] of nodes) if (said.until_ms <= now) nodes.delete(from);
      if (nodes.size === 0) others.delete(person_id);
    }
  });

  return {
    arrived(line, person_id) {
      const lines = mine.get(person_id) ?? new Map<object, number>();
      mine.set(person_id, lines.set(line, 0));
      change(person_id);
      return {
        [Symbol.dispose]() {
          if (!lines.delete(line)) return;
          if (lines.size === 0 && mine.get(person_id) === lines) mine.delete(person_id);
          change(person_id);
        },
      };
    },
    active(line, person_id, active) {
      const lines = mine.get(person_id);
      if (!lines?.has(line)) return;
      const before = stateOf(person_id);
      lines.set(line, active ? clock.monotonic() + b.ACTIVE_MS_MAX : 0);
      if (stateOf(person_id) !== before) change(person_id);
    },
    of(person_ids) {
      const now = clock.monotonic();
      const found = new Map<string, Activity>();
      for (const person_id of person_ids) {
        const states = [...(others.get(person_id)?.values() ?? [])]
          .filter(({ until_ms }) => until_ms > now)
          .map(({ state }) => state);
        states.push(stateOf(person_id));
        const connected = states.some((state) => state !== "gone");
        if (connected) found.set(person_id, { connected, active: states.includes("active") });
      }
      return found;
    },
    [Symbol.dispose]() {
      closed = true;
      subscription[Symbol.dispose]();
      again[Symbol.dispose]();
      // The others need not wait until it fades.
      const people = [...mine.keys()];
      mine.clear();
      tell(people);
    },
  };
}
