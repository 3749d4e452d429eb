import { Problem } from "#kernel/errors.ts";
import type { ImageId, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import { createLocalCaches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import { createJobs, type JobKind, type JobRun, type Jobs } from "#ports/jobs/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";
import type { TestPerson } from "#systems/people/testing.ts";
import { type TestSpaces, testSpaces } from "#systems/spaces/testing.ts";

import { feedRoutes as r, type Post, type PostImage, type PostVideo } from "./contract.ts";
import { createFeed, type Feed, FEED_FOLDER, type FeedMedia, type FeedNeeds, serveFeed } from "./index.ts";

/** A house with people, spaces and a feed, on a real database. Media are held in the hand, by the shape that the feed asks for: films take long to make. */
export interface TestFeed extends AsyncDisposable {
  house: TestSpaces;
  jobs: Jobs;
  /** What the feed declared, to be run by hand; `run` says where it is to be stopped. */
  runJob(kind: string, payload: { [key: string]: string }, run?: Partial<JobRun>): Promise<void>;
  /** Moves the feed's own clock on; what waits by timers does not notice. */
  later(ms: number): void;
  feed: Feed;
  media: HandMedia;
  /** Another node on the same database: its own caches, its own tails. */
  node(needs?: Partial<FeedNeeds>): Promise<Feed>;
  post(by: TestPerson, text: string, more?: Partial<PostBody>): Promise<Post>;
  follow(who: TestPerson, whom: TestPerson): Promise<void>;
  home(
    who: TestPerson,
    query?: { limit?: number; cursor?: string },
  ): Promise<{ items: Post[]; next_cursor: string | null }>;
  /** Waits until all sums and shorts of what was committed are made, and every node here has heard of them. */
  settled(): Promise<void>;
}

export interface PostBody {
  audience: Post["audience"];
  space_id: SpaceId | null;
  video_id: VideoId | null;
  image_ids: ImageId[];
}

export interface HandMedia extends FeedMedia {
  video(id: string, owner_id: PersonId, card?: Partial<PostVideo>): void;
  image(id: string, owner_id: PersonId): void;
  /** What was done to posts: `claim:1`, `hide:1`, `show:1:public`, `release:1`. */
  did: string[];
  /** The most pictures that one call asked for. */
  asked_max: number;
  videos: Map<VideoId, PostVideo & { owner_id: PersonId }>;
}

/** @param more migrations of systems above the feed */
export async function testFeed(needs: Partial<FeedNeeds> = {}, more: MigrationFolder[] = []): Promise<TestFeed> {
  const house = await testSpaces([FEED_FOLDER, ...more]);
  const { sql, ids } = house.db;
  let ahead_ms = 0;
  const clock: Clock = { ...house.db.clock, now: () => house.db.clock.now() + ahead_ms };
  const media = handMedia();
  const kinds = new Map<string, JobKind>();
  const queue = createJobs({ sql, clock });
  const jobs: Jobs = { ...queue, define: (kind) => void kinds.set(kind.name, kind) };
  const stand = { sql, log: house.log, jobs, clock, ids, people: house.people, spaces: house.spaces, media };
  // A test asks what is in a list, never whether a busy machine made it within half a second.
  const feed = await createFeed({ ...stand, caches: house.caches, for_you_wait_ms: 60_000, ...needs });
  serveFeed(house.api, feed);
  const working = feed.work();
  const nodes: Feed[] = [feed];
  const { client } = house;
  return {
    house,
    jobs,
    async runJob(name, payload, given = {}) {
      const run: JobRun = {
        id: "1",
        attempt: 1,
        signal: new AbortController().signal,
        cursor: null,
        progress() {},
        checkpoint: async () => {},
        fenced: sql.tx,
        finish: sql.tx,
        ...given,
      };
      await kinds.get(name)!.handle(payload, run);
    },
    later(ms) {
      ahead_ms += ms;
    },
    feed,
    media,
    async node(more = {}) {
      const other = await createFeed({
        ...stand,
        caches: createLocalCaches({ clock }),
        ...needs,
        ...more,
      });
      nodes.push(other);
      return other;
    },
    async post(by, text, more = {}) {
      const { status, body, code } = await client.call(r.createPost, {
        token: by.token,
        body: { text, audience: "public", ...more },
      });
      if (status !== 201) throw new Error(`post: ${status} ${code}`, { cause: house.broken.at(-1) });
      return body;
    },
    follow: (who, whom) => house.people.rooms.relating.follow(who.viewer, whom.handle),
    async home(who, query) {
      const { status, body, code } = await client.call(r.homeFeed, { token: who.token, ...(query ? { query } : {}) });
      if (status !== 200) throw new Error(`home: ${status} ${code}`, { cause: house.broken.at(-1) });
      return body;
    },
    async settled() {
      await house.log.caughtUp("feed", "feed.counts");
      await house.log.caughtUp("feed_seen", "feed.counts");
      await house.log.caughtUp("feed", "feed.shorts");
      // What the groups told in turn: a process keeps the sums that it was told last.
      await house.log.tailsCaughtUp();
    },
    async [Symbol.asyncDispose]() {
      working[Symbol.dispose]();
      for (const node of nodes) await node[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
}

function handMedia(): HandMedia {
  const videos = new Map<VideoId, PostVideo & { owner_id: PersonId }>();
  const images = new Map<ImageId, PostImage & { owner_id: PersonId }>();
  const did: string[] = [];
  const pick = <K extends string, V>(from: Map<K, V>, ids: readonly K[]) =>
    new Map(ids.flatMap((id) => (from.has(id) ? [[id, from.get(id)!] as const] : [])));
  const bare = <V extends { owner_id: PersonId }>(cards: Map<string, V>) =>
    new Map([...cards].map(([id, { owner_id: _, ...card }]) => [id, card]));
  const media: HandMedia = {
    did,
    asked_max: 0,
    videos,
    video(id, owner_id, card = {}) {
      videos.set(id, {
        id,
        owner_id,
        title: `Video ${id}`,
        status: "ready",
        progress: 1,
        duration_ms: 20_000,
        width: 720,
        height: 1280,
        hls_url: `/blobs/${id}/master.m3u8`,
        poster_url: null,
        placeholder: null,
        view_count: 0,
        ...card,
      });
    },
    image(id, owner_id) {
      images.set(id, { id, owner_id, status: "ready", alt: "", width: 4, height: 3, placeholder: null, variants: [] });
    },
    videoCards: async (ids) => bare(pick(videos, ids)) as Map<VideoId, PostVideo>,
    async imageCards(ids) {
      media.asked_max = Math.max(media.asked_max, ids.length);
      return bare(pick(images, ids)) as Map<ImageId, PostImage>;
    },
    async claimForPost(_tx, owner_id, { post_id, video_id, image_ids }) {
      const things = [...(video_id ? [videos.get(video_id)] : []), ...image_ids.map((id) => images.get(id))];
      if (things.some((thing) => thing?.owner_id !== owner_id))
        throw new Problem(422, "post.media_not_usable", "There is no such thing of yours.");
      did.push(`claim:${post_id}`);
    },
    async hidePost(_tx, post_id: PostId) {
      did.push(`hide:${post_id}`);
    },
    async showPost(_tx, post_id, { audience }) {
      did.push(`show:${post_id}:${audience}`);
    },
    async releasePost(_tx, post_id: PostId) {
      did.push(`release:${post_id}`);
    },
  };
  return media;
}
