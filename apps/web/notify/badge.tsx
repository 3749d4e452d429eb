import { cx } from "../parts/class.ts";
import { unreadWords, useUnread } from "./unread.ts";

/** How many wait, on a corner of the bell. */
export function UnreadBadge({ className }: { className?: string }) {
  const count = useUnread();
  if (count === 0) return null;
  return (
    <span
      className={cx(
        "grid h-4.5 min-w-4.5 place-items-center rounded-full bg-accent px-1 text-[0.6875rem] leading-none font-bold text-on-accent tabular-nums",
        className,
      )}
    >
      {unreadWords(count)}
      <span className="sr-only"> not read</span>
    </span>
  );
}
