import type { ReactNode, Ref } from "react";

import { cx } from "../../parts/class.ts";

/** A button of the player. A mouse does not leave the focus on it, so that the space bar goes on meaning play. */
export function Control({
  label,
  keys,
  pressed,
  menu,
  open,
  ref,
  className,
  onClick,
  children,
}: {
  label: string;
  keys?: string;
  pressed?: boolean;
  menu?: string;
  open?: boolean;
  ref?: Ref<HTMLButtonElement>;
  className?: string;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      ref={ref}
      type="button"
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
      {...(menu === undefined
        ? {}
        : { "aria-haspopup": "menu" as const, "aria-expanded": open === true, "aria-controls": menu })}
      onPointerDown={(event) => event.pointerType === "mouse" && event.preventDefault()}
      onClick={onClick}
      className={cx(
        "relative grid size-11 shrink-0 place-items-center rounded-full text-white outline-white hover:bg-white/16 [&_svg]:size-6",
        className,
      )}
    >
      {children}
    </button>
  );
}
