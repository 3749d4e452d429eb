import { type MouseEvent, useEffect, useRef } from "react";

const HOLD_MS = 450;

/**
 * A second meaning for who holds a button down, or presses it with the other mouse button; the press that ends it is none.
 * Whatever it opens must be in a menu too: not everybody can hold.
 */
export function useLongPress(onHold: (() => void) | undefined) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const held = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);
  if (!onHold) return {};
  const stop = () => clearTimeout(timer.current);
  const hold = () => {
    stop();
    held.current = true;
    onHold();
  };
  return {
    onPointerDown() {
      held.current = false;
      stop();
      timer.current = setTimeout(hold, HOLD_MS);
    },
    onPointerUp: stop,
    onPointerLeave: stop,
    onPointerCancel: stop,
    onContextMenu(event: MouseEvent) {
      event.preventDefault();
      if (!held.current) hold();
    },
    onClickCapture(event: MouseEvent) {
      if (!held.current) return;
      held.current = false;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}
