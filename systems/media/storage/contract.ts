import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zTime } from "#kernel/wire.ts";

/** What bytes are. Rows know the first eight; a walk through the store also finds the others. */
export const STORED_KINDS = [
  "source",
  "upload",
  "rung",
  "sound",
  "poster",
  "storyboard",
  "captions",
  "picture",
  /** Lists and the beginnings of tracks: small, and made from the rest. */
  "index",
  /** In a place that the thing has left; addresses of it may still be good. */
  "moved",
  /** Nothing names it. */
  "orphan",
  "other",
] as const;
export type StoredKind = (typeof STORED_KINDS)[number];

export const STORAGE_CLASSES = ["hot", "warm", "cold"] as const;
export type StorageClass = (typeof STORAGE_CLASSES)[number];

const zHeld = z.object({
  kind: z.enum(STORED_KINDS),
  /** Of a rung: `1080p`. */
  name: z.string(),
  bytes: z.number(),
});
export type Held = z.output<typeof zHeld>;

export const zVideoClass = z.object({
  class: z.enum(STORAGE_CLASSES),
  since: zTime,
  /** For people. */
  because: z.string(),
  /** The job that decided it. */
  decided_by: z.string(),
  views_recent: z.number(),
  last_watched_at: zTime.nullable(),
  /** Rungs that were let go since it was watched a lot; they are made again when somebody asks for them. */
  evicted: z.object({ at: zTime, rungs: z.array(z.string()), bytes: z.number() }).nullable(),
});
export type VideoClass = z.output<typeof zVideoClass>;

const zLarge = z.object({
  id: zIdOut<"video">(),
  title: z.string(),
  bytes: z.number(),
  held: z.array(zHeld),
  class: zVideoClass.nullable(),
});

export const zHouseStorage = z
  .object({
    bytes: z.number(),
    held: z.array(zHeld),
    /** Left in the store; null where it does not tell. */
    free_bytes: z.number().nullable(),
    classes: z.array(z.object({ class: z.enum(STORAGE_CLASSES), videos: z.number(), bytes: z.number() })),
    /** What the store really had when it was last walked through; null before the first walk. */
    store: z
      .object({
        walked_at: zTime,
        blobs: z.number(),
        bytes: z.number(),
        held: z.array(zHeld.extend({ blobs: z.number(), rows_bytes: z.number().nullable() })),
        /** What the store has of the kinds that rows know, less what the rows said then. */
        drift_bytes: z.number(),
        orphan_bytes: z.number(),
      })
      .nullable(),
  })
  .meta({ id: "HouseStorage" });
export type HouseStorage = z.output<typeof zHouseStorage>;

const admin = { who: "admin", scope: "read" } as const;

export const getStorage = defineRoute({
  method: "GET",
  path: "/v1/media/storage",
  summary: "What media takes in this house, by kind, and what its store really has",
  tag: "media",
  access: admin,
  answers: { 200: zHouseStorage },
});

export const listStorageOwners = defineRoute({
  method: "GET",
  path: "/v1/media/storage/owners",
  summary: "Who takes how much, the most first: people, or spaces",
  tag: "media",
  access: admin,
  query: zPageQuery.extend({ by: z.enum(["person", "space"]).default("person") }),
  answers: {
    200: zPage(
      z.object({
        /** Null where they have gone. */
        person: zPersonCard.nullable(),
        space: zSpaceCard.nullable(),
        bytes: z.number(),
        held: z.array(zHeld),
      }),
    ),
  },
});

const zStorage = z.object({
  bytes: z.number(),
  /** What there may be at most. */
  quota_bytes: z.number(),
  held: z.array(zHeld),
  largest: z.array(zLarge),
});

export const getMyStorage = defineRoute({
  method: "GET",
  path: "/v1/media/storage/mine",
  summary: "What my films and pictures take, and the largest of my films",
  tag: "media",
  access: { who: "signed_in", scope: "read", suspended_too: true },
  answers: { 200: zStorage.meta({ id: "Storage" }) },
});

export const getSpaceStorage = defineRoute({
  method: "GET",
  path: "/v1/media/storage/spaces/{space_id}",
  summary: "What stands in a space takes; for those who run it",
  tag: "media",
  access: { who: "signed_in", scope: "read" },
  params: z.strictObject({ space_id: zId<"space">() }),
  answers: { 200: zStorage },
  problems: ["space.not_found"],
});

export const storageRoutes = { getStorage, listStorageOwners, getMyStorage, getSpaceStorage };
