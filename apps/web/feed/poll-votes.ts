import type { Poll } from "#systems/feed/contract.ts";

import { createOverlay } from "../shell/overlay.ts";

/** Polls as they answered one's own vote, until a list brings them anew. */
export const polls = createOverlay<{ poll: Poll }>();
