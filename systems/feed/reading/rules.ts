import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import {
  type Action,
  type Decision,
  may,
  NO_RELATIONS,
  NO_SPACES,
  type Resource,
  type ViewerFacts,
} from "#systems/people/index.ts";

import type { FeedPeople, FeedSpaces, FoundSpace } from "../needs.ts";
import { NO_WISHES, type WishBook, type Wishes } from "../wishes/wishes.ts";
import type { HydratedPost } from "./hydrate.ts";

/**
 * `feed`: chosen by the house, so what comes from muted people stays out, and what is muted everywhere. `timeline`: the same
 * for what comes to somebody by itself (home, lists, For you), where all muted words count. `page`: the viewer went there (a
 * profile, their bookmarks), so only what they may not read stays out; what is muted is folded. `shorts`: as `feed`, and it
 * must play.
 */
export type ListKind = "feed" | "timeline" | "page" | "shorts";

/**
 * What one viewer may see and do, with the facts as they are now: asked for at each request, kept by nobody here. So a
 * block, a mute, an unfollow, a lost membership and a suspension hold on the very next read.
 */
export interface Rules {
  facts: ViewerFacts;
  /** What they asked not to meet; of nobody's concern where only what they may is asked. */
  wishes: Wishes;
  post(action: Action, post: HydratedPost): Decision;
  /** A comment under a post that may be read: what stands between the viewer and its author. */
  comment(action: Action, author: PersonCard): Decision;
  person(action: Action, person: PersonCard): Decision;
  /** What somebody passes on is shown as a public post of theirs would be: of who is private, to their followers. */
  repost(action: Action, by: PersonCard): Decision;
  /** The viewer moderates the house, or the space in which this stands. */
  moderates(post: HydratedPost): boolean;
  /** May they see that there is such a space? */
  space(space: FoundSpace): boolean;
  /** Muted people stay out of lists; their own page still shows them to who goes there. */
  isMuted(person_id: PersonId): boolean;
}

/** A post as `may` wants it. */
export function resourceOf(
  post: { author_id: PersonId; audience: Audience; space_id: SpaceId | null; is_hidden?: boolean },
  author: PersonCard,
  space: SpaceCard | null,
): Resource {
  return {
    kind: "post",
    owner_id: post.author_id,
    audience: post.audience,
    space_id: post.space_id,
    ...(space ? { space_visibility: space.visibility } : {}),
    owner_suspended: author.suspended,
    owner_private: author.private,
    hidden: post.is_hidden === true,
  };
}

export async function rulesFor(
  viewer: Viewer,
  needs: {
    people: Pick<FeedPeople, "relations">;
    spaces: Pick<FeedSpaces, "membershipsOf">;
    /** Given where lists are made; left out where only what somebody may is asked. */
    wishes?: Pick<WishBook, "of">;
  },
): Promise<Rules> {
  const facts: ViewerFacts =
    viewer.kind === "nobody"
      ? { viewer, relations: NO_RELATIONS, spaces: NO_SPACES }
      : await factsOf(viewer, viewer.person_id, needs);
  const wished = viewer.kind === "nobody" ? NO_WISHES : (needs.wishes?.of(viewer.person_id) ?? NO_WISHES);
  const wishes = wished instanceof Promise ? await wished : wished;
  return {
    facts,
    wishes,
    post: (action, { resource }) => may(facts, action, resource),
    comment: (action, author) =>
      may(facts, action, {
        kind: "comment",
        owner_id: author.id,
        audience: "public",
        space_id: null,
        owner_suspended: author.suspended,
      }),
    person: (action, person) =>
      may(facts, action, {
        kind: "person",
        owner_id: person.id,
        audience: "public",
        space_id: null,
        owner_suspended: person.suspended,
      }),
    repost: (action, by) =>
      may(facts, action, resourceOf({ author_id: by.id, audience: "public", space_id: null }, by, null)),
    moderates: ({ resource }) =>
      (viewer.kind === "person" && !viewer.suspended && viewer.role !== "member") ||
      may(facts, "moderate_space", resource).ok,
    space: (space) =>
      may(facts, "read", {
        kind: "space",
        owner_id: space.owner_id,
        audience: "public",
        space_id: space.id,
        space_visibility: space.visibility,
      }).ok,
    isMuted: (person_id) => facts.relations.mutes.has(person_id),
  };
}

async function factsOf(
  viewer: Viewer,
  person_id: PersonId,
  { people, spaces }: { people: Pick<FeedPeople, "relations">; spaces: Pick<FeedSpaces, "membershipsOf"> },
): Promise<ViewerFacts> {
  const [relations, memberships] = await Promise.all([people.relations(person_id), spaces.membershipsOf(person_id)]);
  return { viewer, relations, spaces: memberships };
}
