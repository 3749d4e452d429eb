import { Problem } from "#kernel/errors.ts";
import { isFull, isPassing } from "#ports/sql/index.ts";

/**
 * What is answered where something else than a refusal was thrown. The pool's own errors come as the driver threw them; a
 * transaction's are Transient already.
 */
export function problemOf(error: unknown): Problem {
  if (isFull(error))
    return new Problem(
      507,
      "house.no_room",
      "The house has no room on its disk, so nothing new can be kept. Reading goes on. Tell whoever runs it.",
      { retry_after_s: 30 },
    );
  if (isPassing(error))
    return new Problem(503, "house.unavailable", "A part of the house is away for a moment. Try again.", {
      retry_after_s: 2,
    });
  return new Problem(500, "internal", "Something broke on our side. The log has it under this request id.");
}
