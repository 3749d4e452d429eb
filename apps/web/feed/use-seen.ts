import { useCallback, useRef } from "react";

import { type Post, reportViews, SEEN_POSTS_PER_REPORT_MAX } from "#systems/feed/contract.ts";

import { call } from "../shell/house.ts";
import { createSeenBook, type SeenBook } from "./seen-book.ts";

const TELL_EVERY_MS = 10_000;
/** Half of it is on the screen, or it fills half of the screen. */
const HALF = 0.5;
const STEPS = [0, 0.1, 0.25, HALF, 0.75, 1];

interface Watch {
  observer: IntersectionObserver;
  posts: WeakMap<Element, string>;
}
/** One observer for the whole page, made when the first post is there. Null once the house said that nothing is kept. */
let watch: Watch | null | undefined;

/** Gives the ref of a post's element: while it is on the screen of somebody signed in, that is told to the house now and then. */
export function useSeen({ id, viewer }: Post): (element: HTMLElement | null) => void {
  const before = useRef<HTMLElement | null>(null);
  const is_counted = viewer !== null && !viewer.own;
  return useCallback(
    (element: HTMLElement | null) => {
      if (watch === undefined && is_counted && element) watch = startWatching();
      if (!watch) return;
      if (before.current) watch.observer.unobserve(before.current);
      before.current = element;
      if (!element || !is_counted) return;
      watch.posts.set(element, id);
      watch.observer.observe(element);
    },
    [id, is_counted],
  );
}

function startWatching(): Watch {
  const book = createSeenBook();
  const posts: Watch["posts"] = new WeakMap();
  const on_screen = new Set<string>();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const post_id = posts.get(entry.target);
        if (post_id === undefined) continue;
        const height = entry.rootBounds?.height ?? innerHeight;
        const is_on =
          entry.isIntersecting && (entry.intersectionRatio >= HALF || entry.intersectionRect.height >= height * HALF);
        if (is_on) on_screen.add(post_id);
        else on_screen.delete(post_id);
        book.shows(post_id, is_on && document.visibilityState === "visible", performance.now());
      }
    },
    { threshold: STEPS },
  );
  const stop = () => {
    watch = null;
    observer.disconnect();
    clearInterval(timer);
  };
  const timer = setInterval(() => void tell(book, stop), TELL_EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    const visible = document.visibilityState === "visible";
    for (const post_id of on_screen) book.shows(post_id, visible, performance.now());
    if (!visible && watch) hand(book);
  });
  addEventListener("pagehide", () => watch && hand(book));
  return { observer, posts };
}

async function tell(book: SeenBook, stop: () => void) {
  const items = book.take(performance.now(), SEEN_POSTS_PER_REPORT_MAX);
  if (items.length === 0) return;
  try {
    const { keeps } = await call(reportViews, { body: { items } });
    if (!keeps) stop();
  } catch {
    // A view that is not told is a view less: nothing that somebody waits for.
  }
}

/** The page goes: what is handed to the browser now is sent also when nothing of the page is left. */
function hand(book: SeenBook) {
  const items = book.take(performance.now(), SEEN_POSTS_PER_REPORT_MAX);
  if (items.length === 0) return;
  const body = new Blob([JSON.stringify({ items })], { type: "application/json" });
  navigator.sendBeacon(reportViews.path, body);
}
