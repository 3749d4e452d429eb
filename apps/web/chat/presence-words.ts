import type { Presence } from "#systems/chat/contract.ts";

export const STATE_WORDS: Record<Presence["state"], string> = {
  online: "Here now",
  idle: "Away for a moment",
  quiet: "Does not wish to be disturbed",
  offline: "Not here",
};

/** "Here now", "☕ Coffee", or both; empty for who is away and says nothing. */
export const presenceWords = ({ state, emoji, text }: Presence): string =>
  [state === "offline" ? "" : STATE_WORDS[state], [emoji ?? "", text].filter((part) => part !== "").join(" ")]
    .filter((part) => part !== "")
    .join(" · ");
