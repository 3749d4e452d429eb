import { join } from "node:path";

import type { Avatar } from "#kernel/cards.ts";
import type { Ids, ImageId, PersonId, VideoId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Outside } from "#ports/outside/index.ts";
import type { Sandbox } from "#ports/sandbox/index.ts";
import type { MigrationFolder, Sql } from "#ports/sql/index.ts";

import { followPlayable } from "./beside.ts";
import { CARDS_MAX } from "./bounds.ts";
import { createCaptions } from "./captions/index.ts";
import { type Claims, createClaims } from "./claims.ts";
import { followSpaces } from "./collections/follow.ts";
import { createCollections } from "./collections/index.ts";
import type { ImageCard, MediaKind, SoundCard, VideoCard } from "./contract.ts";
import { createHolders } from "./delivery/holders.ts";
import { createShown } from "./delivery/shown.ts";
import { createWithdrawn } from "./delivery/withdrawn.ts";
import { createEarly } from "./early/arrive.ts";
import { followPrepared } from "./edits/finish.ts";
import { createEdits } from "./edits/index.ts";
import type { FfmpegTools } from "./encode/tools.ts";
import { createTell } from "./events.ts";
import { acceptance, type MediaHealth, mediaHealth } from "./health.ts";
import { createHistory, type History } from "./history/index.ts";
import { createImages } from "./images/index.ts";
import { imageCard } from "./images/present.ts";
import { serveImports } from "./imports/index.ts";
import { createReceive, type Receive } from "./imports/receive.ts";
import { DEFAULT_MEDIA_LIMITS, type MediaLimits } from "./limits.ts";
import { createLinkPictures, type LinkPictures } from "./link-pictures/index.ts";
import { createMaking } from "./making/index.ts";
import { createMediaModeration, type MediaModeration } from "./moderation/moderate.ts";
import { takenDown } from "./moderation/store.ts";
import { createMediaMoving, type MediaMoving } from "./moving.ts";
import { createTells } from "./playback/tell.ts";
import { serveMedia } from "./routes.ts";
import { createRules, type PeopleFacts, type SpaceFacts } from "./rules.ts";
import { serveS3 } from "./s3/index.ts";
import { createSounds } from "./sounds/index.ts";
import { soundCard } from "./sounds/present.ts";
import type { SoundId } from "./sounds/store.ts";
import { serveTus } from "./tus/index.ts";
import { followPeople } from "./upkeep/follow.ts";
import { createUploads } from "./uploads/index.ts";
import { createIntake } from "./uploads/intake.ts";
import { createVideos } from "./videos/index.ts";
import { createNews } from "./videos/news.ts";
import { videoCard } from "./videos/present.ts";
import { rungsOf } from "./videos/rungs.ts";
import { findVideos, listShorts } from "./videos/store.ts";
import { defineMediaJobs } from "./work.ts";

export const MEDIA_FOLDER: MigrationFolder = { system: "media", folder: join(import.meta.dirname, "sql") };

export interface MediaNeeds {
  sql: Sql;
  log: Log;
  jobs: Jobs;
  blobs: Blobs;
  sandbox: Sandbox;
  clock: Clock;
  ids: Ids;
  people: PeopleFacts;
  spaces: SpaceFacts;
  /** Where ffmpeg and ffprobe are (`findFfmpeg`); null where there is none, and then no video is taken. */
  tools: FfmpegTools | null;
  /** A folder for half-made files; best on the disk that blobs are on, where finishing one is a rename. */
  scratch_folder: string;
  /** Fetches what people give addresses of. */
  outside: Outside;
  /** Hides the addresses of who watched without signing in. */
  secret: string;
  limits?: Partial<MediaLimits>;
}

export interface Media {
  serve(api: Api): void;
  /**
   * Declares the jobs and follows what concerns media elsewhere; for nodes of the roles `all`, `worker` and `media`.
   * Dispose to stop following; jobs are drained by their own port.
   */
  work(): Disposable;
  /**
   * Takes signed addresses back from who may not see any more, and tells edges what may still be shown; for every node that
   * serves blobs. Resolves once nothing is missed; dispose to stop following.
   */
  guard(): Promise<AsyncDisposable>;
  /** Binds the signed addresses in an answer to whom it is for: as they stand now, before the answer is made. */
  addressesFor(viewer: SignedIn): (answer: string) => string;
  /** What a post shows of its video, for many posts at once. What was deleted is missing. At most `CARDS_MAX` ids. */
  videoCards(ids: readonly VideoId[]): Promise<Map<VideoId, VideoCard>>;
  imageCards(ids: readonly ImageId[]): Promise<Map<ImageId, ImageCard>>;
  /** For chat. Processing and failed ones too, without an address. */
  soundCards(ids: readonly SoundId[]): Promise<Map<SoundId, SoundCard>>;
  /** A file that another system's door reads out of a form; then make a picture or a film of it by the routes. */
  receive: Receive;
  /** For the feed, each inside the transaction that changes the post: who sees the post sees its media. */
  claimForPost: Claims["claimForPost"];
  hidePost: Claims["hidePost"];
  showPost: Claims["showPost"];
  releasePost: Claims["releasePost"];
  /** For chat, in the same way. */
  claimForMessage: Claims["claimForMessage"];
  releaseMessage: Claims["releaseMessage"];
  /** For the feed: copies of the pictures that links show. */
  link_pictures: LinkPictures;
  /** For `people`: where faces come from. */
  pictures: { avatarOf(person_id: PersonId, image_id: ImageId): Promise<Avatar | null> };
  /** For the system that moderates. */
  moderation: MediaModeration;
  /** Ids of ready, upright videos of at most 90 s below an id, newest first; whoever lists them applies the rules. */
  shortsCandidates(before: VideoId | null, limit: number): Promise<VideoId[]>;
  /** For the feed: how far somebody came in the films they watched last. */
  watchedBy: History["watchedBy"];
  health(): Promise<MediaHealth>;
  /** For who takes their things along to another house, or brings them here. */
  moving: MediaMoving;
}

export function createMedia(needs: MediaNeeds): Media {
  const { sql, log, jobs, blobs, sandbox, clock, ids, tools } = needs;
  const limits: MediaLimits = { ...DEFAULT_MEDIA_LIMITS, ...needs.limits };
  const has_ffmpeg = tools !== null;
  const accepts = (kind: MediaKind) => acceptance(kind, { has_ffmpeg });
  const tell = createTell(log);
  const rules = createRules(needs);
  const early = createEarly({ jobs, tell });
  const uploads = createUploads({ sql, jobs, blobs, clock, ids, tell, limits, spaces: needs.spaces, accepts, early });
  const videos = createVideos({
    sql,
    jobs,
    blobs,
    clock,
    ids,
    tell,
    uploads,
    rules,
    spaces: needs.spaces,
    acceptsVideo: () => accepts("video"),
  });
  const intake = createIntake({ sql, jobs, blobs, clock, limits, uploads, videos });
  const images = createImages({ sql, jobs, blobs, clock, ids, tell, uploads });
  const sounds = createSounds({ sql, jobs, clock, ids, tell, uploads, acceptsSound: () => accepts("sound") });
  const news = createNews({ sql, clock });
  const making = createMaking({ ...needs, limits });
  blobs.onMissing(making.missing);
  const claims = createClaims({ jobs, clock, tell, uploads, spaces: needs.spaces });
  const collections = createCollections({ sql, clock, ids, tell, rules });
  const history = createHistory({ sql, clock, rules, collections });
  const edits = createEdits({ sql, jobs, clock, ids, tell, uploads, acceptsVideo: () => accepts("video") });
  const tells = createTells(needs);
  const holders = createHolders(needs);
  const captions = createCaptions({ sql, jobs, clock, tell });
  const ofPosts = <T>(asked: readonly T[]): T[] => {
    if (asked.length > CARDS_MAX)
      throw new RangeError(`${asked.length} cards asked for at once; ${CARDS_MAX} is the bound`);
    return [...new Set(asked)];
  };

  return {
    serve(api) {
      serveMedia(api, {
        sql,
        blobs,
        clock,
        limits,
        people: needs.people,
        spaces: needs.spaces,
        rules,
        uploads,
        videos,
        news,
        images,
        sounds,
        collections,
        history,
        edits,
        sandbox,
        tools,
        tells,
        captions,
        jobs,
        tell,
        accepts,
      });
      serveS3(api, {
        sql,
        blobs,
        clock,
        limits,
        spaces: needs.spaces,
        uploads,
        videos,
        intake,
        keyHolder: needs.people.keyHolder,
      });
      serveImports(api, { sql, jobs, clock, uploads, videos });
      serveTus(api, { sql, clock, limits, uploads, videos, intake });
    },
    work() {
      defineMediaJobs({
        sql,
        jobs,
        blobs,
        sandbox,
        clock,
        ids,
        tell,
        uploads,
        early,
        intake,
        making,
        outside: needs.outside,
        spaces: needs.spaces,
        limits,
        tools,
        scratch_folder: needs.scratch_folder,
        secret: needs.secret,
      });
      const following = new DisposableStack();
      following.use(followPeople({ log, jobs, clock }));
      following.use(followSpaces({ log, jobs }));
      following.use(followPrepared({ log, jobs }));
      following.use(followPlayable({ log, jobs }));
      following.use(making.begin());
      following.use(holders.work());
      return following;
    },
    async guard() {
      const withdrawn = createWithdrawn({ sql, log, clock, holders });
      blobs.guardWith({
        isRevoked: holders.isRevoked,
        isWithdrawn: withdrawn.isWithdrawn,
        isShown: createShown(sql),
      });
      await using opened = new AsyncDisposableStack();
      opened.use(await holders.listen());
      opened.use(await withdrawn.listen());
      const owned = opened.move();
      return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
    },
    addressesFor(viewer) {
      const holder = holders.of(viewer);
      return (answer) => blobs.bindTo(answer, holder);
    },
    async videoCards(asked) {
      const ids = ofPosts(asked);
      const [found, hidden] = await Promise.all([findVideos(sql.pool, ids), takenDown(sql.pool, ids)]);
      const rows = found.filter((row) => !hidden.has(row.id));
      const rungs = await rungsOf(
        sql.pool,
        rows.map((row) => row.id),
      );
      return new Map(
        rows.map((row) => {
          const { until_ms: _, ...card } = videoCard(row, rungs.get(row.id) ?? [], needs);
          return [row.id, card];
        }),
      );
    },
    async imageCards(asked) {
      const rows = await images.findMany(ofPosts(asked));
      return new Map(
        rows.map((row) => {
          const { until_ms: _, ...card } = imageCard(row, needs);
          return [row.id, card];
        }),
      );
    },
    async soundCards(asked) {
      const rows = await sounds.findMany(ofPosts(asked));
      return new Map(rows.map((row) => [row.id, soundCard(row, needs)]));
    },
    receive: createReceive({ sql, blobs, limits, uploads, intake }),
    ...claims,
    link_pictures: createLinkPictures({ blobs, sandbox, scratch_folder: needs.scratch_folder }),
    pictures: { avatarOf: images.avatarOf },
    moderation: createMediaModeration({ sql, jobs, clock, tell, rules }),
    shortsCandidates: (before, limit) => listShorts(sql.pool, before, limit),
    watchedBy: history.watchedBy,
    moving: createMediaMoving({ sql, uploads, intake, images, videos }),
    health: () => mediaHealth({ has_ffmpeg, can_av1: tools?.can_av1 === true, sandbox, blobs, limits }),
  };
}

export { DEFAULT_MEDIA_LIMITS, type MediaLimits } from "./limits.ts";
export { MEDIA_TOPIC, type MediaEvent } from "./events.ts";
export { mediaRoutes, IMAGE_TYPES, SOUND_TYPES, VIDEO_TYPES } from "./contract.ts";
export type { Image, Sound, SoundCard, Video } from "./contract.ts";
export type { LinkPicture, LinkPictures } from "./link-pictures/index.ts";
export type { MediaModeration, MediaSubject } from "./moderation/moderate.ts";
export type { MediaClaim } from "./claims.ts";
export type { Degradation, MediaHealth } from "./health.ts";
export type { PeopleFacts, SpaceFacts } from "./rules.ts";
export { findFfmpeg, type FfmpegTools } from "./encode/tools.ts";
