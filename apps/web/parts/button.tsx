import type { ComponentProps, ReactNode } from "react";

import { cx } from "./class.ts";

type Look = "primary" | "soft" | "outline" | "quiet" | "danger";
type Size = "sm" | "md" | "lg";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-hover",
  soft: "bg-sunken text-ink hover:bg-line",
  outline: "border border-line text-ink hover:bg-sunken",
  quiet: "text-ink-2 hover:bg-sunken hover:text-ink",
  danger: "border border-line text-bad hover:bg-accent-tint",
};
/** 44 px is what a thumb needs; `sm` is for rows where 36 px stand apart from their neighbours (WCAG 2.5.8). */
const SIZES: Record<Size, string> = { sm: "h-9 px-4 text-sm", md: "h-11 px-5 text-sm", lg: "h-13 px-7 text-base" };

const BASE =
  "inline-flex shrink-0 items-center justify-center gap-2 rounded-full font-semibold whitespace-nowrap select-none transition-[background-color,color,transform,opacity] duration-150 active:scale-[0.97] disabled:opacity-50 disabled:active:scale-100";

export const buttonClass = (look: Look = "primary", size: Size = "md", more?: string) =>
  cx(BASE, LOOKS[look], SIZES[size], more);

export interface ButtonProps extends ComponentProps<"button"> {
  look?: Look;
  size?: Size;
  /** While true the button keeps its width, turns a wheel, and takes no second press. */
  busy?: boolean;
}

export function Button({
  look = "primary",
  size = "md",
  busy = false,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
      className={buttonClass(look, size, cx("relative", className))}
    >
      {busy ? (
        <>
          <span className="inline-flex items-center gap-2 opacity-0">{children}</span>
          <Wheel className="absolute size-5" />
        </>
      ) : (
        children
      )}
    </button>
  );
}

export interface IconButtonProps extends ComponentProps<"button"> {
  label: string;
  children: ReactNode;
}

export function IconButton({ label, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={cx(
        "inline-grid size-11 shrink-0 place-items-center rounded-full text-ink-2 transition-colors duration-150 hover:bg-sunken hover:text-ink disabled:opacity-40",
        className,
      )}
    >
      {children}
    </button>
  );
}

export function Wheel({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" className={cx("animate-spin", className)} aria-hidden="true">
      <circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" strokeOpacity="0.25" strokeWidth="3" />
      <path d="M21 12a9 9 0 0 0-9-9" fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}
