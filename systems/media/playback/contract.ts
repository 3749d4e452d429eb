import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zTime } from "#kernel/wire.ts";

import { VIEW_SESSION_CHARS_MAX } from "../bounds.ts";
import { zListedVideo } from "../collections/contract.ts";
import { zVideoClass } from "../storage/contract.ts";
import {
  ANALYTICS_DAYS_MAX,
  BEACON_BYTES_MAX,
  BEACON_COUNT_MAX,
  BEACON_ERRORS_MAX,
  BEACON_PLAYED_MS_MAX,
  BEACON_RANGES_MAX,
  BEACON_RUNGS_MAX,
  BEACON_SEQ_MAX,
  BEACON_STALL_MS_MAX,
  NAME_CHARS_MAX,
  RETENTION_BUCKETS,
  STARTUP_MS_MAX,
} from "./bounds.ts";

const zVideoParams = z.strictObject({ video_id: zId<"video">() });

/** Where somebody came from, as far as the house's own pages go. */
export const REFERRERS = ["home", "profile", "space", "embed", "shorts", "direct", "other"] as const;
export type Referrer = (typeof REFERRERS)[number];

/** A measure of a player: what is too large is cut, as a laptop that slept for a night says odd things and means no harm. */
const zMeasure = (max: number) =>
  z
    .number()
    .min(0)
    .meta({ type: "number", minimum: 0 })
    .transform((value) => Math.min(max, Math.round(value)));
const zName = z
  .string()
  .max(NAME_CHARS_MAX)
  .regex(/^[a-zA-Z0-9][\w.:-]*$/);
const zBucket = z
  .int()
  .min(0)
  .max(RETENTION_BUCKETS - 1);

/** A random name that a player makes once per playing. */
export const zSession = z
  .string()
  .min(8)
  .max(VIEW_SESSION_CHARS_MAX)
  .regex(/^[\w-]+$/);

/** What happened since the beacon before it; so any order is right, and the same number twice is the same beacon. */
export const zBeacon = z.object({
  session: zSession,
  seq: z.int().min(0).max(BEACON_SEQ_MAX),
  from: z.enum(REFERRERS).default("other"),
  autoplay: z.boolean().default(false),
  /** The player's name and version: `web-2`. */
  player: zName.optional(),
  /** From the wish to see it to the first picture; once per session. */
  startup_ms: zMeasure(STARTUP_MS_MAX).optional(),
  /** Of the film, watched since the last beacon. */
  played_ms: zMeasure(BEACON_PLAYED_MS_MAX).default(0),
  rebuffers: zMeasure(BEACON_COUNT_MAX).default(0),
  rebuffer_ms: zMeasure(BEACON_STALL_MS_MAX).default(0),
  switches: zMeasure(BEACON_COUNT_MAX).default(0),
  /** Of `played_ms`, by rung. */
  rungs: z
    .record(zName, zMeasure(BEACON_PLAYED_MS_MAX))
    .refine((rungs) => Object.keys(rungs).length <= BEACON_RUNGS_MAX, "has too many rungs")
    .default({}),
  /** Hundredths of the film that were entered while it played, as ranges with both ends: each entry counts. */
  watched: z
    .array(z.tuple([zBucket, zBucket]).refine(([first, last]) => first <= last, "ends before it begins"))
    .max(BEACON_RANGES_MAX)
    .default([]),
  errors: z.array(zName).max(BEACON_ERRORS_MAX).default([]),
});
export type BeaconIn = z.input<typeof zBeacon>;
export type Beacon = z.output<typeof zBeacon>;

export const postBeacon = defineRoute({
  method: "POST",
  path: "/v1/videos/{video_id}/beacons",
  priority: "spare",
  summary: "What a player saw since it last told; as JSON, or as text/plain from navigator.sendBeacon",
  tag: "media",
  access: { who: "anyone", scope: "read" },
  params: zVideoParams,
  body: zBeacon,
  body_bytes_max: BEACON_BYTES_MAX,
  body_as_text: true,
  answers: { 204: null },
  problems: ["video.not_found", "media.busy"],
});

// ---- what becomes of them

const zShare = z.object({ name: z.string(), count: z.number(), share: z.number() });
export type Share = z.output<typeof zShare>;

const zStartup = z.object({
  /** Playings that got as far as a first picture. */
  starts: z.number(),
  /** Null where nobody has played it yet. Right to 9 %. */
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
});
const zRebuffering = z.object({
  count: z.number(),
  ms: z.number(),
  /** 0…1 of the time that people sat before it, they waited. */
  ratio: z.number(),
});

export const zQuality = z.object({
  startup: zStartup,
  rebuffering: zRebuffering,
  /** Changes of the rung while it played. */
  switches: z.number(),
  errors: z.array(z.object({ code: z.string(), count: z.number() })),
  /** By the time that was watched in them. */
  rungs: z.array(z.object({ rung: z.string(), watched_ms: z.number(), share: z.number() })),
  devices: z.array(zShare),
  browsers: z.array(zShare),
});
export type Quality = z.output<typeof zQuality>;

/** Days are those of UTC: `2026-11-21`. */
const zDay = z.string().meta({ type: "string", format: "date" });
const zDays = z.coerce.number().int().min(1).max(ANALYTICS_DAYS_MAX).default(28);

export const zVideoAnalytics = z
  .object({
    video_id: zIdOut<"video">(),
    since: zDay,
    until: zDay,
    totals: z.object({
      views: z.number(),
      /** Playings, also those too short for a view. */
      sessions: z.number(),
      watched_ms: z.number(),
      /** The sum of each day's viewers: who came on two days is in it twice, as nothing links one day to the next. */
      viewer_days: z.number(),
      average_watched_ms: z.number(),
      autoplay_share: z.number(),
    }),
    /** Each day of the time, also those on which nobody came. */
    by_day: z.array(
      z.object({
        day: zDay,
        views: z.number(),
        viewers: z.number(),
        sessions: z.number(),
        watched_ms: z.number(),
      }),
    ),
    /** Over the whole life of the video. */
    retention: z.object({
      sessions: z.number(),
      /** 0…1 of the film that a session watched, on average. */
      average_share: z.number(),
      /** For each hundredth: 0…1 of the sessions that watched it, and how often it was watched again per session. */
      watched: z.array(z.number()),
      again: z.array(z.number()),
    }),
    referrers: z.array(zShare),
    quality: zQuality,
    views_total: z.number(),
    /** Hot, warm or cold, since when and why; null until a job has decided it. */
    kept: zVideoClass.nullable(),
  })
  .meta({ id: "VideoAnalytics" });
export type VideoAnalytics = z.output<typeof zVideoAnalytics>;

export const getVideoAnalytics = defineRoute({
  method: "GET",
  path: "/v1/videos/{video_id}/analytics",
  summary: "How my video is watched; for its owner and the house's moderators",
  tag: "media",
  access: { who: "signed_in", scope: "read", suspended_too: true },
  params: zVideoParams,
  query: z.strictObject({ days: zDays }),
  answers: { 200: zVideoAnalytics },
  problems: ["video.not_found", "video.not_yours"],
});

export const zMyAnalytics = z
  .object({
    since: zDay,
    until: zDay,
    /** What went, its numbers went with. */
    totals: z.object({
      videos: z.number(),
      views: z.number(),
      sessions: z.number(),
      watched_ms: z.number(),
      /** The sum over films and days: nothing links one to the next. */
      viewer_days: z.number(),
    }),
    by_day: z.array(
      z.object({ day: zDay, views: z.number(), viewers: z.number(), sessions: z.number(), watched_ms: z.number() }),
    ),
    /** What was watched longest in this time, the most first. */
    most_watched: z.array(
      z.object({ video: zListedVideo, views: z.number(), sessions: z.number(), watched_ms: z.number() }),
    ),
    /** Over their whole lives. */
    views_total: z.number(),
  })
  .meta({ id: "MyAnalytics" });
export type MyAnalytics = z.output<typeof zMyAnalytics>;

export const getMyAnalytics = defineRoute({
  method: "GET",
  path: "/v1/media/analytics",
  summary: "How my videos are watched, all together",
  tag: "media",
  access: { who: "signed_in", scope: "read", suspended_too: true },
  cost_tokens: 5,
  query: z.strictObject({ days: zDays }),
  answers: { 200: zMyAnalytics },
});

export const zHouseQuality = z
  .object({
    since: zDay,
    until: zDay,
    totals: z.object({ sessions: z.number(), watched_ms: z.number() }),
    by_day: z.array(
      z.object({
        day: zDay,
        sessions: z.number(),
        watched_ms: z.number(),
        startup_p50_ms: z.number().nullable(),
        startup_p95_ms: z.number().nullable(),
        rebuffer_ratio: z.number(),
        errors: z.number(),
      }),
    ),
    referrers: z.array(zShare),
    quality: zQuality,
    measured_at: zTime,
  })
  .meta({ id: "HouseQuality" });
export type HouseQuality = z.output<typeof zHouseQuality>;

export const getHouseQuality = defineRoute({
  method: "GET",
  path: "/v1/media/quality",
  summary: "How well videos play in this house",
  tag: "media",
  access: { who: "admin", scope: "read" },
  query: z.strictObject({ days: zDays }),
  answers: { 200: zHouseQuality },
});

export const playbackRoutes = { postBeacon, getVideoAnalytics, getMyAnalytics, getHouseQuality };
