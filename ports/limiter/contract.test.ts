import { createVirtualClock } from "#ports/clock/index.ts";

import { limiterContract } from "./contract.suite.ts";
import { createLocalLimiter } from "./index.ts";

limiterContract(
  "this process",
  async () => {
    const clock = createVirtualClock();
    const limiter = createLocalLimiter({ clock, keys_max: 1_000 });
    return {
      limiter,
      advance: (ms) => clock.advance(ms),
      [Symbol.asyncDispose]: () => limiter[Symbol.asyncDispose](),
    };
  },
  100,
);
