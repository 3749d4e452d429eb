import { type KeyboardEvent, type PointerEvent, useCallback, useRef, useState } from "react";

import { moved } from "./arrange.ts";

/** Pixels from the window's edge at which it scrolls along with what is carried. */
const EDGE_PX = 90;
const SCROLL_PX = 14;

export interface Arranging {
  /** The order as it stands while something is carried; null when nothing is. */
  order: string[] | null;
  carried: string | null;
  /** For the handle of an item. Arrow keys move it by one; a pointer carries it; Escape puts it back. */
  handle: (id: string) => {
    onPointerDown: (event: PointerEvent<HTMLElement>) => void;
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  };
}

/**
 * Puts a list into another order, by drag on touch and mouse alike and by keys. Rows carry `data-arrange` with their id.
 * @param drop is told where an item stands now, once it is let go
 */
export function useArranging(ids: readonly string[], drop: (id: string, order: string[]) => void): Arranging {
  const [state, setState] = useState<{ id: string; order: string[] } | null>(null);
  const live = useRef<{ id: string; order: string[]; at_y: number; frame: number } | null>(null);

  const begin = useCallback(
    (id: string, event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      event.preventDefault();
      const list = event.currentTarget.closest<HTMLElement>("[data-arranged]");
      if (!list) return;
      const carrying = { id, order: [...ids], at_y: event.clientY, frame: 0 };
      live.current = carrying;
      setState({ id, order: carrying.order });

      const follow = () => {
        const rows = [...list.querySelectorAll<HTMLElement>("[data-arrange]")];
        const to = rows.findIndex((row) => {
          const box = row.getBoundingClientRect();
          return carrying.at_y < box.top + box.height;
        });
        const at = carrying.order.indexOf(id);
        const wanted = to < 0 ? rows.length - 1 : to;
        if (wanted !== at) {
          carrying.order = moved(carrying.order, at, wanted);
          setState({ id, order: carrying.order });
        }
      };
      const scroll = () => {
        const step = carrying.at_y < EDGE_PX ? -SCROLL_PX : carrying.at_y > innerHeight - EDGE_PX ? SCROLL_PX : 0;
        if (step !== 0) {
          scrollBy(0, step);
          follow();
        }
        carrying.frame = requestAnimationFrame(scroll);
      };
      carrying.frame = requestAnimationFrame(scroll);
      const onMove = (move: globalThis.PointerEvent) => {
        carrying.at_y = move.clientY;
        follow();
      };
      const end = (keep: boolean) => {
        cancelAnimationFrame(carrying.frame);
        removeEventListener("pointermove", onMove);
        removeEventListener("pointerup", onUp);
        removeEventListener("pointercancel", onCancel);
        removeEventListener("keydown", onKey, true);
        live.current = null;
        setState(null);
        if (keep && carrying.order.some((one, at) => one !== ids[at])) drop(id, carrying.order);
      };
      const onUp = () => end(true);
      const onCancel = () => end(false);
      const onKey = (key: globalThis.KeyboardEvent) => {
        if (key.key !== "Escape") return;
        key.preventDefault();
        key.stopPropagation();
        end(false);
      };
      addEventListener("pointermove", onMove);
      addEventListener("pointerup", onUp);
      addEventListener("pointercancel", onCancel);
      addEventListener("keydown", onKey, true);
    },
    [ids, drop],
  );

  const handle = useCallback(
    (id: string) => ({
      onPointerDown: (event: PointerEvent<HTMLElement>) => begin(id, event),
      onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
        const at = ids.indexOf(id);
        const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: ids.length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        if (to >= 0 && to < ids.length && to !== at) drop(id, moved(ids, at, to));
      },
    }),
    [ids, begin, drop],
  );
  return { order: state?.order ?? null, carried: state?.id ?? null, handle };
}
