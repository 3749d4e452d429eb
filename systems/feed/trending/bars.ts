import { notFound, Problem } from "#kernel/errors.ts";
import { isId, type PersonId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Ground } from "../ground.ts";
import { tagOf } from "../tokens.ts";
import type { TrendingBar } from "./contract.ts";
import { type BarKind, type BarRow, insertBar, liftBar, listBars } from "./store.ts";
import { linkSubject } from "./subjects.ts";

/** What moderators do to trending is told, so that it can be looked after. */
const TRENDING_TOPIC = "feed_trending";

type Needs = Pick<Ground, "sql" | "log" | "clock" | "ids" | "people">;

/** Holds on the very next read of every node: each reads the bars with the trends. */
export async function bar(
  needs: Needs,
  viewer: SignedIn,
  asked: { kind: BarKind; subject: string; why: string },
): Promise<TrendingBar> {
  const subject = subjectOf(asked.kind, asked.subject);
  const row = await needs.sql.tx(async (tx) => {
    const id = needs.ids.next<"bar">();
    const standing = await insertBar(tx, {
      id,
      kind: asked.kind,
      subject,
      why: asked.why,
      barred_by: viewer.person_id,
      barred_at: new Date(needs.clock.now()),
    });
    if (standing.id === id) await tellBar(needs, tx, "feed.trending_barred", standing, viewer.person_id);
    return standing;
  });
  return (await present(needs, [row]))[0]!;
}

/** @throws Problem 404 `trending_bar.not_found` */
export async function lift(needs: Needs, viewer: SignedIn, id: string): Promise<void> {
  await needs.sql.tx(async (tx) => {
    const row = await liftBar(tx, id, viewer.person_id, new Date(needs.clock.now()));
    if (!row) throw notFound("trending_bar");
    await tellBar(needs, tx, "feed.trending_lifted", row, viewer.person_id);
  });
}

export async function bars(
  needs: Needs,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<TrendingBar>> {
  const below = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
  const rows = await listBars(needs.sql.pool, below, limit + 1);
  const page = rows.slice(0, limit);
  return {
    items: await present(needs, page),
    next_cursor: rows.length > limit ? encodeCursor([page.at(-1)!.id]) : null,
  };
}

const tellBar = (needs: Needs, tx: Query, type: string, { id, kind, subject, why }: BarRow, by: PersonId) =>
  needs.log.append(tx, TRENDING_TOPIC, `bar:${id}`, { type, version: 1, data: { bar_id: id, kind, subject, why, by } });

async function present({ people }: Needs, rows: readonly BarRow[]): Promise<TrendingBar[]> {
  const cards = await people.cards(rows.flatMap((row) => [row.barred_by, ...(row.lifted_by ? [row.lifted_by] : [])]));
  return rows.map(({ id, kind, subject, why, barred_by, barred_at, lifted_by, lifted_at }) => ({
    id,
    kind,
    subject,
    why,
    barred_by: cards.get(barred_by) ?? null,
    barred_at: rfc3339(barred_at),
    lifted_by: lifted_by === null ? null : (cards.get(lifted_by) ?? null),
    lifted_at: lifted_at === null ? null : rfc3339(lifted_at),
  }));
}

/** One spelling, the one that is counted. @throws Problem 422 `trending.bad_subject` */
function subjectOf(kind: BarKind, text: string): string {
  const bad = (what: string) => new Problem(422, "trending.bad_subject", what);
  switch (kind) {
    case "hashtag": {
      const tag = tagOf(text);
      if (tag === null) throw bad("A hashtag is letters, digits and underscores, and not only digits.");
      return tag;
    }
    case "link": {
      const link = linkSubject(text);
      if (link === null) throw bad("Give the whole address, from https:// on.");
      return link;
    }
    case "host": {
      const host = text.toLowerCase().replace(/^www\./, "");
      if (!URL.canParse(`https://${host}`) || new URL(`https://${host}`).hostname !== host)
        throw bad("Give a host by its name alone, such as example.org.");
      return host;
    }
    case "post":
      if (!isId(text)) throw bad("Give the post's id.");
      return text;
  }
}
