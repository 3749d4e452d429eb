import { rfc3339 } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { addressesOf } from "../places.ts";
import type { Sound, SoundCard } from "./contract.ts";
import type { SoundRow } from "./store.ts";

/** Name below the place. */
export const SOUND_FILE = "sound.mp4";

interface Needs {
  blobs: Blobs;
  clock: Clock;
}

export function soundCard(row: SoundRow, needs: Needs): SoundCard {
  const { until_ms: _, ...card } = shown(row, needs);
  return card;
}

/** For its owner. */
export function presentSound(row: SoundRow, needs: Needs): Sound {
  const { until_ms, ...card } = shown(row, needs);
  return {
    ...card,
    owner_id: row.owner_id,
    ...(row.failure_code === null
      ? {}
      : { failure: { code: row.failure_code, detail: row.failure_detail ?? "", can_retry: false } }),
    url_until: rfc3339(until_ms),
    created_at: rfc3339(row.created_at),
  };
}

function shown({ id, status, duration_ms, waveform, place }: SoundRow, needs: Needs): SoundCard & { until_ms: number } {
  const { url, until_ms } = addressesOf(place, duration_ms ?? 0, needs);
  return { id, status, duration_ms, waveform, url: status === "ready" ? url(SOUND_FILE) : null, until_ms };
}
