import { idAtMs, idTimeMs, isId, type PersonId, type PostId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { type Cache, type Caches, keyOf } from "#ports/cache/index.ts";

import { HOME, positionOf } from "../places/store.ts";
import type { ReadingGround } from "../reading/ground.ts";
import { presentPage } from "../reading/present.ts";
import type { PageAsked } from "../reading/reader.ts";
import type { Rules } from "../reading/rules.ts";
import { homeActors, type Listed, type Skeleton } from "../reading/skeleton.ts";
import type { HomeEntry } from "../timelines/timeline.ts";
import {
  CATCH_UP_CACHED_MS,
  CATCH_UP_D_MAX,
  CATCH_UP_ENTRIES_MAX,
  CATCH_UP_POSTS_MAX,
  CATCH_UPS_CACHED_BYTES_MAX,
  CATCH_UPS_CACHED_MAX,
} from "./bounds.ts";
import type { CatchUpRange } from "./contract.ts";
import { type Candidate, rank, sentenceOf } from "./score.ts";
import { factsOf, type FactsRow } from "./store.ts";

const DAY_MS = 24 * 3_600_000;
const STEP_ENTRIES = 250;
const CANDIDATE_BYTES = 400;
const PERSON_BYTES = 50;
const RANGE_D: Record<Exclude<CatchUpRange, "left">, number> = { day: 1, three_days: 3, week: CATCH_UP_D_MAX };

/** One ranking, kept so that its pages fit together. What may be seen of it is asked at each read. */
interface Ranking {
  since: string;
  newest_entry_id: string | null;
  candidates: number;
  ranked: readonly Candidate[];
  ways: ReadonlyMap<PostId, Way>;
}

/** How a post came into the home: its author put it there, and others passed it on. */
interface Way {
  by_author: boolean;
  passed_on_by: Set<PersonId>;
}

const heard = ({ passed_on_by }: Way, { facts, isMuted, wishes }: Rules): PersonId[] =>
  wishes.preferences.home_reposts === "hide"
    ? []
    : [...passed_on_by].filter(
        (id) => facts.relations.follows.has(id) && !isMuted(id) && wishes.out_of_home?.has(id) !== true,
      );

const leadsHere = (way: Way, author_id: PersonId, rules: Rules): boolean =>
  (way.by_author &&
    rules.facts.relations.follows.has(author_id) &&
    rules.wishes.out_of_home?.has(author_id) !== true) ||
  heard(way, rules).length > 0;

export interface CatchUp {
  /** A page as JSON text. */
  page(viewer: SignedIn, range: CatchUpRange, page: PageAsked, signal: AbortSignal): Promise<string>;
}

export function createCatchUp(
  needs: Pick<ReadingGround, "sql" | "clock" | "reader" | "timeline" | "spaces"> & { caches: Caches },
): CatchUp {
  const { sql, clock, reader, timeline, spaces, caches } = needs;
  const rankings: Cache<Ranking> = caches.create<Ranking>({
    name: "feed.catch_ups",
    version: 1,
    entries_max: CATCH_UPS_CACHED_MAX,
    bytes_max: CATCH_UPS_CACHED_BYTES_MAX,
    size_of: ({ ranked, ways }) =>
      ranked.length * CANDIDATE_BYTES +
      Array.from(ways.values(), ({ passed_on_by }) => passed_on_by.size * PERSON_BYTES).reduce((a, b) => a + b, 0),
    ttl_ms: CATCH_UP_CACHED_MS,
  });

  async function sinceOf(viewer: SignedIn, range: CatchUpRange): Promise<string> {
    const at = (days: number) => idAtMs(clock.now() - days * DAY_MS);
    if (range !== "left") return at(RANGE_D[range]);
    const stopped = (await positionOf(sql.pool, viewer.person_id, HOME))?.entry_id ?? at(1);
    const oldest = at(CATCH_UP_D_MAX);
    return BigInt(stopped) > BigInt(oldest) ? stopped : oldest;
  }

  async function make(viewer: SignedIn, since: string, rules: Rules): Promise<Ranking> {
    const entries = await entriesSince(viewer.person_id, since, rules);
    const ways = new Map<PostId, Way>();
    for (const { post_id, reposter_id } of entries) {
      const way = ways.get(post_id) ?? { by_author: false, passed_on_by: new Set() };
      if (reposter_id === null) way.by_author = true;
      else if (reposter_id !== viewer.person_id) way.passed_on_by.add(reposter_id);
      ways.set(post_id, way);
    }
    const found = ways.size === 0 ? [] : await factsOf(sql.pool, [...ways.keys()]);
    const facts = await forReader(found, rules);
    const known = new Set(facts.map((row) => row.post_id));
    const candidates = facts
      // One's own is no news.
      .filter(
        ({ author_id, post_id }) => author_id !== viewer.person_id && leadsHere(ways.get(post_id)!, author_id, rules),
      )
      .map(({ created_at, audience: _, space_id: __, ...row }) => ({
        ...row,
        at_ms: created_at.getTime(),
        passed_on_by: heard(ways.get(row.post_id)!, rules).length,
      }));
    const ranked = rank(candidates, clock.now(), CATCH_UP_POSTS_MAX);
    return {
      since,
      newest_entry_id: entries.find(({ post_id }) => known.has(post_id))?.key ?? null,
      candidates: candidates.length,
      ranked,
      // Of the thousands that were looked through only these are remembered.
      ways: new Map(ranked.map(({ post_id }) => [post_id, ways.get(post_id)!])),
    };
  }

  /**
   * Without what is not for this reader: it takes no place among the best, and no number tells that it is there. Whatever else
   * rules say is asked when a page is read.
   */
  async function forReader(rows: readonly FactsRow[], { facts: { viewer, relations, spaces: mine } }: Rules) {
    const me = viewer.kind === "person" ? viewer.person_id : null;
    const others = new Set(
      rows.flatMap(({ space_id }) => (space_id !== null && !mine.has(space_id) ? [space_id] : [])),
    );
    const cards = others.size === 0 ? null : await spaces.cards([...others]);
    return rows.filter(({ author_id, audience, space_id }) => {
      if (author_id === me) return true;
      if (audience === "private") return false;
      if (audience === "followers") return relations.follows.has(author_id);
      if (space_id === null || mine.has(space_id)) return true;
      return audience === "public" && cards?.get(space_id)?.visibility === "public";
    });
  }

  /** In steps, so that who was away for an hour does not pay for a week. */
  async function entriesSince(viewer_id: PersonId, since: string, rules: Rules): Promise<HomeEntry[]> {
    const actors = homeActors(viewer_id, rules);
    const entries: HomeEntry[] = [];
    while (entries.length < CATCH_UP_ENTRIES_MAX) {
      const step = await timeline.readHome(viewer_id, actors, entries.at(-1)?.key ?? null, STEP_ENTRIES);
      const end = step.findIndex(({ key }) => BigInt(key) <= BigInt(since));
      entries.push(...(end === -1 ? step : step.slice(0, end)));
      if (end !== -1 || step.length < STEP_ENTRIES) break;
    }
    return entries;
  }

  /** Keys are places in the ranking. */
  const skeletonOf = ({ ranked, ways }: Ranking, name: string, rules: Rules): Skeleton => ({
    name,
    // The ranking is remembered; whom one follows and mutes is as it is now.
    leavesOut: ({ post_id }, { post }) => !leadsHere(ways.get(post_id)!, post.author_id, rules),
    isKey: (text) => isId(text) && text.length < 4,
    async read(after, listed_max) {
      const from = after === null ? 0 : Number(after);
      return ranked
        .slice(from, from + listed_max)
        .map(({ post_id }, i): Listed => ({ key: String(from + i + 1), post_id, reposter_id: null }));
    },
  });

  return {
    async page(viewer, range, page, signal) {
      const key = keyOf("feed.catch_up", 1, { person: viewer.person_id, range });
      // Whoever begins anew gets what is best now; the pages after it are of the same ranking.
      if (page.cursor === undefined) rankings.delete(key);
      const rules = await reader.rules(viewer);
      const ranking = (await rankings.get(key, async () => make(viewer, await sinceOf(viewer, range), rules)))!;
      const kind = "timeline";
      const { shown, next_cursor } = await reader.read(
        viewer,
        (now) => skeletonOf(ranking, `catch-up.${range}`, now),
        page,
        kind,
        signal,
      );
      const reasons = new Map(ranking.ranked.map((c) => [c.post_id, JSON.stringify(reasonOf(c))]));
      const posts = await reader.presentEach(viewer, rules, kind, shown);
      const items = posts.map((json, i) => `${json.slice(0, -1)},"reason":${reasons.get(shown[i]!.post.post.id)!}}`);
      const more = JSON.stringify({
        since: rfc3339(new Date(idTimeMs(ranking.since))),
        newest_entry_id: ranking.newest_entry_id,
        candidates: ranking.candidates,
      });
      return `${presentPage(items, next_cursor).slice(0, -1)},${more.slice(1)}`;
    },
  };
}

const reasonOf = (c: Candidate) => ({
  sentence: sentenceOf(c),
  reactions: c.likes + c.reposts + c.comments,
  views: c.views,
  passed_on_by: c.passed_on_by,
});
