import { notFound } from "#kernel/errors.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";
import { may, NO_SPACES } from "#systems/people/index.ts";

import type { Snapshot, SubjectKind } from "./base-contract.ts";
import type { Ground } from "./ground.ts";

export interface SubjectName {
  kind: SubjectKind;
  id: string;
}

/** A thing that can be moderated, as it stands now. */
export interface Subject extends SubjectName {
  /** Whose. */
  person_id: PersonId;
  space_id: SpaceId | null;
  content: Snapshot;
  is_gone: boolean;
  is_hidden: boolean;
}

/** Posts, comments, people and films behind one face. */
export interface Subjects {
  /** Null for what never was, or of which nothing is left. */
  find(db: Query, name: SubjectName): Promise<Subject | null>;
  /** @throws Problem 404 as the thing's own page would */
  mustRead(viewer: SignedIn, name: SubjectName): Promise<void>;
}

export function createSubjects({ people, feed, video }: Pick<Ground, "people" | "feed" | "video">): Subjects {
  /** By the connection that is given: who waits for another one inside a transaction may wait for ever. */
  async function writer(db: Query, id: PersonId): Promise<Pick<Snapshot, "handle" | "display_name">> {
    const { handle = "", display_name = "" } = (await people.discipline.profile(db, id)) ?? {};
    return { handle, display_name };
  }

  async function written(db: Query, kind: "post" | "comment", id: string): Promise<Subject | null> {
    const row = await feed.subject(db, kind, id);
    if (!row) return null;
    const content: Snapshot = {
      ...(await writer(db, row.author_id)),
      title: "",
      text: row.text,
      links: [],
      image_ids: row.image_ids,
      video_id: row.video_id,
      audience: row.audience,
      version: row.version,
      created_at: rfc3339(row.created_at),
      edited_at: row.edited_at && rfc3339(row.edited_at),
    };
    const { author_id: person_id, space_id, is_deleted: is_gone, is_hidden } = row;
    return { kind, id, person_id, space_id, content, is_gone, is_hidden };
  }

  async function person(db: Query, id: string): Promise<Subject | null> {
    const row = await people.discipline.profile(db, id);
    if (!row) return null;
    const content: Snapshot = {
      handle: row.handle,
      display_name: row.display_name,
      title: "",
      text: row.bio,
      links: row.links.map((link) => `${link.label} ${link.url}`),
      image_ids: row.avatar_image_id === null ? [] : [row.avatar_image_id],
      video_id: null,
      audience: null,
      version: 1,
      created_at: rfc3339(row.created_at),
      edited_at: null,
    };
    return { kind: "person", id, person_id: id, space_id: null, content, is_gone: false, is_hidden: false };
  }

  async function film(db: Query, id: string): Promise<Subject | null> {
    const row = await video.subject(db, id);
    if (!row) return null;
    const content: Snapshot = {
      ...(await writer(db, row.owner_id)),
      title: row.title,
      text: row.description,
      links: [],
      image_ids: [],
      video_id: id,
      audience: row.audience,
      version: 1,
      created_at: rfc3339(row.created_at),
      edited_at: null,
    };
    const { owner_id: person_id, space_id, is_hidden } = row;
    return { kind: "video", id, person_id, space_id, content, is_gone: false, is_hidden };
  }

  return {
    find: (db, { kind, id }) =>
      kind === "person" ? person(db, id) : kind === "video" ? film(db, id) : written(db, kind, id),

    async mustRead(viewer, { kind, id }) {
      if (kind === "post" || kind === "comment") return feed.mustRead(viewer, kind, id);
      if (kind === "video") return video.mustRead(viewer, id);
      const card = (await people.cards([id])).get(id);
      if (!card) throw notFound("person");
      const facts = { viewer, relations: await people.relationsOf(viewer), spaces: NO_SPACES };
      const resource = {
        kind,
        owner_id: id,
        audience: "public",
        space_id: null,
        owner_suspended: card.suspended,
      } as const;
      if (!may(facts, "read", resource).ok) throw notFound("person");
    },
  };
}
