import { createHash } from "node:crypto";

import { VIDEO_MS_CEILING } from "../bounds.ts";
import { writeWebvtt } from "../captions/write.ts";
import type { Chapter } from "./contract.ts";

/** Chapters as WebVTT: each lasts until the next, the last as long as any film, so that the file is of the list alone. */
export const writeChapters = (items: readonly Chapter[]): string =>
  writeWebvtt(
    items.map(({ at_ms, title }, i) => ({
      start_ms: at_ms,
      end_ms: Math.max(at_ms + 1, items[i + 1]?.at_ms ?? VIDEO_MS_CEILING),
      text: title.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
      settings: "",
    })),
  );

/** Below the place of its video; says what is in it. */
export const chaptersFile = (items: readonly Chapter[]): string =>
  `chapters/${createHash("sha256").update(JSON.stringify(items)).digest("hex").slice(0, 16)}.vtt`;
