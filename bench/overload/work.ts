/** The work of one request, the same for all: some of the thread, a call that leaves the house, some of the thread again. */
import { createHash } from "node:crypto";

/** Hashes of 16 KiB; some milliseconds of a core. */
const HASHES = Number(process.env.BENCH_HASHES ?? 150);
const BLOCK = Buffer.alloc(16_384, 7);
const UPSTREAM = process.env.BENCH_UPSTREAM ?? "";

export function burn(part: number): string {
  let last = "";
  for (let i = 0; i < HASHES * part; i++) last = createHash("sha256").update(BLOCK).update(last).digest("hex");
  return last;
}

/** @throws where the upstream says 5xx, as it does to 30 % */
export async function upstream(is_first: boolean): Promise<void> {
  const answer = await fetch(is_first ? `${UPSTREAM}?first` : UPSTREAM);
  await answer.arrayBuffer();
  if (answer.status >= 500) throw new Error("the upstream failed");
}

export const PATHS = { critical: "/v1/critical", act: "/v1/act", read: "/v1/read", spare: "/v1/spare" } as const;

/** What is tried thrice as most do it: with exponential waits and jitter, and without a budget. */
export async function thrice(): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    try {
      await upstream(attempt === 0);
      return true;
    } catch {
      if (attempt === 2) return false;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * 2 ** attempt));
    }
  }
}

/** Without the upstream the answer is a part, and says so; it counts as served for everybody. */
export async function work(call: () => Promise<boolean>): Promise<{ status: "complete" | "partial"; sum: string }> {
  burn(0.5);
  const is_whole = await call();
  return { status: is_whole ? "complete" : "partial", sum: burn(0.5) };
}
