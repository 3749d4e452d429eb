import type { PersonId, PostId } from "#kernel/ids.ts";
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
  /** @param still whether another act of this kind stands, so that what it did stays */
  undo(
    tx: Query,
    act: Pick<NewAct, "id" | "kind" | "subject_kind" | "subject_id" | "person_id" | "before">,
    by: PersonId | null,
    still: boolean,
  ): Promise<AfterCommit>;
}

export interface EffectAsked {
  reason: string;
  content_warning: string | null;
}

export interface Applied {
  before: JsonObject;
  done: AfterCommit;
}

export type AfterCommit = (() => void) | null;

/** Undone by the house itself: events name somebody, and this is who made the house. */
const HOUSE_ITSELF = "0";

export function createEffects({ people, feed, video }: Pick<Ground, "people" | "feed" | "video">): Effects {
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
    async sensitive(tx, act, { id }, { content_warning }) {
      const marked = await feed.mark(tx, id, { sensitive: true, content_warning }, act.by_id!);
      return marked && applied(marked.done, { ...marked.before });
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
      if (still) return null;
      const officer = by ?? HOUSE_ITSELF;
      switch (act.kind) {
        case "hide":
          return act.subject_kind === "video"
            ? video.show(tx, act.subject_id)
            : feed.show(tx, act.subject_kind as "post" | "comment", act.subject_id, officer);
        case "sensitive": {
          const marks = act.before as unknown as { sensitive: boolean; content_warning: string | null };
          return (await feed.mark(tx, act.subject_id as PostId, marks, officer))?.done ?? null;
        }
        case "remove_from_space":
          return feed.move(tx, act.subject_id as PostId, act.before as unknown as FeedPlace, officer);
        case "limit":
          return discipline.unlimit(tx, act.person_id, { by, act_id: act.id });
        case "suspend":
          return discipline.reinstate(tx, act.person_id, { by, act_id: act.id });
        case "warn":
          return null;
      }
    },
  };
}
