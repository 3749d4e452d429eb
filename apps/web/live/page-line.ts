import { type Cursor, LINE_PATH, type Refusal } from "#systems/realtime/contract.ts";

import { FORGET } from "../shell/session.ts";
import type { Follower } from "./followed.ts";
import { type Kept, openKept } from "./kept.ts";
import { createLine, type Line, type LineState } from "./line.ts";
import type { SentAnswer, Waiting } from "./outbox.ts";

/** The line of this page: one for the person who is signed in, opened when a screen first needs it. */
export interface PageLine {
  line: Line;
  kept: Kept;
  state(): LineState;
  onState(listener: () => void): () => void;
  /** Of one's own: what was answered and what was refused, also of what an earlier page sent. */
  onOutcome(listener: (outcome: Outcome) => void): () => void;
  /**
   * For all who want to hear of one stream what comes from now on, several at a time: the bell and the list of chats of
   * one's own things. `anew` says to ask for the state, at first and whenever something may have been missed.
   */
  hear(stream: string, follower: Follower): () => void;
}

export type Outcome = { waiting: Waiting; sent: SentAnswer } | { waiting: Waiting; refused: Refusal };

/** Somebody who touches nothing for so long may be gone. */
const TOUCHED_MS = 3 * 60_000;
const TOUCH_TOLD_MS = 60_000;

let opened: { person_id: string; page: Promise<PageLine> } | null = null;

export function pageLine(person_id: string): Promise<PageLine> {
  if (opened?.person_id !== person_id) opened = { person_id, page: openLine(person_id) };
  return opened.page;
}

async function openLine(person_id: string): Promise<PageLine> {
  const kept = await openKept(person_id);
  const stateListeners = new Set<() => void>();
  const outcomeListeners = new Set<(outcome: Outcome) => void>();
  let state: LineState = { connection: "stopped", unsent: 0, tries: 0 };
  const told = (outcome: Outcome) => outcomeListeners.forEach((listener) => listener(outcome));
  const line = createLine({
    open({ heard, closed }) {
      const url = new URL(LINE_PATH, location.href);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      const socket = new WebSocket(url);
      socket.onmessage = ({ data }) => heard(String(data));
      socket.onclose = ({ code }) => closed(code);
      return {
        say: (text) => socket.send(text),
        close() {
          socket.onmessage = null;
          socket.onclose = null;
          socket.close();
        },
      };
    },
    after(ms, work) {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
    now: () => performance.now(),
    random: Math.random,
    makeCid: () => crypto.randomUUID(),
    kept: await kept.outbox(),
    keep: kept.put,
    forget: kept.remove,
    sent: (waiting, sent) => told({ waiting, sent }),
    refused: (waiting, refused) => told({ waiting, refused }),
    changed(next) {
      state = next;
      for (const listener of stateListeners) listener();
    },
  });
  const leave = watchPage(line);
  window.addEventListener(
    FORGET,
    () => {
      leave();
      line.stop();
      opened = null;
    },
    { once: true },
  );
  line.start();
  const heard = new Map<string, { all: Set<Follower>; end: () => void; cursor: Cursor | null }>();
  function hear(stream: string, follower: Follower): () => void {
    const there = heard.get(stream);
    if (there) {
      there.all.add(follower);
      if (there.cursor) follower.anew(there.cursor);
    } else {
      const all = new Set([follower]);
      const shared = { all, cursor: null as Cursor | null, end: () => {} };
      heard.set(stream, shared);
      shared.end = line.follow(stream, null, {
        items(items, cursor) {
          shared.cursor = cursor;
          for (const each of all) each.items(items, cursor);
        },
        anew(cursor) {
          shared.cursor = cursor;
          for (const each of all) each.anew(cursor);
        },
        ephemeral: (...said) => all.forEach((each) => each.ephemeral?.(...said)),
        ended(code) {
          if (heard.get(stream) === shared) heard.delete(stream);
          for (const each of all) each.ended(code);
        },
      });
    }
    return () => {
      const shared = heard.get(stream);
      if (!shared?.all.delete(follower) || shared.all.size > 0) return;
      heard.delete(stream);
      shared.end();
    };
  }
  const on = <T>(all: Set<T>, listener: T) => {
    all.add(listener);
    return () => void all.delete(listener);
  };
  return {
    line,
    kept,
    state: () => state,
    onState: (listener) => on(stateListeners, listener),
    onOutcome: (listener) => on(outcomeListeners, listener),
    hear,
  };
}

/** Comes back when the network or the person does, and tells whether this page is in somebody's hand. */
function watchPage(line: Line): () => void {
  let told = false;
  let told_at = 0;
  let touched_at = performance.now();
  const tell = () => {
    const is = document.visibilityState === "visible" && performance.now() - touched_at < TOUCHED_MS;
    if (is === told && (!is || performance.now() - told_at < TOUCH_TOLD_MS)) return;
    told = is;
    told_at = performance.now();
    line.active(is);
  };
  const touched = () => {
    touched_at = performance.now();
    tell();
  };
  const back = () => {
    // A page that was frozen may hold a line that is long dead; asking costs nothing.
    if (document.visibilityState === "visible") {
      line.start();
      touched();
    } else tell();
  };
  const online = () => line.start();
  const beat = setInterval(tell, TOUCH_TOLD_MS);
  window.addEventListener("online", online);
  document.addEventListener("visibilitychange", back);
  for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, touched, { passive: true });
  tell();
  return () => {
    clearInterval(beat);
    window.removeEventListener("online", online);
    document.removeEventListener("visibilitychange", back);
    for (const name of ["pointerdown", "keydown"]) window.removeEventListener(name, touched);
  };
}
