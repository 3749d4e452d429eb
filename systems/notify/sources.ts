import type { SignedIn } from "#kernel/viewer.ts";
import type { StoredEvent } from "#ports/log/index.ts";

import type { Act, Settling } from "./acts.ts";
import type { Kind } from "./kinds-contract.ts";

/** What an act of another system is about, as its reader may see it now. */
export interface Thing {
  /** "in General", "in Spring fair"; empty where who acted says it all. */
  title: string;
  /** Its words, as far as they are shown. */
  text: string;
  /** Below the house: `/chat/184?at=55`. */
  path: string;
}

/** A system that has something to tell people. One line of `compose.ts` adds it: `notify.register(chat.notices)`. */
export interface NoticeSource {
  /** What its things are called: the part before the first colon of `thing`. */
  name: string;
  /** Which topics of the log are read, and what is in their events: acts, and what was read elsewhere. */
  readings: Readonly<Record<string, (event: StoredEvent) => readonly (Act | Settling)[]>>;
  /** Which topics tell of things that were taken back: they go out of all inboxes, by a job. */
  gone?: Readonly<Record<string, (event: StoredEvent) => readonly string[]>>;
  /** Of these things, what this viewer may see now; the rest is missing. */
  things(viewer: SignedIn, things: readonly string[]): Promise<ReadonlyMap<string, Thing>>;
  /**
   * Of these, asked when a push or a letter goes: what this person still wishes to be told of. Somebody may have muted a place
   * since. All of them where nothing is said.
   */
  wished?(viewer: SignedIn, news: readonly News[]): Promise<ReadonlySet<string>>;
}

/** A thing that is about to be told of, and because of what. */
export interface News {
  thing: string;
  kind: Kind;
}

export interface Sources {
  add(source: NoticeSource): void;
  all(): readonly NoticeSource[];
  /** What may be seen of these, whichever system has them. */
  things(viewer: SignedIn, things: readonly string[]): Promise<Map<string, Thing>>;
  /** Of these, what this person still wishes to be told of, whichever system has them. */
  wished(viewer: SignedIn, news: readonly News[]): Promise<Set<string>>;
}

export function createSources(): Sources {
  const sources = new Map<string, NoticeSource>();
  return {
    add(source) {
      if (!/^[a-z]{1,32}$/.test(source.name)) throw new RangeError(`no name of a source: ${source.name.slice(0, 100)}`);
      if (sources.has(source.name)) throw new Error(`two systems tell of ${source.name}`);
      sources.set(source.name, source);
    },
    all: () => [...sources.values()],
    async things(viewer, things) {
      const found = await Promise.all(
        Array.from(Map.groupBy(new Set(things), nameOf)).flatMap(
          ([name, list]) => sources.get(name)?.things(viewer, list) ?? [],
        ),
      );
      return new Map(found.flatMap((map) => [...map]));
    },
    async wished(viewer, news) {
      const found = await Promise.all(
        Array.from(
          Map.groupBy(news, ({ thing }) => nameOf(thing)),
          async ([name, list]) => [
            ...((await sources.get(name)?.wished?.(viewer, list)) ?? list.map(({ thing }) => thing)),
          ],
        ),
      );
      return new Set(found.flat());
    },
  };
}

const nameOf = (thing: string): string => thing.slice(0, Math.max(0, thing.indexOf(":")));
