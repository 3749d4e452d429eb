import type { Route } from "#kernel/contract.ts";
import { Problem } from "#kernel/errors.ts";

import { type Idempotency, KEY_CHARS_MAX } from "./idempotency.ts";
import type { Answer } from "./index.ts";

/** A run with an Idempotency-Key that is silent for its deadline and so long again died with its process. */
export const LEASE_SLACK_MS = 5_000;

/** Of an answer's headers, those without which a repeat would know less than the first. */
const KEPT_HEADERS = ["location", "etag"];

/**
 * Runs work once for a key. It is settled when the work itself ends, also where the caller was given up meanwhile: who comes again
 * with the key is told that it still runs, and then has its answer. Only a process that died leaves the end to the lease.
 */
export async function once(
  idempotency: Idempotency,
  asked: { owner: string; key: string; request: unknown; lease_ms: number; work: () => Promise<Answer<Route>> },
): Promise<Answer<Route>> {
  const { owner, key } = asked;
  const begun = await idempotency.begin(owner, key, idempotency.fingerprint(asked.request), asked.lease_ms);
  if ("replay" in begun) {
    const { status, body } = begun.replay;
    const headers = { ...begun.replay.headers, "idempotency-replayed": "true" };
    return body === "" ? { status, headers } : { status, json: body, headers };
  }
  let answer: Answer<Route>;
  try {
    answer = await asked.work();
  } catch (error) {
    // A refusal by rule is an answer too, but it may be lifted (a limit, a missing part), so the key stays usable.
    // Where this cannot be written down either, the lease ends, and the first failure is the one to tell.
    await idempotency.failed(owner, key, begun.run).catch(() => {});
    throw error;
  }
  if ("response" in answer)
    await idempotency.done(owner, key, begun.run, { status: answer.response.status, body: null });
  else {
    const headers = Object.fromEntries(
      Object.entries(answer.headers ?? {}).filter(([name]) => KEPT_HEADERS.includes(name.toLowerCase())),
    );
    await idempotency.done(owner, key, begun.run, { status: answer.status, body: textOf(answer) ?? "", headers });
  }
  return answer;
}

export const textOf = (answer: Answer<Route>): string | null =>
  "json" in answer
    ? answer.json
    : "body" in answer && answer.body !== null && answer.body !== undefined
      ? JSON.stringify(answer.body)
      : null;

export function idempotencyKeyOf(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (key === null) return null;
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > KEY_CHARS_MAX) {
    throw new Problem(
      400,
      "idempotency.bad_key",
      `Idempotency-Key has 1 to ${KEY_CHARS_MAX} visible ASCII characters.`,
    );
  }
  return key;
}
