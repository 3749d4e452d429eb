import { useEffect } from "react";

import { chatRoutes as r } from "#systems/chat/contract.ts";

import type { Conversation } from "./conversations.ts";
import { chatsChanged } from "./conversations.ts";

/** Asks again for what may have changed while nobody looked: when the page is looked at again, and when the network is back. */
export function useFreshWhenSeen(...talks: readonly Conversation[]): void {
  useEffect(() => {
    const again = () => {
      if (document.visibilityState !== "visible") return;
      for (const talk of talks) if (talk.loaded()) void talk.refresh();
      void chatsChanged();
    };
    window.addEventListener("focus", again);
    window.addEventListener("online", again);
    document.addEventListener("visibilitychange", again);
    return () => {
      window.removeEventListener("focus", again);
      window.removeEventListener("online", again);
      document.removeEventListener("visibilitychange", again);
    };
    // The talks themselves are what this hangs on, not the list of this drawing.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, talks);
}
