import { Problem } from "#kernel/errors.ts";
import type { PersonId, PostId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";

import type { HydratedPost } from "../reading/hydrate.ts";
import { actsOf } from "./candidate-store.ts";
import type { ForYouLess, ForYouSettings, ForYouWhy } from "./contract.ts";
import { tellForYou } from "./events.ts";
import type { ForYouGround } from "./needs.ts";
import { modelOf } from "./refresh.ts";
import * as store from "./store.ts";
import { whyOf } from "./why.ts";

/** Switches, wishes and reasons: what one person decides and is told. */

export async function settingsOf(ground: ForYouGround, person_id: PersonId): Promise<ForYouSettings> {
  const { sql, people } = ground;
  const person = await store.findPerson(sql.pool, person_id);
  const [relations, acts] = await Promise.all([people.relations(person_id), actsOf(sql.pool, person_id)]);
  return {
    on: person.is_on,
    house_on: person.house_is_on,
    switched_at: person.switched_at && rfc3339(person.switched_at),
    cold: relations.follows.size === 0 && acts.length === 0,
  };
}

export async function switchFor(ground: ForYouGround, person_id: PersonId, on: boolean): Promise<void> {
  const { sql, log, clock } = ground;
  await sql.tx(async (tx) => {
    const changed = await store.switchPerson(tx, person_id, on, new Date(clock.now()));
    if (changed) await tellForYou(log, tx, { type: "feed_for_you.switched", version: 1, data: { person_id, on } });
  });
}

export async function switchForHouse(ground: ForYouGround, person_id: PersonId, on: boolean): Promise<void> {
  const { sql, log, clock } = ground;
  await sql.tx(async (tx) => {
    await store.switchHouse(tx, on, person_id, new Date(clock.now()));
    await tellForYou(log, tx, { type: "feed_for_you.house_switched", version: 1, data: { person_id, on } });
  });
}

/** @throws Problem 422 `for_you.own_post` */
export async function askLess(
  ground: ForYouGround,
  person_id: PersonId,
  { post, cards }: HydratedPost,
  kind: "post" | "author",
): Promise<ForYouLess> {
  const { sql, log, clock } = ground;
  const { author_id } = post;
  if (author_id === person_id)
    throw new Problem(422, "for_you.own_post", "This is your own post. It does not stand in your For you.");
  const subject_id = kind === "post" ? post.id : author_id;
  const at = new Date(clock.now());
  await sql.tx(async (tx) => {
    if (!(await store.addLess(tx, person_id, { kind, subject_id, author_id, at }))) return;
    const data = { person_id, kind, subject_id };
    await tellForYou(log, tx, { type: "feed_for_you.less_asked", version: 1, data });
  });
  return { kind, id: subject_id, author: cards.author, at: rfc3339(at) };
}

/** To undo what was not asked for changes nothing. */
export async function undoLess(
  ground: ForYouGround,
  person_id: PersonId,
  kind: "post" | "author",
  subject_id: string,
): Promise<void> {
  const { sql, log } = ground;
  await sql.tx(async (tx) => {
    if (!(await store.removeLess(tx, person_id, kind, subject_id))) return;
    const data = { person_id, kind, subject_id };
    await tellForYou(log, tx, { type: "feed_for_you.less_undone", version: 1, data });
  });
}

/** At most a thousand are kept, so they are read at once and paged here. */
export async function listLess(
  ground: ForYouGround,
  person_id: PersonId,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ items: ForYouLess[]; next_cursor: string | null }> {
  const all = await store.lessOf(ground.sql.pool, person_id);
  const [ms, id] = cursor === undefined ? [null, null] : decodeCursor(cursor, ["number", "id"]);
  const left = all.filter(
    ({ at, subject_id }) =>
      ms === null || at.getTime() < Number(ms) || (at.getTime() === Number(ms) && BigInt(subject_id) < BigInt(id!)),
  );
  const page = left.slice(0, limit);
  const cards = await ground.people.cards(page.map((less) => less.author_id));
  const last = page.at(-1);
  return {
    items: page.map(({ kind, subject_id, author_id, at }) => ({
      kind,
      id: subject_id,
      author: cards.get(author_id) ?? null,
      at: rfc3339(at),
    })),
    next_cursor: left.length > limit && last ? encodeCursor([last.at.getTime(), last.subject_id]) : null,
  };
}

/** @throws Problem 404 `for_you.not_listed` where no list that is kept has it */
export async function reasonsFor(ground: ForYouGround, person_id: PersonId, post_id: PostId): Promise<ForYouWhy> {
  const db = ground.sql.pool;
  const queue = await store.queueWith(db, person_id, post_id);
  const model = queue && (await modelOf(db, queue.model_version));
  if (!queue || !model)
    throw new Problem(404, "for_you.not_listed", "This post stands in none of your lists that are kept.");
  const row = model.version === 0 ? null : await store.findModel(db, model.version);
  const at = queue.places.findIndex((place) => place.post_id === post_id);
  return whyOf(queue, at, model, row?.made_at ?? null);
}
