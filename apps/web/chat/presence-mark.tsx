import type { Presence } from "#systems/chat/contract.ts";

import { Avatar, type Face } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { STATE_WORDS } from "./presence-words.ts";
import { usePresence } from "./presence.ts";

/** The states differ by shape too: full, a crescent, a bar. */
export function PresenceDot({ state, className }: { state: Presence["state"]; className?: string }) {
  if (state === "offline") return null;
  return (
    <span
      title={STATE_WORDS[state]}
      className={cx("grid size-3.5 place-items-center rounded-full bg-surface p-[2.5px]", className)}
    >
      <span
        aria-hidden="true"
        className={cx(
          "relative grid size-full place-items-center overflow-hidden rounded-full",
          state === "online" ? "bg-good" : state === "idle" ? "border-2 border-good" : "bg-bad",
        )}
      >
        {state === "quiet" && <span className="h-[1.5px] w-[5px] rounded-full bg-surface" />}
      </span>
    </span>
  );
}

/** Somebody's face with whether they are here. What it says is said in words where it stands. */
export function LiveFace({ person, size = "sm" }: { person: Face & { id: string }; size?: "xs" | "sm" | "md" }) {
  const presence = usePresence(person.id);
  return (
    <span className="relative inline-grid shrink-0">
      <Avatar person={person} size={size} />
      {presence && <PresenceDot state={presence.state} className="absolute -right-0.5 -bottom-0.5" />}
    </span>
  );
}

/** What they say of themselves, as one sign beside their name. */
export function StatusSign({ id, className }: { id: string; className?: string }) {
  const presence = usePresence(id);
  if (!presence || presence.emoji === null) return null;
  return (
    <span
      role="img"
      aria-label={presence.text === "" ? `Status ${presence.emoji}` : presence.text}
      title={presence.text}
      className={cx("shrink-0 text-sm leading-none", className)}
    >
      {presence.emoji}
    </span>
  );
}
