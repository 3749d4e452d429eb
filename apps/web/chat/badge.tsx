import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { chatRoutes as r } from "#systems/chat/contract.ts";

import { useLine } from "../live/use-line.ts";
import { cx } from "../parts/class.ts";
import { ask, queries } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";
import { countWords } from "./naming.ts";

/** As long as nothing is told. */
const LOOK_MS = 30_000;

/** How many messages are to one alone or name one; a dot where something else waits. */
export default function Badge({ className }: { className?: string }) {
  const me = useMe();
  const asked = useQuery({
    ...ask(r.unreadChats),
    enabled: me !== null && me !== undefined,
    staleTime: LOOK_MS,
    refetchOnWindowFocus: true,
  });
  const line = useLine(me?.id ?? null);
  const me_id = me?.id;
  useEffect(() => {
    if (!line || me_id === undefined) return;
    const again = () => void queries.invalidateQueries({ queryKey: [r.unreadChats.path] });
    return line.hear(`person:${me_id}`, { items: again, anew: again, ended() {} });
  }, [line, me_id]);
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
