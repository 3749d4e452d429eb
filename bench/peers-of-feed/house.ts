import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { createLocalCaches } from "#ports/cache/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLog } from "#ports/log/index.ts";
import { createFeed, type FeedMedia, type FeedNeeds } from "#systems/feed/index.ts";
import { createPeople } from "#systems/people/index.ts";
import { createSpaces } from "#systems/spaces/index.ts";

import type { openDatabase } from "./database.ts";

const none = async () => {};
export const NO_MEDIA: FeedMedia = {
  videoCards: async () => new Map(),
  imageCards: async () => new Map(),
  claimForPost: none,
  hidePost: none,
  showPost: none,
  releasePost: none,
};

/** People, spaces and feed of one process, without sockets. Nothing works in the background. */
export async function openFeed(
  { sql, clock, ids }: Pick<Awaited<ReturnType<typeof openDatabase>>, "sql" | "clock" | "ids">,
  more: Partial<FeedNeeds> = {},
) {
  const log = createLog({ sql, clock });
  const caches = createLocalCaches({ clock });
  const people = await createPeople({
    sql,
    log,
    clock,
    ids,
    caches,
    limiter: createLocalLimiter({ clock, keys_max: 1_000 }),
    pictures: { avatarOf: async () => null },
    house: { name: "Bench", signup: "closed" },
    secret: "a secret of more than thirty-two characters",
  });
  const spaces = await createSpaces({ sql, log, clock, ids, caches, people });
  const jobs = { define() {} } as Pick<Jobs, "define"> as Jobs;
  return createFeed({ sql, log, clock, ids, caches, people, spaces, media: NO_MEDIA, jobs, ...more });
}

export const signedIn = (id: string): SignedIn => ({
  kind: "person",
  person_id: id as PersonId,
  handle: `p${id}`,
  role: "member",
  suspended: false,
  credential: { kind: "session", id: "1" },
  scopes: ["read", "write"],
});
