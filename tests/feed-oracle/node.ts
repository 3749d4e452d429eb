import { createRedis, createRedisLists } from "#engines/redis/index.ts";
import { createIds } from "#kernel/ids.ts";
import { createLocalCaches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import { type Api, createApi, createIdempotency } from "#ports/http/index.ts";
import { createTestClient, type TestClient } from "#ports/http/testing.ts";
import { createJobs, type JobKind, type JobRun } from "#ports/jobs/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLog } from "#ports/log/index.ts";
import { createSql, type SqlTarget } from "#ports/sql/index.ts";
import { createFeed, type Feed, type FeedBounds, type FeedMedia, serveFeed } from "#systems/feed/index.ts";
import { createPeople, type People } from "#systems/people/index.ts";
import { CHEAP_PASSWORDS } from "#systems/people/testing.ts";
import { createSpaces, type Spaces } from "#systems/spaces/index.ts";

/** One process of the house as far as the feed needs it: its own connections, caches and tails on the shared database. */
export interface Node extends AsyncDisposable {
  people: People;
  spaces: Spaces;
  feed: Feed;
  client: TestClient;
  broken: unknown[];
  purge(post_id: string): Promise<void>;
  /** Waits until this node's tails have told it of all that was committed before. */
  heard(): Promise<void>;
}

/** A machine on which everything else stands still for long is not what is looked at here. */
const PATIENCE_MS = 300_000;
const LIST_KEYS_MAX = 800;

/** Small enough that everything overflows, is dropped and read again. */
export const TINY: Partial<FeedBounds> = {
  rings_bytes_max: 2_000,
  ring_entries_max: 4,
  load_entries_max: 24,
  reposts_cached_max: 4,
  lists_bytes_max: 4_000,
  list_entries_max: 12,
  window_changes_max: 12,
  posts_cached_max: 12,
  viewer_posts_max: 6,
  posts_max: 20,
};

/** A tail that has not come so far by then stands still; other databases of the cluster may hold it back for a while. */
const HEARD_MS_MAX = 300_000;

/** What kind of house a node is of. */
export interface NodeKind {
  bounds: Partial<FeedBounds>;
  /** Where homes lie that all nodes share; null: each has its own. */
  redis_url: string | null;
}

/** Where Redis was away it is asked again so many times sooner than in life, in which a second is nothing. */
const HASTE = 40;
/** Redis is given so long; where it is slower, because the machine is, pages must be the same. */
const REDIS_MS_MAX = 60;

function sharedLists(clock: Clock, url: string, list_keys_max: number) {
  const hasty: Clock = { ...clock, monotonic: () => clock.monotonic() * HASTE };
  const redis = createRedis({ url, clock: hasty, command_ms_max: REDIS_MS_MAX });
  return createRedisLists({ redis, clock, house: "h", bounds: { list_keys_max, list_ms_max: 60_000 } });
}

const none = async () => {};
const NO_MEDIA: FeedMedia = {
  videoCards: async () => new Map(),
  imageCards: async () => new Map(),
  claimForPost: none,
  hidePost: none,
  showPost: none,
  releasePost: none,
};
const WIDE = (name: string) => ({ name, burst_tokens: 10_000_000, tokens_per_s: 10_000_000 });

export async function openNode(
  target: SqlTarget,
  clock: Clock,
  number: number,
  { bounds, redis_url }: NodeKind,
): Promise<Node> {
  await using opened = new AsyncDisposableStack();
  const sql = opened.use(createSql(target, { clock, connections_max: 3, statement_ms_max: PATIENCE_MS }));
  const log = opened.use(createLog({ sql, clock }));
  const caches = createLocalCaches({ clock });
  const limiter = opened.use(createLocalLimiter({ clock, keys_max: 1_000 }));
  const ids = createIds(number, () => clock.now());
  const people = opened.use(
    await createPeople({
      sql,
      log,
      clock,
      ids,
      caches,
      limiter,
      pictures: { avatarOf: async () => null },
      house: { name: "Oracle", signup: "closed" },
      secret: "a secret of more than thirty-two characters",
      password_cost: CHEAP_PASSWORDS,
    }),
  );
  const spaces = opened.use(await createSpaces({ sql, log, clock, ids, caches, people }));
  const kinds = new Map<string, JobKind>();
  const queue = opened.use(createJobs({ sql, clock }));
  const jobs = { ...queue, define: (kind: JobKind) => void kinds.set(kind.name, kind) };
  const broken: unknown[] = [];
  const shared_homes =
    redis_url === null ? null : opened.use(sharedLists(clock, redis_url, bounds.list_entries_max ?? LIST_KEYS_MAX));
  const feed = opened.use(
    await createFeed({
      sql,
      log,
      clock,
      ids,
      caches,
      jobs,
      people,
      spaces,
      media: NO_MEDIA,
      bounds,
      ...(shared_homes ? { shared_homes } : {}),
      onFailure: (error) => broken.push(error),
    }),
  );
  if (shared_homes) opened.use(feed.rooms.timeline.work());
  const api = createApi({
    authenticate: people.authenticate,
    limiter,
    limits: { address: WIDE("address"), person: WIDE("person"), token: WIDE("token") },
    idempotency: createIdempotency(sql, "a secret of tests"),
    clock,
    trusted_proxies: 0,
    requestId: () => "oracle",
    onServed: ({ error }) => error !== undefined && broken.push(error),
  });
  const patient: Api = {
    ...api,
    serve: (route, ...more) => api.serve({ ...route, deadline_ms: PATIENCE_MS }, ...more),
  };
  serveFeed(patient, feed);
  const kept = opened.move();
  return {
    people,
    spaces,
    feed,
    broken,
    client: createTestClient((request) => api.fetch(request, "192.0.2.1")),
    async heard() {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => late.reject(new Error("a tail stands still")), HEARD_MS_MAX);
      try {
        await Promise.race([log.tailsCaughtUp(), late.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
    async purge(post_id) {
      const run: JobRun = {
        id: "1",
        attempt: 1,
        signal: new AbortController().signal,
        cursor: null,
        progress() {},
        checkpoint: none,
        fenced: sql.tx,
        finish: sql.tx,
      };
      await kinds.get("feed.purge")!.handle({ post_id }, run);
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}
