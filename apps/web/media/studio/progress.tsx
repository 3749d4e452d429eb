import { cx } from "../../parts/class.ts";

/** How far something is, for eyes and ears. */
export function Progress({ share, label, className }: { share: number; label: string; className?: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className={cx("h-1.5 overflow-hidden rounded-full bg-line", className)}
    >
      <div
        className="h-full rounded-full bg-accent-ink transition-[width] duration-500"
        style={{ width: `${Math.max(2, percent)}%` }}
      />
    </div>
  );
}
