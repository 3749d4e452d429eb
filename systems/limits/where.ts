import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Caches } from "#ports/cache/index.ts";
import type { Spaces } from "#systems/spaces/index.ts";

import * as b from "./bounds.ts";

/**
 * The space in whose rooms a request is: what its path names, and nothing else. A body is not read yet when limits are asked,
 * and an address or a title of what is in a space would cost a look at the database each time.
 */
export interface Where {
  /** The name in the path of this route that is a space's; null for routes without one. */
  paramOf(route: string): string | null;
  /** Null for one that is not there, and while too many are being looked up. */
  find(name: string, viewer: Viewer): Promise<{ id: SpaceId; is_member: boolean } | null>;
}

const NAMED = /\{(space_id|space)\}|\/spaces\/\{(\w+)\}/;

export function createWhere(caches: Caches, spaces: Pick<Spaces, "find" | "membershipsOf">): Where {
  const known = caches.create<SpaceId>({
    name: "limits.spaces",
    version: 1,
    entries_max: b.SPACES_KNOWN_MAX,
    ttl_ms: b.SPACES_KNOWN_MS,
    loads_max: b.SPACE_LOOKUPS_AT_ONCE_MAX,
  });
  const params = new Map<string, string | null>();

  async function isMember(viewer: Viewer, id: SpaceId): Promise<boolean> {
    if (viewer.kind === "nobody") return false;
    return (await spaces.membershipsOf(viewer.person_id as PersonId)).has(id);
  }

  return {
    paramOf(route) {
      let name = params.get(route);
      if (name === undefined) {
        const found = NAMED.exec(route);
        params.set(route, (name = found?.[1] ?? found?.[2] ?? null));
      }
      return name;
    },
    async find(name, viewer) {
      const slug_or_id = name.slice(0, b.TIER_SEARCH_CHARS_MAX).toLowerCase();
      // What cannot be looked up now is counted without its space; the route will say what is wrong.
      const id =
        known.peek(slug_or_id) ??
        (await known.get(slug_or_id, async () => (await spaces.find(slug_or_id))?.id ?? null).catch(() => null));
      return id ? { id, is_member: await isMember(viewer, id).catch(() => false) } : null;
    },
  };
}
