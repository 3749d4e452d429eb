import type { Message } from "#systems/chat/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Ago } from "../parts/time.tsx";

/** A message in a list of others, from which one goes to where it stands. */
export function FoundMessage({
  message,
  where,
  choose,
}: {
  message: Message;
  where: string | null;
  choose: () => void;
}) {
  return (
    <button
      type="button"
      onClick={choose}
      className="flex w-full gap-3 rounded-2xl px-3 py-2.5 text-left hover:bg-sunken"
    >
      {message.author && <Avatar person={message.author} size="sm" />}
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2 text-xs text-ink-3">
          <span className="truncate text-sm font-bold text-ink">
            {message.author?.display_name ?? "Somebody who left"}
          </span>
          {where !== null && <span className="truncate">{where}</span>}
          <Ago at={message.created_at} className="ml-auto shrink-0" />
        </span>
        <span className="line-clamp-3 text-sm wrap-anywhere text-ink-2">
          {message.body || (message.images.length > 0 ? "A picture" : "")}
        </span>
      </span>
    </button>
  );
}
