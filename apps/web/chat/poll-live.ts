import type { Json } from "#kernel/json.ts";

import { applyEverywhere, heldMessage, refreshMessage } from "./conversations.ts";
import { withSums } from "./poll-sums.ts";

const REST_MS = 1_500;
const resting = new Set<string>();

/** Sums of a poll came over the line. Many votes at once ask at most once in a while for what the line does not tell. */
export function pollSaid(id: string, said: Json): void {
  const message = heldMessage(id);
  if (!message) return;
  const next = withSums(message, said);
  if (next !== null) {
    if (next !== message) applyEverywhere(next);
    return;
  }
  if (resting.has(id)) return;
  resting.add(id);
  setTimeout(() => {
    resting.delete(id);
    // Told again with the next vote, and at the end.
    refreshMessage(id).catch(() => {});
  }, REST_MS);
}
