import { useEffect, useState } from "react";

import type { Channel } from "#systems/chat/contract.ts";

import type { Kept } from "../live/kept.ts";
import { pageLine } from "../live/page-line.ts";
import { FORGET } from "../shell/session.ts";
import { endOf, type Held } from "./history.ts";

const KEEP_REST_MS = 1_000;
const PAGE_REST_MS = 3_000;

/** Of whoever is signed in; null until it is known who. */
let keeping: { person_id: string; kept: Promise<Kept> } | null = null;
const resting = new Map<string, ReturnType<typeof setTimeout>>();

window.addEventListener(FORGET, () => {
  for (const timer of resting.values()) clearTimeout(timer);
  resting.clear();
  keeping = null;
});

/** Keeps how a conversation ends, a moment after it last changed. */
export function keepTalk(key: string, held: () => Held): void {
  if (!keeping || resting.has(key)) return;
  const { kept } = keeping;
  resting.set(
    key,
    setTimeout(() => {
      resting.delete(key);
      const end = endOf(held());
      if (end) void kept.then((there) => there.putNote(key, end));
    }, KEEP_REST_MS),
  );
}

/** As it was last seen in this browser. */
export const keptTalk = async (key: string): Promise<Held | null> =>
  ((await (await keeping?.kept)?.note(key)) ?? null) as Held | null;

/** It is not theirs any more. */
export function dropTalk(key: string): void {
  void keeping?.kept.then((there) => there.dropNote(key));
}

/**
 * Keeps the list of chats, and what the page is made of, so that chats open without a line.
 * @returns the list as it was, once the house was asked and did not answer
 */
export function useKeptChats(
  me_id: string,
  fresh: readonly Channel[] | undefined,
  is_away: boolean,
): readonly Channel[] | null {
  const [list, setList] = useState<readonly Channel[] | null>(null);
  useEffect(() => {
    if (keeping?.person_id === me_id) return;
    keeping = { person_id: me_id, kept: pageLine(me_id).then((page) => page.kept) };
  }, [me_id]);
  useEffect(() => {
    if (!fresh) return;
    void keeping?.kept.then((kept) => kept.putNote("list", fresh));
  }, [fresh]);
  const wanted = is_away && fresh === undefined;
  useEffect(() => {
    if (!wanted) return;
    let left = false;
    void keeping?.kept
      .then((kept) => kept.note("list"))
      .then((found) => {
        if (!left && found) setList(found as readonly Channel[]);
      });
    return () => {
      left = true;
    };
  }, [wanted]);
  const answered = fresh !== undefined;
  useEffect(() => {
    if (!answered) return;
    // After all that is waited for, and what was loaded by then is what chats are made of.
    const timer = setTimeout(() => void keepPage(), PAGE_REST_MS);
    return () => clearTimeout(timer);
  }, [answered]);
  return list;
}

/** Tells the worker beside the page what the page is made of. Where there can be none, chats need a line to be opened. */
async function keepPage(): Promise<void> {
  if (!window.isSecureContext || !("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
    const { active } = await navigator.serviceWorker.ready;
    const names = performance
      .getEntriesByType("resource")
      .map(({ name }) => new URL(name))
      .filter(({ origin, pathname }) => origin === location.origin && pathname.startsWith("/assets/"))
      .map(({ pathname }) => pathname);
    active?.postMessage({ keep: [...new Set(names)] });
  } catch {
    // A browser that wants no worker: as above.
  }
}
