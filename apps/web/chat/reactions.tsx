import { SmilePlus } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { chatRoutes as r, type Message } from "#systems/chat/contract.ts";

import { cx } from "../parts/class.ts";
import { call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { applyEverywhere } from "./conversations.ts";
import { namesWords } from "./naming.ts";

export const QUICK = ["👍", "❤️", "😂", "🎉", "👀"];
const MORE = [..."😀😅🤣😊😍😘🤔😮😢😭😡🥳😴🤯🙄😬👋👏🙌🙏💪🤝✅❌⭐🔥💡🚀🐛☕🍰🌲🌻🌈🎵📌⏰💯"].filter(
  (one) => one.trim() !== "",
);

/** Shown at once; the house's answer replaces it. */
export function react(message: Message, emoji: string): void {
  const mine = message.reactions.find((one) => one.emoji === emoji)?.mine === true;
  const there = message.reactions.some((one) => one.emoji === emoji);
  const reactions = (there ? message.reactions : [...message.reactions, { emoji, count: 0, mine: false, names: [] }])
    .map((one) => (one.emoji === emoji ? { ...one, mine: !mine, count: one.count + (mine ? -1 : 1) } : one))
    .filter((one) => one.count > 0);
  applyEverywhere({ ...message, reactions });
  call(mine ? r.removeReaction : r.addReaction, { params: { id: message.id, emoji } })
    .then(applyEverywhere)
    .catch((error: unknown) => {
      applyEverywhere(message);
      sorry(error);
    });
}

export function Reactions({ message }: { message: Message }) {
  if (message.reactions.length === 0) return null;
  return (
    <ul aria-label="Reactions" className="mt-1 flex flex-wrap gap-1">
      {message.reactions.map(({ emoji, count, mine, names }) => (
        <li key={emoji}>
          <button
            type="button"
            aria-pressed={mine}
            aria-label={`${emoji}, ${count}${names.length > 0 ? `: ${namesWords(names, count)}` : ""}`}
            title={namesWords(names, count)}
            onClick={() => react(message, emoji)}
            className={cx(
              "flex h-7 items-center gap-1.5 rounded-full border px-2 text-xs font-semibold tabular-nums transition-colors",
              mine
                ? "border-accent-ink bg-accent-tint text-accent-ink"
                : "border-line bg-surface text-ink-2 hover:bg-sunken",
            )}
          >
            <span aria-hidden="true" className="text-sm leading-none">
              {emoji}
            </span>
            {count}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A button that opens a small board of emoji. */
export function EmojiButton({
  label,
  choose,
  side = "top",
  className,
}: {
  label: string;
  choose: (emoji: string) => void;
  /** Where the board opens. */
  side?: "top" | "bottom";
  className?: string;
}) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", escape, true);
    };
  }, [open]);
  return (
    <div ref={box} className="relative">
      <button
        type="button"
        aria-label={label}
        title={label}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className={cx(
          "grid size-9 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink",
          className,
        )}
      >
        <SmilePlus className="size-4.5" aria-hidden="true" />
      </button>
      {open && (
        <div
          role="group"
          aria-label="Emoji"
          className={cx(
            "absolute z-20 grid w-74 max-w-[90vw] grid-cols-8 gap-0.5 rounded-2xl border border-line bg-raised p-2 shadow-2",
            side === "top" ? "right-0 bottom-full mb-1" : "top-full left-0 mt-1",
          )}
        >
          {[...QUICK, ...MORE].map((emoji) => (
            <button
              key={emoji}
              type="button"
              aria-label={emoji}
              onClick={() => {
                setOpen(false);
                choose(emoji);
              }}
              className="grid size-8 place-items-center rounded-lg text-lg hover:bg-sunken"
            >
              {emoji}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
