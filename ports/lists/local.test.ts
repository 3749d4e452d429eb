import { createVirtualClock } from "#ports/clock/index.ts";

import { sharedListsSuite, SUITE_BOUNDS } from "./contract.suite.ts";
import { createLocalSharedLists } from "./index.ts";

sharedListsSuite("in one process", async () => {
  const clock = createVirtualClock();
  return { lists: createLocalSharedLists({ clock, bounds: SUITE_BOUNDS }), pass: (ms) => clock.advance(ms) };
});
