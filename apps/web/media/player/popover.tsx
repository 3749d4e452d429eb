import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef } from "react";

/**
 * A menu over the player, in the browser's top layer: nothing cuts it off, it stands over full screen too, and a press
 * beside it or Escape closes it.
 */
export function Popover({
  id,
  label,
  anchor,
  close,
  children,
}: {
  id: string;
  label: string;
  anchor: RefObject<HTMLElement | null>;
  close: () => void;
  children: ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  const closed = useRef(close);
  useEffect(() => {
    closed.current = close;
  });
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const by = anchor.current;
    place(node, by);
    node.showPopover?.();
    (node.querySelector<HTMLElement>('[aria-checked="true"]') ?? node.querySelector<HTMLElement>("button"))?.focus();
    const toggled = (event: Event) => (event as ToggleEvent).newState === "closed" && closed.current();
    const moved = () => place(node, by);
    node.addEventListener("toggle", toggled);
    addEventListener("resize", moved);
    return () => {
      node.removeEventListener("toggle", toggled);
      removeEventListener("resize", moved);
      if (node.contains(document.activeElement)) by?.focus();
    };
  }, [anchor]);
  return (
    <div
      ref={box}
      id={id}
      popover="auto"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      onKeyDown={walk}
      className="player-menu fixed m-0 w-72 overflow-y-auto overscroll-contain rounded-2xl border-0 bg-[#1c1410]/96 p-1.5 text-sm text-white shadow-2 outline-none"
    >
      {children}
    </div>
  );
}

/** Above the button, and on a phone a sheet at the thumb. */
function place(node: HTMLElement, anchor: HTMLElement | null) {
  const { style } = node;
  if (innerWidth < 640) {
    Object.assign(style, { inset: "auto 8px 8px 8px", width: "auto", maxHeight: "min(70dvh, 30rem)" });
    return;
  }
  const at = anchor?.getBoundingClientRect();
  const bottom = at ? innerHeight - at.top + 10 : 80;
  Object.assign(style, {
    inset: `auto ${Math.max(8, innerWidth - (at?.right ?? innerWidth) - 40)}px ${Math.max(8, bottom)}px auto`,
    width: "",
    maxHeight: `min(26rem, ${innerHeight - Math.max(8, bottom) - 8}px)`,
  });
}

function walk(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("button")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  all[(at + step + all.length) % all.length]?.focus();
}
