import type { Clock } from "#ports/clock/index.ts";
import { addressKey } from "#ports/http/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";

import type { Check, Health } from "./health.ts";

/** Looks by one address that are made anew: more than any prober makes. */
const PROBES = { name: "probes", burst_tokens: 30, tokens_per_s: 3 };
/** Who looks more often is told what was found so long ago at most. */
const KEPT_MS_MAX = 1_000;

/**
 * Whether the house can be used: 200 only when all of it can; else 503 with the reasons. A degraded part that still serves
 * stays 200. Nobody is refused here, for a prober may share its address with whoever floods the house: it has a share of
 * its own, and beyond it the answer is one that was found within the last second, by whomever.
 */
export function createReady(needs: {
  health: Health;
  limiter: Limiter;
  clock: Clock;
  addressOf: (request: Request, peer_address: string) => string;
}): (request: Request, peer_address: string) => Promise<Response> {
  const { health, limiter, clock } = needs;
  let last: { at_ms: number; checks: Promise<Check[]> } | null = null;

  function look(): Promise<Check[]> {
    const mine = { at_ms: clock.monotonic(), checks: health.checks() };
    last = mine;
    mine.checks.catch(() => last === mine && (last = null));
    return mine.checks;
  }

  return async (request, peer_address) => {
    const key = `probes:${addressKey(needs.addressOf(request, peer_address))}`;
    const { allowed } = await limiter.take([{ key, rule: PROBES, cost_tokens: 1 }]);
    const isFresh = last !== null && clock.monotonic() - last.at_ms < KEPT_MS_MAX;
    const checks = await (!allowed && isFresh ? last!.checks : look());
    const down = checks.some((check) => check.state === "down");
    const status = down ? "down" : checks.some((check) => check.state === "degraded") ? "degraded" : "ready";
    return Response.json({ status, checks }, { status: down ? 503 : 200, headers: { "cache-control": "no-store" } });
  };
}
