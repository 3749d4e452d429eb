import { createHash } from "node:crypto";

import { Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { MessageId } from "#systems/chat/index.ts";

import {
  IDEMPOTENCY_KEY_CHARS_MAX,
  INCOMING_BODY_BYTES_MAX,
  INCOMING_BODY_MS_MAX,
  INCOMING_RULE,
  USED_TOUCH_MS,
} from "../bounds.ts";
import { type Ground, nowOf } from "../needs.ts";
import { addressHash, isAddressSecret } from "../secrets.ts";
import { checkedWords, wordsAsked } from "../words.ts";
import { readSaid } from "./body.ts";
import * as store from "./store.ts";

/** Writes what was posted to a secret address. @throws Problem 400, 403, 404, 408, 410, 413, 422, 429 */
export async function receive(ground: Ground, secret: string, request: Request): Promise<MessageId> {
  const { sql, clock, limiter, people, spaces, chat } = ground;
  const hook = isAddressSecret(secret, "incoming") ? await store.byAddress(sql.pool, addressHash(secret)) : null;
  if (!hook) throw new Problem(404, "hook.not_found", "Nobody writes from this address. Perhaps it was changed.");
  const decision = await limiter.take([{ key: `hook:${hook.id}`, rule: INCOMING_RULE, cost_tokens: 1 }]);
  if (!decision.allowed)
    throw new Problem(429, "hook.too_fast", "This webhook writes too often. Wait a little.", {
      retry_after_s: Math.ceil(decision.retry_after_ms / 1_000),
    });
  try {
    if (hook.disabled_at !== null) throw new Problem(410, "hook.disabled", "This webhook was switched off.");
    const cid = cidOf(hook.id, request.headers.get("idempotency-key") ?? request.headers.get("webhook-id"));
    const body = await readBounded(request, clock);
    const { text, name, emoji } = readSaid(body, request.headers.get("content-type") ?? "");
    const words = checkedWords(text, "hook.bad_text");
    // What somebody made goes no further than they do: neither out of the space, nor past a suspension.
    const [bot, owner] = [
      await people.bots.viewer(hook.bot_id),
      (await people.cards([hook.owner_id])).get(hook.owner_id),
    ];
    const stands = owner && !owner.suspended && (await spaces.membershipsOf(owner.id)).has(hook.space_id);
    if (!bot || !stands)
      throw new Problem(403, "hook.owner_away", "Who made this webhook is gone from here. Somebody must make it anew.");
    const sent = await chat.send(bot, hook.channel_id, cid, wordsAsked(words), { name, emoji });
    if (hook.used_at === null || clock.now() - hook.used_at.getTime() > USED_TOUCH_MS)
      await store.noteUsed(sql.pool, hook.id, nowOf(ground));
    return sent.id;
  } catch (error) {
    if (error instanceof Problem)
      await store.noteError(sql.pool, hook.id, `${error.code}: ${error.detail}`, nowOf(ground));
    throw error;
  }
}

/** The same key by the same webhook is one message. */
function cidOf(hook_id: string, key: string | null): string {
  if (key === null) return `hk${crypto.randomUUID()}`;
  if (key.length > IDEMPOTENCY_KEY_CHARS_MAX)
    throw new Problem(
      400,
      "idempotency.bad_key",
      `Idempotency-Key has ${IDEMPOTENCY_KEY_CHARS_MAX} characters at most.`,
    );
  return `hk${createHash("sha256").update(`${hook_id} ${key}`).digest("base64url").slice(0, 40)}`;
}

/** Up to its bound and its time, and not a byte further. */
export async function readBounded(request: Request, clock: Clock): Promise<string> {
  const tooLarge = new Problem(413, "hook.too_large", `The body may have ${INCOMING_BODY_BYTES_MAX} bytes at most.`);
  if (Number(request.headers.get("content-length") ?? 0) > INCOMING_BODY_BYTES_MAX) throw tooLarge;
  const reader = request.body?.getReader();
  if (!reader) return "";
  const enough = new AbortController();
  const late = clock.sleep(INCOMING_BODY_MS_MAX, enough.signal).then(
    () => "late" as const,
    () => "late" as const,
  );
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const next = await Promise.race([reader.read(), late]);
      if (next === "late") throw new Problem(408, "hook.too_slow", "The body did not come to its end in time.");
      if (next.done) break;
      bytes += next.value.byteLength;
      if (bytes > INCOMING_BODY_BYTES_MAX) throw tooLarge;
      chunks.push(next.value);
    }
  } finally {
    enough.abort();
    await reader.cancel().catch(() => {});
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new Problem(400, "hook.broken_body", "The body is not UTF-8.");
  }
}
