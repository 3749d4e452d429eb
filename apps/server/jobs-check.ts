import type { Clock } from "#ports/clock/index.ts";
import type { Wait } from "#systems/jobs/index.ts";

import type { Check } from "./health.ts";

/** Whoever asks whether the house is ready asks often, and the queue may be long: it is read once in so many ms. */
const WAITS_KNOWN_MS = 5_000;
const WAITS_MS_MAX = 2_000;
const WELL: Check = { name: "jobs", state: "ok", because: "" };

/** Which classes of work in the background starve. A database that is away or slow is said by its own check, not here. */
export function createJobsCheck(needs: { clock: Clock; waits: () => Promise<Wait[]> }): () => Promise<Check> {
  const { clock, waits } = needs;
  let known: { at_ms: number; check: Promise<Check> } | null = null;

  async function look(): Promise<Check> {
    const patience = new AbortController();
    const gaveUp = clock.sleep(WAITS_MS_MAX, patience.signal).then(
      () => null,
      () => null,
    );
    const found = await Promise.race([waits().catch(() => null), gaveUp]);
    patience.abort(new Error("they are known"));
    return found === null ? WELL : checkOf(found);
  }

  return () => {
    const now_ms = clock.monotonic();
    if (known === null || now_ms - known.at_ms >= WAITS_KNOWN_MS) known = { at_ms: now_ms, check: look() };
    return known.check;
  };
}

function checkOf(waits: readonly Wait[]): Check {
  const starving = waits.filter((wait) => wait.is_starving);
  if (starving.length === 0) return WELL;
  const told = starving.map(
    (wait) =>
      `${wait.class} jobs wait for ${minutes(wait.oldest_wait_s)} min, where ${minutes(wait.wait_s_max)} are the most`,
  );
  return {
    name: "jobs",
    state: "degraded",
    because: `Work in the background is late: ${told.join("; ")}. What holds it up stands under Admin, Jobs; one more process with the worker role clears a backlog.`,
  };
}

const minutes = (seconds: number) => Math.round(seconds / 60);
