import { useEffect, useRef, useState } from "react";

const REST_MS = 2_600;

/** Whether the controls are seen: while something moves, while it rests, and while a menu is open. */
export function useChrome(root: HTMLElement | null, held: boolean) {
  const [moved, setMoved] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const show = (mode: "toggle" | "on") => {
    clearTimeout(timer.current);
    setMoved((now) => mode === "on" || !now);
    timer.current = setTimeout(() => setMoved(false), REST_MS);
  };
  useEffect(() => {
    if (!root) return;
    const wake = (event: Event) => {
      if (event instanceof PointerEvent && event.pointerType !== "mouse") return;
      clearTimeout(timer.current);
      setMoved(true);
      timer.current = setTimeout(() => setMoved(false), REST_MS);
    };
    const leave = (event: PointerEvent) => {
      if (event.pointerType === "mouse") setMoved(false);
    };
    root.addEventListener("pointermove", wake);
    root.addEventListener("pointerleave", leave);
    root.addEventListener("keydown", wake);
    root.addEventListener("focusin", wake);
    return () => {
      clearTimeout(timer.current);
      root.removeEventListener("pointermove", wake);
      root.removeEventListener("pointerleave", leave);
      root.removeEventListener("keydown", wake);
      root.removeEventListener("focusin", wake);
    };
  }, [root]);
  return { shown: moved || held, show };
}
