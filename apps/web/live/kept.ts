import type { Cursor } from "#systems/realtime/contract.ts";

import type { LiveItem } from "./followed.ts";
import { LINE_PREFIX } from "./forget-lines.ts";
import type { Waiting } from "./outbox.ts";

/** What this browser keeps of a person's line: what was not answered yet, and the newest of what they followed. */
export interface Kept {
  outbox(): Promise<Waiting[]>;
  put(waiting: Waiting): void;
  remove(cid: string): void;
  /** Where a stream stood when it was last seen here, and its newest items, oldest first. */
  stream(name: string): Promise<{ cursor: Cursor; items: LiveItem[] } | null>;
  /** Items and the cursor behind them, in one transaction: whoever is cut off has both or neither. */
  add(name: string, items: readonly LiveItem[], cursor: Cursor): void;
  /** What was known of the stream is not true any more. */
  anew(name: string, cursor: Cursor): void;
  /** What a screen keeps to be shown without a line, by its own name for it; null where there is nothing. */
  note(key: string): Promise<unknown>;
  /** The latest `NOTES_MAX` stay. */
  putNote(key: string, value: unknown): void;
  dropNote(key: string): void;
  /** Resolves when all that was given before is written, or given up. */
  written(): Promise<void>;
}

/** Of each stream; what is older is pulled when somebody looks for it. */
export const KEPT_ITEMS_MAX = 300;
export const NOTES_MAX = 30;

type Store = "outbox" | "streams" | "notes";

interface KeptStream {
  name: string;
  cursor: Cursor;
  items: LiveItem[];
}

/** Where a browser keeps nothing (a private window, a full disk), the line works as long as the page is open. */
export async function openKept(person_id: string): Promise<Kept> {
  const database = await new Promise<IDBDatabase | null>((resolve) => {
    try {
      const asked = indexedDB.open(`${LINE_PREFIX}${person_id}`, 2);
      asked.onupgradeneeded = ({ oldVersion }) => {
        if (oldVersion < 1) {
          asked.result.createObjectStore("outbox", { keyPath: "cid" });
          asked.result.createObjectStore("streams", { keyPath: "name" });
        }
        asked.result.createObjectStore("notes", { keyPath: "key" }).createIndex("at", "at");
      };
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => resolve(null);
      asked.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  database?.addEventListener("versionchange", () => database.close());
  let last: Promise<void> = Promise.resolve();

  /** One after the other, in the order of the calls. A write that fails costs a page that was closed, not the one that is open. */
  function write(store: Store, work: (to: IDBObjectStore) => void): void {
    if (!database) return;
    last = last.then(
      () =>
        new Promise<void>((resolve) => {
          try {
            const transaction = database.transaction(store, "readwrite");
            transaction.oncomplete = transaction.onerror = transaction.onabort = () => resolve();
            work(transaction.objectStore(store));
          } catch {
            resolve();
          }
        }),
    );
  }
  function read<T>(store: Store, ask: (of: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
    if (!database) return Promise.resolve(null);
    return new Promise((resolve) => {
      try {
        const asked = ask(database.transaction(store, "readonly").objectStore(store));
        asked.onsuccess = () => resolve(asked.result ?? null);
        asked.onerror = () => resolve(null);
      } catch {
        resolve(null);
      }
    });
  }

  return {
    outbox: async () => (await read<Waiting[]>("outbox", (store) => store.getAll())) ?? [],
    put: (waiting) => write("outbox", (store) => store.put(waiting)),
    remove: (cid) => write("outbox", (store) => store.delete(cid)),
    async stream(name) {
      const kept = await read<KeptStream | undefined>("streams", (store) => store.get(name));
      return kept ? { cursor: kept.cursor, items: kept.items } : null;
    },
    add: (name, items, cursor) =>
      write("streams", (store) => {
        const asked = store.get(name) as IDBRequest<KeptStream | undefined>;
        asked.onsuccess = () => {
          const merged = mergeKept(asked.result ?? null, items, cursor);
          if (merged) store.put({ name, ...merged });
        };
      }),
    anew: (name, cursor) => write("streams", (store) => store.put({ name, cursor, items: [] })),
    note: async (key) =>
      (await read<{ value: unknown } | undefined>("notes", (store) => store.get(key)))?.value ?? null,
    putNote: (key, value) =>
      write("notes", (store) => {
        store.put({ key, value, at: performance.timeOrigin + performance.now() });
        const counted = store.count();
        counted.onsuccess = () => {
          let over = counted.result - NOTES_MAX;
          if (over <= 0) return;
          const oldest = store.index("at").openKeyCursor();
          oldest.onsuccess = () => {
            if (!oldest.result || over-- <= 0) return;
            store.delete(oldest.result.primaryKey);
            oldest.result.continue();
          };
        };
      }),
    dropNote: (key) => write("notes", (store) => store.delete(key)),
    written: () => last,
  };
}

/** Several pages of one person write here; whoever is behind changes nothing. @returns null then */
export function mergeKept(
  before: { cursor: Cursor; items: readonly LiveItem[] } | null,
  items: readonly LiveItem[],
  cursor: Cursor,
): { cursor: Cursor; items: LiveItem[] } | null {
  const same = before && before.cursor[0] === cursor[0] ? before : null;
  const at = same ? Number(same.cursor[1]) : null;
  if (at !== null && Number(cursor[1]) <= at) return null;
  const fresh = items.filter(({ seq }) => at === null || seq > at);
  // With a hole between them, what was there before is another past.
  const joins = at !== null && fresh[0]?.seq === at + 1;
  return { cursor, items: [...(joins ? same!.items : []), ...fresh].slice(-KEPT_ITEMS_MAX) };
}
