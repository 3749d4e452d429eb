import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zText, zTime } from "#kernel/wire.ts";

import { DEVICE_CHARS_MAX, READ_AGO_MS_MAX } from "./bounds.ts";

export * from "./bounds.ts";

export const zReadingPosition = z
  .object({
    /** The newest entry that was read. It may have gone since: it is a place in the order, and `from` takes it still. */
    entry_id: zIdOut<"entry" | "post">(),
    at: zTime,
    /** What the device calls itself; may be empty. */
    device: z.string(),
  })
  .meta({ id: "ReadingPosition" });
export type ReadingPosition = z.output<typeof zReadingPosition>;

const own = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const tag = "feed";
/** `home`, or the id of a list. */
const zTimeline = z.union([z.literal("home"), zId<"list">()]);
const params = z.strictObject({ timeline: zTimeline });

export const getPosition = defineRoute({
  method: "GET",
  path: "/v1/feeds/{timeline}/position",
  summary: "Where you stopped reading home or a list, on whatever device",
  tag,
  access: own,
  params,
  answers: {
    200: z.object({
      position: zReadingPosition.nullable(),
      /** Whether you want to begin there or with the newest; see the reading preferences. */
      opens: z.enum(["position", "top"]),
    }),
  },
  problems: ["list.not_found"],
});

export const putPosition = defineRoute({
  method: "PUT",
  path: "/v1/feeds/{timeline}/position",
  summary: "Say where you stopped reading; what was read last wins. Answers with what stands",
  tag,
  access: write,
  params,
  body: z.strictObject({
    entry_id: zId<"entry">(),
    device: zText(DEVICE_CHARS_MAX).default(""),
    /** How long ago it was read, for devices that were away; no clock but the house's counts. */
    ago_ms: z.int().min(0).max(READ_AGO_MS_MAX).default(0),
  }),
  answers: { 200: z.object({ position: zReadingPosition }) },
  problems: ["list.not_found"],
});

export const feedNews = defineRoute({
  method: "GET",
  path: "/v1/feeds/{timeline}/news",
  summary: "How many posts of others are newer than an entry, and whose the newest are",
  tag,
  access: own,
  params,
  query: z.strictObject({ since: zId<"entry">() }),
  answers: {
    200: z.object({
      /** At most 100, which means: more than 99. */
      count: z.number(),
      /** Of the newest, at most three. */
      people: z.array(zPersonCard),
      newest_entry_id: zIdOut<"entry" | "post">().nullable(),
    }),
  },
  problems: ["list.not_found"],
});

export const placeRoutes = { getPosition, putPosition, feedNews } as const;
