import { idTimeMs, type PersonId } from "#kernel/ids.ts";

import { FULL_WEIGHT_AGE_MS, NEW_WEIGHT } from "./bounds.ts";

/** How much somebody counts in what many do: who came today a tenth, growing for a week. An id tells when it was made. */
export function weightOf(person_id: PersonId, at_ms: number): number {
  const age = (at_ms - idTimeMs(person_id)) / FULL_WEIGHT_AGE_MS;
  return Math.min(1, Math.max(NEW_WEIGHT, NEW_WEIGHT + (1 - NEW_WEIGHT) * age));
}
