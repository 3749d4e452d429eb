import { Transient } from "#kernel/errors.ts";
import { deadlineHere } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

/** A body from which nothing comes for so long is given up. */
export const STALL_MS_MAX = 30_000;

/**
 * The same answer, whose body breaks where it stalls, ends early or goes on beyond what was promised: half a film must never
 * be taken for the whole.
 */
export function wholeBody(answer: Response, clock: Clock, about: string): Response {
  const { status, headers } = answer;
  const told = headers.get("content-length");
  const promised_bytes = told !== null && /^\d{1,15}$/.test(told) ? Number(told) : null;
  const reader = answer.body?.getReader();
  if (!reader) {
    if (promised_bytes) throw new Transient(`S3 promised ${promised_bytes} bytes for ${about} and sent none`);
    return answer;
  }
  let bytes = 0;
  // Handed on as an answer it goes on after its asker; read by who asked it ends with them.
  const asker = deadlineHere().signal;
  const next = async () => {
    asker?.throwIfAborted();
    const over = new AbortController();
    const gone = Promise.withResolvers<never>();
    asker?.addEventListener("abort", () => gone.reject(asker.reason as Error), { once: true, signal: over.signal });
    const stalled = clock.sleep(STALL_MS_MAX, over.signal).then(
      () => Promise.reject(new Transient(`S3 stalled in the middle of ${about}`)),
      () => new Promise<never>(() => {}),
    );
    try {
      return await Promise.race([reader.read(), stalled, gone.promise]);
    } catch (error) {
      if (error instanceof Transient || asker?.aborted) throw error;
      throw new Transient(`S3 broke off in the middle of ${about}: ${(error as Error).message}`);
    } finally {
      over.abort();
    }
  };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await next();
          bytes += value?.byteLength ?? 0;
          if (promised_bytes !== null && (done ? bytes < promised_bytes : bytes > promised_bytes))
            throw new Transient(`S3 promised ${promised_bytes} bytes for ${about} and sent ${done ? bytes : "more"}`);
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(error);
          await reader.cancel(error).catch(() => {});
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status, headers });
}
