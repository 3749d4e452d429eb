import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { Query } from "#ports/sql/index.ts";
import type { FeedPlace } from "#systems/feed/index.ts";

import type { ActKind } from "../base-contract.ts";
import type { Ground } from "../ground.ts";
import type { Subject } from "../subjects.ts";
import type { NewAct } from "./store.ts";

/** What an act changes, in its transaction. `before` is what is needed to take it back; null where it was so already. */
export interface Effects {
  apply(tx: Query, act: NewAct, subject: Subject, asked: EffectAsked): Promise<Applied | null>;
  /** @param still the latest other act of this kind that stands: what it did is what stays */
  undo(
    tx: Query,
    act: Pick<NewAct, "id" | "kind" | "subject_kind" | "subject_id" | "person_id" | "before">,
    by: PersonId | null,
    still: StillStanding | null,
  ): Promise<AfterCommit>;
}

export interface EffectAsked {
  reason: string;
  content_warning: string | null;
  /** The latest act of this kind that stands there already. */
  under: Pick<NewAct, "before"> | null;
}

export type StillStanding = Pick<NewAct, "id" | "by_id" | "ends_at" | "before"> & { reason: string };

interface Marks {
  sensitive: boolean;
  content_warning: string | null;
}
/** Of a mark: what the author had there, below all marks; and what this one put there. */
interface MarkedBefore extends Marks {
  marked?: Marks;
}

export interface Applied {
  before: JsonObject;
  done: AfterCommit;
}

export type AfterCommit = (() => void) | null;

/** What may stand in a space; the rest is on its author's own page alone. */
const isOfSpaces = (audience: FeedPlace["audience"]) => audience === "space" || audience === "public";

/** Undone by the house itself: events name somebody, and this is who made the house. */
const HOUSE_ITSELF = "0";

export function createEffects({
  people,
  spaces,
  feed,
  video,
}: Pick<Ground, "people" | "spaces" | "feed" | "video">): Effects {
  const { discipline } = people;
  const applied = (done: AfterCommit, before: JsonObject = {}): Applied | null =>
    done === null ? null : { before, done };

  type Apply = (tx: Query, act: NewAct, subject: Subject, asked: EffectAsked) => Promise<Applied | null>;
  const apply: Record<ActKind, Apply> = {
    hide: async (tx, act, { kind, id }) =>
      applied(
        kind === "video"
          ? await video.hide(tx, id, act.by_id!)
          : await feed.hide(tx, kind as "post" | "comment", id, act.by_id!),
      ),
    async sensitive(tx, act, { id }, { content_warning, under }) {
      const marked = await feed.mark(tx, id, { sensitive: true, content_warning }, act.by_id!);
      if (!marked) return null;
      const { marked: _, ...authors } = (under?.before ?? marked.before) as unknown as MarkedBefore;
      const own = { sensitive: true, content_warning: content_warning ?? marked.before.content_warning };
      return applied(marked.done, { ...authors, marked: own });
    },
    async remove_from_space(tx, act, { id, space_id, content }) {
      if (space_id === null) return null;
      return applied(await feed.move(tx, id, null, act.by_id!), { space_id, audience: content.audience });
    },
    warn: async () => ({ before: {}, done: null }),
    limit: async (tx, act) => applied(await discipline.limit(tx, act.person_id, { by: act.by_id, act_id: act.id })),
    suspend: async (tx, act, _, { reason }) =>
      applied(
        await discipline.suspend(tx, act.person_id, { by: act.by_id, act_id: act.id, reason, until: act.ends_at }),
      ),
  };

  return {
    apply: (tx, act, subject, asked) => apply[act.kind](tx, act, subject, asked),
    async undo(tx, act, by, still) {
      const officer = by ?? HOUSE_ITSELF;
      switch (act.kind) {
        case "hide":
          if (still) return null;
          return act.subject_kind === "video"
            ? video.show(tx, act.subject_id)
            : feed.show(tx, act.subject_kind as "post" | "comment", act.subject_id, officer);
        case "sensitive":
          return unmark(tx, act, officer, still);
        case "remove_from_space":
          return still ? null : backToSpace(tx, act, officer);
        case "limit":
          return still ? null : discipline.unlimit(tx, act.person_id, { by, act_id: act.id });
        case "suspend":
          if (!still) return discipline.reinstate(tx, act.person_id, { by, act_id: act.id });
          return discipline.suspend(tx, act.person_id, {
            by: still.by_id,
            act_id: still.id,
            reason: still.reason,
            until: still.ends_at,
          });
        case "warn":
          return null;
      }
    },
  };

  async function unmark(
    tx: Query,
    act: Pick<NewAct, "subject_id" | "before">,
    officer: PersonId,
    still: StillStanding | null,
  ): Promise<AfterCommit> {
    const { marked: _, ...authors } = act.before as unknown as MarkedBefore;
    const id = act.subject_id as PostId;
    const bare = await feed.mark(tx, id, authors, officer);
    if (!still) return bare?.done ?? null;
    const { marked } = still.before as unknown as MarkedBefore;
    const left = await feed.mark(tx, id, marked ?? { sensitive: true, content_warning: null }, officer);
    return left?.done ?? bare?.done ?? null;
  }

  async function backToSpace(
    tx: Query,
    act: Pick<NewAct, "subject_id" | "before">,
    officer: PersonId,
  ): Promise<AfterCommit> {
    const was = act.before as unknown as FeedPlace & { space_id: SpaceId };
    const now = await feed.subject(tx, "post", act.subject_id);
    // Nothing of it is left, or the space has gone: then it stays where it is.
    if (!now || !(await spaces.stands(tx, was.space_id))) return null;
    // What its author made of it meanwhile is theirs to say.
    const isUntouched = now.audience === (was.audience === "space" ? "private" : was.audience);
    const audience = isUntouched ? was.audience : (now.audience as FeedPlace["audience"]);
    return isOfSpaces(audience)
      ? feed.move(tx, act.subject_id as PostId, { space_id: was.space_id, audience }, officer)
      : null;
  }
}
