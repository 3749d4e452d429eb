import type { Bus } from "#ports/bus/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import * as b from "./bounds.ts";
import type { Activity } from "./rules.ts";

/** Who is here, on any node. In memory alone: each node says who is with it, and what it said fades. */
export interface Presence extends Disposable {
  /** One line of theirs, until it is disposed. */
  arrived(person_id: string): Here;
  of(person_ids: readonly string[]): Map<string, Activity>;
}

/** One line's part in it. */
export interface Here extends Disposable {
  /** Its device says that it is in somebody's hand, or no longer. */
  active(active: boolean): void;
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

/** One of tens of thousands, so its deeds are not closures of its own. */
class LineHere implements Here {
  readonly person_id: string;
  /** It counts as active until then. */
  until_ms = 0;
  private readonly said: (line: LineHere, active: boolean) => void;
  private readonly left: (line: LineHere) => void;
  constructor(person_id: string, said: (line: LineHere, active: boolean) => void, left: (line: LineHere) => void) {
    this.person_id = person_id;
    this.said = said;
    this.left = left;
  }
  active(active: boolean): void {
    this.said(this, active);
  }
  [Symbol.dispose](): void {
    this.left(this);
  }
}

export function createPresence({ clock, bus, node }: { clock: Clock; bus: Bus; node: string }): Presence {
  /** Of this node: the lines of each. */
  const mine = new Map<string, LineHere[]>();
  const others = new Map<string, Map<string, Said>>();
  const changed = new Set<string>();
  let telling = false;
  let closed = false;

  function stateOf(person_id: string): Said["state"] {
    const lines = mine.get(person_id);
    if (!lines) return "gone";
    const now = clock.monotonic();
    return lines.some(({ until_ms }) => until_ms > now) ? "active" : "idle";
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

  function active(line: LineHere, is_active: boolean): void {
    if (!mine.get(line.person_id)?.includes(line)) return;
    const before = stateOf(line.person_id);
    line.until_ms = is_active ? clock.monotonic() + b.ACTIVE_MS_MAX : 0;
    if (stateOf(line.person_id) !== before) change(line.person_id);
  }
  function left(line: LineHere): void {
    const lines = mine.get(line.person_id);
    const at = lines?.indexOf(line) ?? -1;
    if (!lines || at < 0) return;
    lines.splice(at, 1);
    if (lines.length === 0) mine.delete(line.person_id);
    change(line.person_id);
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
    arrived(person_id) {
      const line = new LineHere(person_id, active, left);
      const lines = mine.get(person_id);
      if (lines) lines.push(line);
      else mine.set(person_id, [line]);
      change(person_id);
      return line;
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
