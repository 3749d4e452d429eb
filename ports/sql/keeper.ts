import type { Clock } from "#ports/clock/index.ts";

import type { EmbeddedPostgres } from "./embedded.ts";

const LOOK_MS = 500;
/** In a row; the pauses between them come to three quarters of a minute, which is less than a node may be without its lease. */
export const KEEP_TRIES_MAX = 12;
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 5_000;
/** One that has lived for so long is a new one: what it dies of next is tried for from the beginning. */
export const KEPT_MS_MIN = 60_000;

export interface Keeper extends AsyncDisposable {
  /** Fires with the reason when it is tried no more: nothing but a person, or what supervises the house, can help. */
  given_up: AbortSignal;
}

export interface KeeperNeeds {
  clock: Clock;
  onDown: (told: { attempt: number }) => void;
  onUp: (told: { attempts: number; down_ms: number }) => void;
}

/**
 * Starts the embedded database again where it died under a house that lives: killed by hand, for memory, or because the disk was
 * full. Nothing else does, for nobody but this house knows of it.
 */
export function keepRunning(
  database: Pick<EmbeddedPostgres, "isRunning" | "startAgain">,
  { clock, onDown, onUp }: KeeperNeeds,
): Keeper {
  const stopping = new AbortController();
  const given_up = new AbortController();

  async function keep(): Promise<void> {
    let tries = 0;
    let up_ms = clock.monotonic();
    let down_ms: number | null = null;
    for (;;) {
      await clock.sleep(LOOK_MS, stopping.signal);
      if (await database.isRunning()) {
        const now_ms = clock.monotonic();
        if (down_ms !== null) {
          onUp({ attempts: tries, down_ms: Math.round(now_ms - down_ms) });
          [up_ms, down_ms] = [now_ms, null];
        } else if (now_ms - up_ms >= KEPT_MS_MIN) tries = 0;
        continue;
      }
      down_ms ??= clock.monotonic();
      if (tries > 0) await clock.sleep(Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** (tries - 1)), stopping.signal);
      tries += 1;
      onDown({ attempt: tries });
      try {
        await database.startAgain();
      } catch (error) {
        if (tries < KEEP_TRIES_MAX) continue;
        given_up.abort(error);
        return;
      }
    }
  }
  const keeping = keep().catch((error: unknown) => {
    if (!stopping.signal.aborted) given_up.abort(error);
  });
  return {
    given_up: given_up.signal,
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error("stopping"));
      await keeping;
    },
  };
}
