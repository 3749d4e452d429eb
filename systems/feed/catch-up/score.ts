import type { PersonId, PostId } from "#kernel/ids.ts";

/**
 * What was best, by one formula that can be told:
 *
 *   (likes + 2 reposts + 2 comments + 3 for each of the followed who passed it on + 1) / (views + 20) × ½^(age / 36 h)
 *
 * Reactions by exposure and not in all, so that who has few readers stands beside who has many; 20 readers more than there
 * were, so that one like of one reader is not the best there is. Of one author's posts each next one counts 0.6 of what it
 * would, so that nobody fills the page.
 */
export interface Candidate {
  post_id: PostId;
  author_id: PersonId;
  at_ms: number;
  likes: number;
  reposts: number;
  comments: number;
  views: number;
  passed_on_by: number;
}

export const VIEWS_PRIOR = 20;
export const HALF_LIFE_MS = 36 * 3_600_000;
export const AUTHOR_REPEAT_FACTOR = 0.6;

export function scoreOf(c: Candidate, now_ms: number): number {
  const reactions = c.likes + 2 * c.reposts + 2 * c.comments + 3 * c.passed_on_by + 1;
  return (reactions / (c.views + VIEWS_PRIOR)) * 0.5 ** (Math.max(0, now_ms - c.at_ms) / HALF_LIFE_MS);
}

/** The best first, with each author's next one made less; ties go to the newer. */
export function rank(candidates: readonly Candidate[], now_ms: number, posts_max: number): Candidate[] {
  const waiting = candidates
    .map((candidate) => ({ candidate, score: scoreOf(candidate, now_ms) }))
    .sort((a, b) => b.score - a.score || b.candidate.at_ms - a.candidate.at_ms);
  const ranked: Candidate[] = [];
  const taken = new Map<PersonId, number>();
  // Scores only fall while others are taken, so what is first by its score so far is looked at again before it is taken.
  while (ranked.length < posts_max && waiting.length > 0) {
    let best = -1;
    let best_score = -1;
    for (let i = 0; i < waiting.length; i++) {
      const { candidate, score } = waiting[i]!;
      if (score <= best_score) break;
      const fair = score * AUTHOR_REPEAT_FACTOR ** (taken.get(candidate.author_id) ?? 0);
      if (fair > best_score) [best, best_score] = [i, fair];
    }
    const { candidate } = waiting[best]!;
    waiting.splice(best, 1);
    taken.set(candidate.author_id, (taken.get(candidate.author_id) ?? 0) + 1);
    ranked.push(candidate);
  }
  return ranked;
}

export function sentenceOf(c: Candidate): string {
  const reactions = c.likes + c.reposts + c.comments;
  if (c.passed_on_by > 1) return `${c.passed_on_by} people you follow passed this on.`;
  if (c.passed_on_by === 1) return "Somebody you follow passed this on.";
  if (reactions === 0) return "New, and few have seen it yet.";
  const by = reactions === 1 ? "One reaction" : `${reactions} reactions`;
  return c.views > reactions ? `${by} from ${c.views} who saw it.` : `${by} so far.`;
}
