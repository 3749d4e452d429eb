import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import type { Id } from "#kernel/ids.ts";
import { zAudience, zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { COLLECTION_DESCRIPTION_CHARS_MAX, COLLECTION_TITLE_CHARS_MAX, COLLECTIONS_PAGE_MAX } from "./bounds.ts";

/** A list of films in an order; the page calls it a playlist. (`playlist` is what HLS calls its lists of segments.) */
export type CollectionId = Id<"collection">;

export const COLLECTION_KINDS = ["playlist", "watch_later"] as const;
export type CollectionKind = (typeof COLLECTION_KINDS)[number];

/** In the place of an id: the "Watch later" of who is asking. */
export const WATCH_LATER = "watch_later";

/** A film as lists show it: what is needed to choose it, not to play it. */
export const zListedVideo = z
  .object({
    id: zIdOut<"video">(),
    title: z.string(),
    owner: zPersonCard,
    audience: zAudience,
    status: z.enum(["processing", "ready", "failed"]),
    duration_ms: z.int().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    poster_url: z.string().nullable(),
    placeholder: z.string().nullable(),
    view_count: z.int(),
    created_at: zTime,
    /** Where this viewer stopped; null for who has not begun or is not signed in. */
    position_ms: z.int().nullable(),
  })
  .meta({ id: "ListedVideo" });
export type ListedVideo = z.output<typeof zListedVideo>;

export const zCollection = z
  .object({
    id: zIdOut<"collection">(),
    kind: z.enum(COLLECTION_KINDS),
    owner: zPersonCard,
    title: z.string(),
    description: z.string(),
    audience: zAudience,
    space_id: zIdOut<"space">().nullable(),
    /** Films that this viewer may see; the others are not there. */
    video_count: z.int(),
    /** How long they play together. */
    duration_ms: z.number(),
    /** Of the first film that this viewer may see. */
    cover: z.object({ poster_url: z.string(), placeholder: z.string().nullable() }).nullable(),
    /** Whether the film that was asked about (`video_id`) is in it; absent where none was asked about. */
    has_video: z.boolean().optional(),
    /** Its ETag; send it as `If-Match: "3"` to lose to nobody unseen. */
    version: z.int(),
    /** True for who may change it. */
    may_edit: z.boolean(),
    created_at: zTime,
    changed_at: zTime,
  })
  .meta({ id: "Collection" });
export type Collection = z.output<typeof zCollection>;

export const zCollectionItem = z.object({ video: zListedVideo, added_at: zTime }).meta({ id: "CollectionItem" });
export type CollectionItem = z.output<typeof zCollectionItem>;

const zKey = z
  .union([z.literal(WATCH_LATER), zId<"collection">()])
  .meta({ type: "string", description: "An id, or `watch_later`." });
const zParams = z.strictObject({ collection_id: zKey });
const zItemParams = z.strictObject({ collection_id: zKey, video_id: zId<"video">() });

const write = { who: "signed_in", scope: "write" } as const;
const anyone = { who: "anyone", scope: "read" } as const;
const words = {
  title: zText(COLLECTION_TITLE_CHARS_MAX, 1),
  description: zText(COLLECTION_DESCRIPTION_CHARS_MAX),
};

export const createCollection = defineRoute({
  method: "POST",
  path: "/v1/collections",
  summary: "Begin a playlist",
  tag: "media",
  access: write,
  cost_tokens: 3,
  body: z.strictObject({
    title: words.title,
    description: words.description.default(""),
    audience: zAudience.default("private"),
    /** Needed with the audience `space`. */
    space_id: zId<"space">().optional(),
    /** A film that it begins with. */
    video_id: zId<"video">().optional(),
  }),
  answers: { 201: zCollection },
  problems: ["collection.too_many", "collection.space_required", "collection.not_member", "video.not_found"],
});

export const listCollections = defineRoute({
  method: "GET",
  path: "/v1/collections",
  summary: "Playlists of a person, newest first; mine, with Watch later in front, where no owner is named",
  tag: "media",
  access: anyone,
  query: zPageQuery.extend({
    limit: z.coerce.number().int().min(1).max(COLLECTIONS_PAGE_MAX).default(20),
    owner: zId<"person">().optional(),
    /** Says of each whether this film is in it. */
    video_id: zId<"video">().optional(),
  }),
  answers: { 200: zPage(zCollection) },
  problems: ["collection.owner_required"],
});

export const getCollection = defineRoute({
  method: "GET",
  path: "/v1/collections/{collection_id}",
  summary: "A playlist. Its ETag is its version",
  tag: "media",
  access: anyone,
  params: zParams,
  answers: { 200: zCollection },
  problems: ["collection.not_found"],
});

export const patchCollection = defineRoute({
  method: "PATCH",
  path: "/v1/collections/{collection_id}",
  summary: "Change a playlist's words or who may see it. Honours If-Match",
  tag: "media",
  access: write,
  params: zParams,
  body: z
    .strictObject({
      title: words.title.optional(),
      description: words.description.optional(),
      audience: zAudience.optional(),
      space_id: zId<"space">().optional(),
    })
    .refine((change) => Object.keys(change).length > 0, "has nothing to change"),
  answers: { 200: zCollection },
  problems: [
    "collection.not_found",
    "collection.not_yours",
    "collection.built_in",
    "collection.changed",
    "collection.space_required",
    "collection.not_member",
  ],
});

export const deleteCollection = defineRoute({
  method: "DELETE",
  path: "/v1/collections/{collection_id}",
  summary: "Delete a playlist; its films stay",
  tag: "media",
  access: write,
  params: zParams,
  answers: { 204: null },
  problems: ["collection.not_found", "collection.not_yours", "collection.built_in"],
});

export const listCollectionItems = defineRoute({
  method: "GET",
  path: "/v1/collections/{collection_id}/items",
  summary: "The films of a playlist in its order: those that the viewer may see",
  tag: "media",
  access: anyone,
  params: zParams,
  query: zPageQuery,
  answers: { 200: zPage(zCollectionItem) },
  problems: ["collection.not_found"],
});

export const getCollectionOrder = defineRoute({
  method: "GET",
  path: "/v1/collections/{collection_id}/order",
  summary: "The ids of all its films in order, for playing on, back and shuffled",
  tag: "media",
  access: anyone,
  params: zParams,
  answers: { 200: z.object({ version: z.int(), video_ids: z.array(zIdOut<"video">()) }) },
  problems: ["collection.not_found"],
});

/** Behind which film; null is the very front. */
const zAfter = zId<"video">()
  .nullable()
  .meta({ type: ["string", "null"], description: "A film's id; null is the very front." });

export const addToCollection = defineRoute({
  method: "PUT",
  path: "/v1/collections/{collection_id}/items/{video_id}",
  summary:
    "Put a film into a playlist: at its end (in Watch later at its front), or behind `after`. One that is in it stays where it is",
  tag: "media",
  access: write,
  params: zItemParams,
  body: z.strictObject({ after: zAfter.optional() }).default({}),
  answers: { 204: null },
  problems: ["collection.not_found", "collection.not_yours", "collection.full", "video.not_found"],
});

export const moveInCollection = defineRoute({
  method: "POST",
  path: "/v1/collections/{collection_id}/items/{video_id}/move",
  summary: "Move a film behind another, or with null to the front. Honours If-Match",
  tag: "media",
  access: write,
  params: zItemParams,
  body: z.strictObject({ after: zAfter }),
  answers: { 200: z.object({ version: z.int() }) },
  problems: [
    "collection.not_found",
    "collection.not_yours",
    "collection.changed",
    "collection.not_in_it",
    "collection.after_not_in_it",
  ],
});

export const removeFromCollection = defineRoute({
  method: "DELETE",
  path: "/v1/collections/{collection_id}/items/{video_id}",
  summary: "Take a film out of a playlist",
  tag: "media",
  access: write,
  params: zItemParams,
  answers: { 204: null },
  problems: ["collection.not_found", "collection.not_yours"],
});

export const collectionRoutes = {
  createCollection,
  listCollections,
  getCollection,
  patchCollection,
  deleteCollection,
  listCollectionItems,
  getCollectionOrder,
  addToCollection,
  moveInCollection,
  removeFromCollection,
};
