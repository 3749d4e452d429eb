import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Sql } from "#ports/sql/index.ts";

import { bitsOf } from "./store.ts";

/**
 * What holds between a viewer and each post (liked, reposted, bookmarked), so that posts themselves are made into text
 * once for everybody. Remembered per viewer, "nothing" too; forgotten exactly when that viewer acts on that post.
 */
export interface Overlay {
  /** In the order of `ids`. */
  of(person_id: PersonId, ids: readonly PostId[]): number[] | Promise<number[]>;
  /** This person just did something to this post: here by a direct call, on other nodes by its event. */
  forget(person_id: PersonId, post_id: PostId): void;
  forgetAll(): void;
  stats(): { viewers: number; posts: number };
}

export interface OverlayBounds {
  viewer_posts_max: number;
  posts_max: number;
}

interface Known {
  bits: Map<PostId, number>;
  /** Goes up with each act, so that what was read before it is not remembered after it. */
  acts: number;
}

export function createOverlay({ sql, bounds }: { sql: Sql; bounds: OverlayBounds }): Overlay {
  /** In the order of use, the longest unused first. */
  const viewers = new Map<PersonId, Known>();
  let posts = 0;

  function known(person_id: PersonId): Known {
    let viewer = viewers.get(person_id);
    if (viewer) viewers.delete(person_id);
    else viewer = { bits: new Map(), acts: 0 };
    viewers.set(person_id, viewer);
    return viewer;
  }

  function makeRoom(viewer: Known) {
    for (const id of viewer.bits.keys()) {
      if (viewer.bits.size <= bounds.viewer_posts_max) break;
      viewer.bits.delete(id);
      posts -= 1;
    }
    for (const [person_id, other] of viewers) {
      if (posts <= bounds.posts_max || other === viewer) break;
      viewers.delete(person_id);
      posts -= other.bits.size;
    }
  }

  async function load(person_id: PersonId, viewer: Known, ids: readonly PostId[]): Promise<number[]> {
    // Taken down before the database is asked: an act, its echo in the log or a full memory may make them forgotten meanwhile.
    const remembered = ids.map((id) => viewer.bits.get(id));
    const missing = ids.filter((_, i) => remembered[i] === undefined);
    const acts = viewer.acts;
    const read = await bitsOf(sql.pool, person_id, missing);
    const answer = ids.map((id, i) => viewer.bits.get(id) ?? remembered[i] ?? read.get(id) ?? 0);
    if (viewer.acts === acts && viewers.get(person_id) === viewer) {
      for (const id of missing) {
        if (!viewer.bits.has(id)) posts += 1;
        viewer.bits.set(id, read.get(id) ?? 0);
      }
      makeRoom(viewer);
    }
    return answer;
  }

  return {
    of(person_id, ids) {
      const viewer = known(person_id);
      const answer = new Array<number>(ids.length);
      for (let i = 0; i < ids.length; i++) {
        const bits = viewer.bits.get(ids[i]!);
        if (bits === undefined) return load(person_id, viewer, ids);
        answer[i] = bits;
      }
      return answer;
    },
    forget(person_id, post_id) {
      const viewer = viewers.get(person_id);
      if (!viewer) return;
      viewer.acts += 1;
      if (viewer.bits.delete(post_id)) posts -= 1;
    },
    forgetAll() {
      viewers.clear();
      posts = 0;
    },
    stats: () => ({ viewers: viewers.size, posts }),
  };
}
