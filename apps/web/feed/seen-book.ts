/** What was on the screen and for how long, until it is told. Pure: the time is given by whoever calls. */
export interface SeenBook {
  /** On the screen from now on, or not. */
  shows(post_id: string, is_on: boolean, now_ms: number): void;
  /** What is to be told now, at most `items_max` posts; what stays on the screen goes on from here. */
  take(now_ms: number, items_max: number): { post_id: string; ms: number }[];
}

/** Less is not seeing, as the house has it too. */
export const SEEN_MS_MIN = 1_000;
/** The house takes no more of one post in one report. */
const MS_MAX = 10 * 60_000;
/** Of a very long stay; what was there longest ago goes. */
const POSTS_MAX = 1_000;

export function createSeenBook(): SeenBook {
  const since = new Map<string, number>();
  const whole = new Map<string, number>();

  function add(post_id: string, ms: number) {
    const all = (whole.get(post_id) ?? 0) + Math.max(0, ms);
    whole.delete(post_id);
    whole.set(post_id, all);
    if (whole.size > POSTS_MAX) whole.delete(whole.keys().next().value!);
  }

  return {
    shows(post_id, is_on, now_ms) {
      const from = since.get(post_id);
      if (is_on && from === undefined) since.set(post_id, now_ms);
      if (is_on || from === undefined) return;
      since.delete(post_id);
      add(post_id, now_ms - from);
    },
    take(now_ms, items_max) {
      for (const [post_id, from] of since) {
        add(post_id, now_ms - from);
        since.set(post_id, now_ms);
      }
      const told: { post_id: string; ms: number }[] = [];
      for (const [post_id, ms] of whole) {
        if (ms < SEEN_MS_MIN) {
          // A glance adds up while it is there, and is nothing when it has gone.
          if (!since.has(post_id)) whole.delete(post_id);
          continue;
        }
        if (told.length === items_max) break;
        told.push({ post_id, ms: Math.min(MS_MAX, Math.round(ms)) });
        whole.delete(post_id);
      }
      return told;
    },
  };
}
