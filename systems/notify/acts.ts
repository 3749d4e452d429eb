import type { CommentId, PersonId, PostId } from "#kernel/ids.ts";
import type { StoredEvent } from "#ports/log/index.ts";
import {
  FEED_TOPIC,
  type FeedEvent,
  type FeedEventOf,
  type ScheduleFailedEvent,
  WRITING_TOPIC,
} from "#systems/feed/index.ts";
import { MODERATION_TOPIC, readModerationEvent } from "#systems/moderation/index.ts";
import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";

import type { Kind } from "./kinds-contract.ts";

/** One act that somebody is told of, or that was taken back. */
export interface Act {
  /** Whose inbox. */
  person_id: PersonId;
  kind: Kind;
  actor_id: PersonId | null;
  post_id: PostId | null;
  comment_id: CommentId | null;
  /** Of another system: its name there (`chat:184`) and its place in that, by which `Settling` tells that it was read. */
  thing?: { name: string; seq: string } | null;
  /** What makes it this act: the same one twice is told once. */
  act_key: string;
  /** What stands together while it is not read. */
  group_key: string;
  taken_back: boolean;
}

/** What was read in its own system is news no more: all of a group up to a place in there. */
export interface Settling {
  person_id: PersonId;
  group_key: string;
  /** Of `thing.seq`. */
  settled_up_to: string;
}

type Told = Omit<Act, "kind" | "act_key" | "group_key" | "taken_back">;

const act = (kind: Kind, name: string, group: string, told: Told, taken_back = false): Act => ({
  ...told,
  kind,
  act_key: `${kind}:${name}`,
  group_key: `${kind}:${group}`,
  taken_back,
});

/** Events of a topic as the acts in them, in their order. Nobody is told of what they did themselves. */
export type Reading = (event: StoredEvent) => readonly (Act | Settling)[];

function ofFeed(stored: StoredEvent): Act[] {
  if (stored.version !== 1) return [];
  const event = stored as unknown as FeedEvent;
  switch (event.type) {
    case "feed.post_created":
    case "feed.post_edited": {
      const { post_id, author_id, mention_ids } = event.data;
      return mention_ids.map((person_id) =>
        act("mention", post_id, post_id, {
          person_id: person_id as PersonId,
          actor_id: author_id,
          post_id,
          comment_id: null,
        }),
      );
    }
    case "feed.liked":
    case "feed.unliked": {
      const { post_id, author_id, person_id } = event.data;
      const told = { person_id: author_id, actor_id: person_id, post_id, comment_id: null };
      return [act("like", `${post_id}:${person_id}`, post_id, told, event.type === "feed.unliked")];
    }
    case "feed.reposted":
    case "feed.unreposted": {
      const { post_id, author_id, person_id } = event.data;
      const told = { person_id: author_id, actor_id: person_id, post_id, comment_id: null };
      return [act("repost", `${post_id}:${person_id}`, post_id, told, event.type === "feed.unreposted")];
    }
    case "feed.comment_liked":
    case "feed.comment_unliked": {
      const { post_id, comment_id, author_id, person_id } = event.data;
      const told = { person_id: author_id, actor_id: person_id, post_id, comment_id };
      const undone = event.type === "feed.comment_unliked";
      return [act("comment_like", `${comment_id}:${person_id}`, comment_id, told, undone)];
    }
    case "feed.quoted":
    case "feed.quote_detached": {
      const { post_id, author_id, quoted_author_id } = event.data;
      const told = { person_id: quoted_author_id, actor_id: author_id, post_id, comment_id: null };
      return [act("quote", post_id, post_id, told, event.type === "feed.quote_detached")];
    }
    case "feed.poll_ended": {
      const { post_id, author_id, edition, portion, voter_ids } = event.data;
      const told = (person_id: PersonId) => ({
        person_id,
        actor_id: person_id === author_id ? null : author_id,
        post_id,
        comment_id: null,
      });
      const people = portion === 0 ? new Set([author_id, ...voter_ids]) : new Set(voter_ids);
      return [...people].map((id) => act("poll_ended", `${post_id}:${edition}`, post_id, told(id)));
    }
    case "feed.commented":
    case "feed.comment_edited":
    case "feed.comment_deleted":
      return ofComment(event);
    default:
      return [];
  }
}

/** Each person is told once of a comment: as the one who is answered, else as the post's author, else as who is named. */
function ofComment(event: FeedEventOf<"feed.commented" | "feed.comment_edited" | "feed.comment_deleted">): Act[] {
  const { post_id, comment_id, author_id, person_id, parent_author_id, mention_ids } = event.data;
  const told = new Map<PersonId, Kind>();
  if (event.type !== "feed.comment_edited") {
    if (parent_author_id !== null) told.set(parent_author_id, "reply");
    if (!told.has(author_id)) told.set(author_id, "comment");
  }
  for (const id of mention_ids as PersonId[]) if (!told.has(id)) told.set(id, "comment_mention");
  const taken_back = event.type === "feed.comment_deleted";
  return [...told].map(([to, kind]) =>
    act(kind, comment_id, comment_id, { person_id: to, actor_id: person_id, post_id, comment_id }, taken_back),
  );
}

function ofPeople(stored: StoredEvent): Act[] {
  const event = stored as unknown as PeopleEvent;
  switch (event.type) {
    case "people.followed":
    case "people.unfollowed": {
      const { follower_id, followee_id } = event.data;
      const told = { person_id: followee_id, actor_id: follower_id, post_id: null, comment_id: null };
      return [act("follow", follower_id, "all", told, event.type === "people.unfollowed")];
    }
    case "people.follow_requested": {
      const { follower_id, followee_id } = event.data;
      const told = { person_id: followee_id, actor_id: follower_id, post_id: null, comment_id: null };
      return [act("follow_request", follower_id, follower_id, told)];
    }
    case "people.follow_request_ended": {
      const { follower_id, followee_id, how } = event.data;
      const asked = { person_id: followee_id, actor_id: follower_id, post_id: null, comment_id: null };
      const answered = { ...asked, person_id: follower_id, actor_id: followee_id };
      const gone = act("follow_request", follower_id, follower_id, asked, true);
      return how === "accepted" ? [gone, act("follow_accepted", followee_id, "all", answered)] : [gone];
    }
    default:
      return [];
  }
}

function ofWriting(stored: StoredEvent): Act[] {
  if (stored.type !== "feed.schedule_failed" || stored.version !== 1) return [];
  const { draft_id, author_id } = (stored as unknown as ScheduleFailedEvent).data;
  const told = { person_id: author_id, actor_id: null, post_id: null, comment_id: null };
  return [act("schedule_failed", draft_id, draft_id, told)];
}

/** Told by the house: who acted is nobody's to know, and what it was about may be hidden, so the words lead to one's standing. */
function ofModeration(stored: StoredEvent): Act[] {
  const event = readModerationEvent(stored);
  const by_house = { actor_id: null, post_id: null, comment_id: null };
  switch (event?.type) {
    case "moderation.acted":
    case "moderation.undone": {
      const { act_id, person_id } = event.data;
      const name = `${act_id}:${event.type}`;
      return [act("moderated", name, name, { ...by_house, person_id })];
    }
    case "moderation.appeal_decided": {
      const { appeal_id, person_id } = event.data;
      return [act("appeal_decided", appeal_id, appeal_id, { ...by_house, person_id })];
    }
    case "moderation.closed": {
      const { case_id, reporter_ids } = event.data;
      return reporter_ids.map((person_id) => act("report_answered", case_id, case_id, { ...by_house, person_id }));
    }
    default:
      return [];
  }
}

/** Which topics of the systems below are read, and how. Those above are added by `register`. */
export const READINGS: Readonly<Record<string, Reading>> = {
  [FEED_TOPIC]: ofFeed,
  [WRITING_TOPIC]: ofWriting,
  [PEOPLE_TOPIC]: ofPeople,
  [MODERATION_TOPIC]: ofModeration,
};
