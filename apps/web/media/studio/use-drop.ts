import { useEffect, useEffectEvent, useState } from "react";

/** Files that are let go anywhere over the page. @returns whether some are above it now */
export function useDrop(take: (files: File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const drop = useEffectEvent(take);
  useEffect(() => {
    let depth = 0;
    const brings = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const enter = (event: DragEvent) => {
      if (!brings(event)) return;
      depth += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!brings(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    // Without this a browser opens the file in place of the page.
    const above = (event: DragEvent) => brings(event) && event.preventDefault();
    const let_go = (event: DragEvent) => {
      depth = 0;
      setOver(false);
      if (!brings(event) || event.defaultPrevented) return;
      event.preventDefault();
      drop(Array.from(event.dataTransfer?.files ?? []));
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("dragover", above);
    window.addEventListener("drop", let_go);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("dragover", above);
      window.removeEventListener("drop", let_go);
    };
  }, []);
  return over;
}
