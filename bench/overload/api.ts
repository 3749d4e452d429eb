import type { Clock } from "#ports/clock/index.ts";
import { type Api, createApi, DEFAULT_LIMITS, type Idempotency } from "#ports/http/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import type { Load } from "#ports/load/index.ts";

/** The API as a house has it, with limits that are asked and never reached: the benches ask from one address. @param load null leaves the gate out, and nothing else */
export const apiBehind = (load: Load | null, clock: Clock): Api =>
  createApi({
    authenticate: async () => null,
    limiter: createLocalLimiter({ clock, keys_max: 1_000 }),
    limits: { ...DEFAULT_LIMITS, address: { name: "address", burst_tokens: 100_000_000, tokens_per_s: 1_000_000 } },
    // Nobody is signed in here, so no key is kept.
    idempotency: {} as Idempotency,
    clock,
    trusted_proxies: 0,
    ...(load ? { load } : {}),
    requestId: () => crypto.randomUUID(),
    onServed: () => {},
  });
