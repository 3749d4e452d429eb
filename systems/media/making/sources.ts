import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { SOURCE_KEPT_MS, SOURCES_KEPT_MAX } from "../bounds.ts";

/**
 * Sources as local files. Where the store is elsewhere, a film is fetched once for all who make something of it and kept
 * for a while, because the next segment is asked for soon.
 */
export interface Sources {
  borrow(name: string): Promise<AsyncDisposable & { path: string }>;
  /** Lets go of what nobody has used for a while. */
  tidy(): void;
}

interface Kept {
  file: Promise<AsyncDisposable & { path: string }>;
  users: number;
  used_at_ms: number;
}

export function createSources({ blobs, clock }: { blobs: Pick<Blobs, "localFile">; clock: Clock }): Sources {
  const kept = new Map<string, Kept>();

  async function drop(name: string, one: Kept): Promise<void> {
    if (kept.get(name) === one) kept.delete(name);
    await (await one.file)[Symbol.asyncDispose]();
  }

  async function prune(idle_ms: number, idle_max: number): Promise<void> {
    const idle = [...kept].filter(([, one]) => one.users === 0).sort(([, a], [, b]) => b.used_at_ms - a.used_at_ms);
    const now_ms = clock.monotonic();
    const old = idle.filter(([, one], i) => i >= idle_max || now_ms - one.used_at_ms >= idle_ms);
    await Promise.all(old.map(([name, one]) => drop(name, one)));
  }

  return {
    async borrow(name) {
      const one: Kept = kept.get(name) ?? { file: blobs.localFile(name), users: 0, used_at_ms: 0 };
      kept.set(name, one);
      one.users += 1;
      try {
        const { path } = await one.file;
        return {
          path,
          async [Symbol.asyncDispose]() {
            one.users -= 1;
            one.used_at_ms = clock.monotonic();
            await prune(SOURCE_KEPT_MS, SOURCES_KEPT_MAX);
          },
        };
      } catch (error) {
        one.users -= 1;
        if (kept.get(name) === one) kept.delete(name);
        throw error;
      }
    },
    // A copy that cannot be removed lies in the store's own folder for such, which its owner clears.
    tidy: () => void prune(SOURCE_KEPT_MS, SOURCES_KEPT_MAX).catch(() => {}),
  };
}
