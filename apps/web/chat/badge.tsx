import { useQuery } from "@tanstack/react-query";

import { chatRoutes as r } from "#systems/chat/contract.ts";

import { cx } from "../parts/class.ts";
import { ask } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";
import { countWords } from "./naming.ts";

const LOOK_MS = 30_000;

/** How many messages are to one alone or name one; a dot where something else waits. */
export function ChatBadge({ className }: { className?: string }) {
  const me = useMe();
  const asked = useQuery({
    ...ask(r.unreadChats),
    enabled: me !== null && me !== undefined,
    staleTime: LOOK_MS,
    refetchOnWindowFocus: true,
  });
  const { channels = 0, addressed = 0 } = asked.data ?? {};
  if (addressed > 0)
    return (
      <span
        className={cx(
          "grid h-4.5 min-w-4.5 place-items-center rounded-full bg-accent px-1 text-[0.6875rem] leading-none font-bold text-on-accent tabular-nums",
          className,
        )}
      >
        {countWords(addressed)}
        <span className="sr-only"> messages to you</span>
      </span>
    );
  if (channels === 0) return null;
  return (
    <span className={cx("size-2.5 rounded-full bg-accent-ink ring-2 ring-birch", className)}>
      <span className="sr-only">Something new</span>
    </span>
  );
}
