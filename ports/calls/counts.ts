import type { CallStats } from "./index.ts";

/** What is counted as it happens; the rest of `CallStats` is looked up. */
export type Counts = Pick<
  CallStats,
  | "calls"
  | "first_tries"
  | "further_tries"
  | "hedges"
  | "hedges_won"
  | "answered"
  | "failed"
  | "throttled"
  | "late"
  | "refused_away"
  | "refused_busy"
  | "refused_late"
  | "refused_budget"
>;

export const createCounts = (): Counts => ({
  calls: 0,
  first_tries: 0,
  further_tries: 0,
  hedges: 0,
  hedges_won: 0,
  answered: 0,
  failed: 0,
  throttled: 0,
  late: 0,
  refused_away: 0,
  refused_busy: 0,
  refused_late: 0,
  refused_budget: 0,
});
