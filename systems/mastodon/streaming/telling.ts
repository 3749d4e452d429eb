import { idTimeMs, type PersonId, type PostId, type SpaceId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Audience } from "#kernel/wire.ts";
import type { StoredEvent } from "#ports/log/index.ts";
import { type Post, readFeedEvent, type WindowOf } from "#systems/feed/index.ts";
import { readNotifyEvent } from "#systems/notify/index.ts";

import type { Desk } from "../api/endpoint.ts";
import type { Notifications } from "../api/notifications.ts";
import { bound } from "../ground.ts";
import type { Listener } from "./hub.ts";
import type { Subscription, Topic } from "./streams.ts";

/** What may have to be told, as it comes from the log: names alone. What it is, is asked for each who listens. */
export type Happening =
  | {
      kind: "update" | "edit";
      key: string;
      post_id: PostId;
      actor_id: PersonId;
      is_repost: boolean;
      is_public: boolean;
      version: number;
    }
  | {
      kind: "delete";
      key: string;
      actor_id: PersonId;
      is_public: boolean;
      audience: Audience;
      space_id: SpaceId | null;
    }
  | { kind: "notification"; person_id: PersonId; seq: string };

export interface Message {
  event: "update" | "status.update" | "delete" | "notification";
  payload: string;
  /** Once for each stream that has it. */
  streams: string[][];
}

export interface Telling {
  /** What this listener is told of it, by the rules of this moment; null where it is nothing for them. */
  messageFor(listener: Listener, happening: Happening): Promise<Message | null>;
}

/** What is in an event for streams. */
export function happeningsOf(stored: StoredEvent): Happening[] {
  const told = readNotifyEvent(stored);
  if (told?.type === "notify.arrived")
    return told.data.items.map(([person_id, seq]) => ({ kind: "notification", person_id, seq }));
  const event = readFeedEvent(stored);
  switch (event?.type) {
    case "feed.post_created":
    case "feed.post_restored":
    case "feed.post_edited": {
      const { post_id, author_id, audience } = event.data;
      // What was brought along from elsewhere under its old date is no news; what its author took back and gave again is.
      if (event.type === "feed.post_restored" && stored.at.getTime() - idTimeMs(post_id) > RESTORED_NEWS_MS) return [];
      const edited = event.type === "feed.post_edited";
      return [
        {
          kind: edited ? "edit" : "update",
          key: post_id,
          post_id,
          actor_id: author_id,
          is_repost: false,
          is_public: audience === "public",
          version: event.type === "feed.post_edited" ? event.data.post_version : 1,
        },
      ];
    }
    case "feed.reposted": {
      const { entry_id, post_id, person_id } = event.data;
      return [
        { kind: "update", key: entry_id, post_id, actor_id: person_id, is_repost: true, is_public: false, version: 1 },
      ];
    }
    case "feed.post_deleted":
      return [
        {
          kind: "delete",
          key: event.data.post_id,
          actor_id: event.data.author_id,
          is_public: event.data.audience === "public",
          audience: event.data.audience as Audience,
          space_id: event.data.space_id,
        },
      ];
    case "feed.unreposted": {
      const { entry_id, person_id } = event.data;
      return [
        { kind: "delete", key: entry_id, actor_id: person_id, is_public: false, audience: "public", space_id: null },
      ];
    }
    default:
      return [];
  }
}

/** A post that comes back later than this after it was written is told to nobody as new. */
const RESTORED_NEWS_MS = 10 * MINUTE_MS;
/** How long an edit waits for this node's own memory to have heard of it too. */
const EDIT_WAIT_MS = 25;
const EDIT_TRIES_MAX = 8;

export function createTelling(desk: Desk, notifications: Notifications): Telling {
  const { ground, statuses, inbox } = desk;
  const { windows } = ground.feed;

  const followed = async (person_id: PersonId) => (await ground.people.relations(person_id)).follows;

  /** The list that a stream is the news of; null for what has no statuses. */
  function listOf({ topic }: Subscription): WindowOf | null {
    if (topic.stream === "user") return { list: "home" };
    if ("tag" in topic) return { list: "hashtag", tag: topic.tag };
    if ("list" in topic) return { list: "list", id: topic.list };
    return topic.stream.startsWith("public") ? { list: "public" } : null;
  }

  const concerns = (topic: Topic, h: Exclude<Happening, { kind: "notification" }>): boolean =>
    topic.stream === "user" ||
    topic.stream === "list" ||
    (h.is_public && (topic.stream.startsWith("public") || "tag" in topic));

  /** Whether a post is of the kind that a stream has, beside what the list's own rules say. */
  function fits(topic: Topic, post: Post): boolean {
    if ("tag" in topic) return post.hashtags.includes(topic.tag);
    if (topic.stream === "public:media" || topic.stream === "public:local:media")
      return post.video !== null || post.images.length > 0;
    return true;
  }

  async function read(listener: Listener, of: WindowOf, h: Exclude<Happening, { kind: "notification" | "delete" }>) {
    const place = { key: h.key, post_id: h.post_id, reposter_id: h.is_repost ? h.actor_id : null };
    for (let tries = 1; ; tries++) {
      const found = await windows.arrived(listener.viewer, of, place).catch(missing);
      if (!found || found.version >= h.version || tries === EDIT_TRIES_MAX) return found;
      await ground.clock.sleep(EDIT_WAIT_MS);
    }
  }

  async function statusMessage(
    listener: Listener,
    h: Exclude<Happening, { kind: "notification" | "delete" }>,
  ): Promise<Message | null> {
    const streams: string[][] = [];
    let shown: Post | null = null;
    const { viewer } = listener;
    const isNear = h.actor_id === viewer.person_id || (await followed(viewer.person_id)).has(h.actor_id);
    const seen = new Map<string, Post | null>();
    for (const subscription of listener.subscriptions) {
      const of = listOf(subscription);
      if (!of || !concerns(subscription.topic, h)) continue;
      // Most of what happens is by people whom most do not follow: that is known without a look at what it is.
      if (subscription.topic.stream === "user" && !isNear) continue;
      // Who may be shown a post in one hashtag's list may in another's; which of them it has, its own words say.
      const name = of.list === "hashtag" ? "hashtag" : JSON.stringify(of);
      if (!seen.has(name)) seen.set(name, await read(listener, of, h));
      const post = seen.get(name)!;
      if (!post || !fits(subscription.topic, post)) continue;
      shown ??= post;
      streams.push(subscription.named);
    }
    if (!shown) return null;
    const placed = h.is_repost ? { post: shown, key: h.key } : { post: shown };
    const [status] = await statuses.of({ viewer: listener.viewer, origin: listener.origin }, [placed]);
    return {
      event: h.kind === "edit" ? "status.update" : "update",
      payload: bound(ground, listener.viewer, JSON.stringify(status)),
      streams,
    };
  }

  return {
    async messageFor(listener, happening) {
      switch (happening.kind) {
        case "notification": {
          if (happening.person_id !== listener.viewer.person_id) return null;
          const named = listener.subscriptions.filter(({ notifies }) => notifies);
          if (named.length === 0) return null;
          const { viewer, origin } = listener;
          const item = await inbox.item(viewer, happening.seq).catch(missing);
          if (!item) return null;
          const [one] = await notifications.present({ viewer, origin, shown: { viewer, origin } }, [item]);
          return one
            ? {
                event: "notification",
                payload: bound(ground, viewer, JSON.stringify(one)),
                streams: named.map((s) => s.named),
              }
            : null;
        }
        case "delete": {
          // A number alone, to those who may have been shown it.
          const { person_id } = listener.viewer;
          const isOwn = happening.actor_id === person_id;
          if (!isOwn && happening.audience === "private") return null;
          const { space_id } = happening;
          if (!isOwn && space_id !== null && !(await windows.seesSpace(listener.viewer, space_id))) return null;
          const near = isOwn || (await followed(person_id)).has(happening.actor_id);
          const streams = listener.subscriptions
            .filter(
              ({ topic }) =>
                concerns(topic, happening) && ((topic.stream !== "user" && topic.stream !== "list") || near),
            )
            .map(({ named }) => named);
          return streams.length === 0 ? null : { event: "delete", payload: happening.key, streams };
        }
        default:
          return statusMessage(listener, happening);
      }
    },
  };
}

/** Dismissed or hidden meanwhile; or a list that is there no more or never was theirs, to which nothing comes. */
const missing = (error: unknown) => {
  if ((error as { status?: number }).status === 404) return null;
  throw error;
};
