import { useSyncExternalStore } from "react";

import { chatRoutes as r, type Message } from "#systems/chat/contract.ts";

import { Away, Refusal } from "../client.ts";
import { call, queries } from "../shell/house.ts";
import { FORGET } from "../shell/session.ts";
import { type Held, NOTHING, withMessage, withNewer, withOlder } from "./history.ts";
import { dropTalk, keepTalk, keptTalk } from "./kept-chats.ts";
import { createOutbox, type Unsent } from "./outbox.ts";

const PAGE = 50;
const KEPT_MAX = 20;

/** A channel, or a thread in it, as far as this page has it. */
export interface Conversation {
  held(): Held;
  /** Whether anything was asked for yet. */
  loaded(): boolean;
  error(): unknown;
  newest(): Promise<void>;
  around(seq: string): Promise<void>;
  older(): Promise<void>;
  newer(): Promise<void>;
  /** What came since, and what changed of what is at the end. */
  refresh(): Promise<void>;
  apply(message: Message): void;
  subscribe(listener: () => void): () => void;
}

const known = new Map<string, Conversation>();

export const channelTalk = (id: string) =>
  talk(`c${id}`, (query) => call(r.history, { params: { id }, query: { limit: PAGE, ...query } }));
export const threadTalk = (root_id: string) =>
  talk(`t${root_id}`, ({ around: _, ...query }) =>
    call(r.thread, { params: { id: root_id }, query: { limit: PAGE, ...query } }),
  );

type Asked = { before?: string; after?: string; around?: string };

function talk(key: string, ask: (query: Asked) => Promise<Held & { items: Message[] }>): Conversation {
  const found = known.get(key);
  if (found) {
    // The latest used is the last to go.
    known.delete(key);
    known.set(key, found);
    return found;
  }
  let held: Held = NOTHING;
  let loaded = false;
  let error: unknown = null;
  let busy: Promise<void> | null = null;
  const listeners = new Set<() => void>();
  const set = (next: Held) => {
    held = next;
    if (loaded) keepTalk(key, one.held);
    for (const listener of listeners) listener();
  };
  /** One question at a time; who asks meanwhile gets what is under way. */
  const once = (work: () => Promise<void>): Promise<void> => {
    busy ??= work()
      .then(() => {
        error = null;
        loaded = true;
      })
      .catch((thrown: unknown) => {
        error = thrown;
      })
      .finally(() => {
        busy = null;
        set(held);
      });
    return busy;
  };
  const one: Conversation = {
    held: () => held,
    loaded: () => loaded,
    error: () => error,
    newest: () =>
      once(async () => {
        try {
          held = await ask({});
        } catch (thrown) {
          if (thrown instanceof Refusal && (thrown.status === 403 || thrown.status === 404)) dropTalk(key);
          const was = thrown instanceof Away ? await keptTalk(key) : null;
          if (!was) throw thrown;
          held = was;
        }
      }),
    around: (seq) => once(async () => void (held = await ask({ around: seq }))),
    older: () =>
      once(async () => {
        const first = held.items[0];
        if (first && held.more_before) held = withOlder(held, await ask({ before: first.seq }));
      }),
    newer: () =>
      once(async () => {
        const last = held.items.at(-1);
        if (last && held.more_after) held = withNewer(held, await ask({ after: last.seq }));
      }),
    refresh: () =>
      // What came while something else was asked for is asked for after it.
      (busy ?? Promise.resolve()).then(() =>
        once(async () => {
          const last = held.items.at(-1);
          if (!last) held = await ask({});
          else if (!held.more_after) {
            const page = await ask({});
            // More came than fits a page: the newest alone, for there would be a hole between.
            const meets = page.items.some((item) => held.items.some((mine) => mine.id === item.id));
            held =
              meets || page.items.length === 0 ? withNewer(held, { ...page, more_before: held.more_before }) : page;
          }
        }),
      ),
    apply: (message) => set(withMessage(held, message)),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  known.set(key, one);
  for (const old of known.keys()) {
    if (known.size <= KEPT_MAX) break;
    known.delete(old);
  }
  return one;
}

export const useHeld = (one: Conversation): Held => useSyncExternalStore(one.subscribe, one.held);

/** A message that changed, wherever it is shown. */
export function applyEverywhere(message: Message): void {
  if (message.in_channel || message.root_id === null) known.get(`c${message.channel_id}`)?.apply(message);
  if (message.root_id !== null) known.get(`t${message.root_id}`)?.apply(message);
}

/** A message as this page has it now, wherever it is shown. */
export function heldMessage(id: string): Message | undefined {
  for (const one of known.values()) {
    const found = one.held().items.find((message) => message.id === id);
    if (found) return found;
  }
  return undefined;
}

/** Asks for one message again and shows it as it stands now. */
export async function refreshMessage(id: string): Promise<void> {
  applyEverywhere(await call(r.message, { params: { id } }));
}

/** The list of chats and what waits in them are asked for anew. */
export async function chatsChanged(): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: [r.listChannels.path] }),
    queries.invalidateQueries({ queryKey: [r.unreadChats.path] }),
    queries.invalidateQueries({ queryKey: [r.spaceChannels.path] }),
    queries.invalidateQueries({ queryKey: [r.followedThreads.path] }),
  ]);
}

const KEY = "folkhus.kept.chat-outbox";
const outboxListeners = new Set<() => void>();

function keptOutbox(): Unsent[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as Unsent[];
  } catch {
    return [];
  }
}

export const outbox = createOutbox(
  {
    async send({ channel_id, state: _state, problem: _problem, ...body }) {
      const message = await call(r.sendMessage, { params: { id: channel_id }, body });
      applyEverywhere(message);
      if (message.root_id !== null) {
        await refreshMessage(message.root_id);
        // Whoever writes in a thread follows it.
        void queries.invalidateQueries({ queryKey: [r.threadState.path] });
      }
      void chatsChanged();
    },
    after: (ms, work) => void setTimeout(work, ms),
    keep: (all) => (all.length === 0 ? localStorage.removeItem(KEY) : localStorage.setItem(KEY, JSON.stringify(all))),
    changed() {
      for (const listener of outboxListeners) listener();
    },
  },
  keptOutbox(),
);
outbox.wake();
window.addEventListener("online", () => outbox.wake());
window.addEventListener(FORGET, () => {
  known.clear();
  for (const { cid } of outbox.all()) outbox.drop(cid);
});

export const useOutbox = (): readonly Unsent[] =>
  useSyncExternalStore((listener) => {
    outboxListeners.add(listener);
    return () => void outboxListeners.delete(listener);
  }, outbox.all);

export const makeCid = () => crypto.randomUUID().replaceAll("-", "");
