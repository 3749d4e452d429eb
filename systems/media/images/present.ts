import { rfc3339 } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { Image, ImageCard, Variant } from "../contract.ts";
import { addressesOf } from "../places.ts";
import type { ImageRow } from "./store.ts";

interface Needs {
  blobs: Blobs;
  clock: Clock;
}

export interface Shown {
  variants: Variant[];
  until_ms: number;
}

export function variantsOf(row: Pick<ImageRow, "place" | "variants">, needs: Needs): Shown {
  const { url, until_ms } = addressesOf(row.place, 0, needs);
  return { variants: row.variants.map(({ file, width, height }) => ({ url: url(file), width, height })), until_ms };
}

export function presentImage(row: ImageRow, own: boolean, needs: Needs): Image {
  const { variants, until_ms } = variantsOf(row, needs);
  return {
    id: row.id,
    owner_id: row.owner_id,
    status: row.status,
    ...(own && row.failure_code !== null
      ? { failure: { code: row.failure_code, detail: row.failure_detail ?? "", can_retry: false } }
      : {}),
    alt: row.alt,
    width: row.width,
    height: row.height,
    placeholder: row.placeholder,
    variants,
    urls_until: rfc3339(until_ms),
    created_at: rfc3339(row.created_at),
  };
}

export function imageCard(row: ImageRow, needs: Needs): ImageCard & { until_ms: number } {
  const { variants, until_ms } = variantsOf(row, needs);
  const { id, status, alt, width, height, placeholder } = row;
  return { id, status, alt, width, height, placeholder, variants, until_ms };
}
