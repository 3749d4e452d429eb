import { join } from "node:path";

import type { Logger } from "pino";

import { addressOf, type Api, createApi, createIdempotency, type Served } from "#ports/http/index.ts";
import { serveCentrifugo } from "#systems/centrifugo/index.ts";
import { type Chat, createChat, serveChat } from "#systems/chat/index.ts";
import { createFeed, createMoving, type Feed, serveFeed, serveMoving } from "#systems/feed/index.ts";
import { createHooks, type Hooks, paceBot, serveHooks } from "#systems/hooks/index.ts";
import { createJobsDesk, type JobsDesk, serveJobs } from "#systems/jobs/index.ts";
import { type Limits, serveLimits } from "#systems/limits/index.ts";
import { createMastodon, type Mastodon } from "#systems/mastodon/index.ts";
import { createMedia, findFfmpeg, type Media } from "#systems/media/index.ts";
import { createModeration, type Gates, type Moderation, serveModeration } from "#systems/moderation/index.ts";
import { chatNotices, createNotify, hooksNotices, type Notify, serveNotify } from "#systems/notify/index.ts";
import { createPeople, type People, type Pictures, servePeople } from "#systems/people/index.ts";
import { createRealtime, type Realtime } from "#systems/realtime/index.ts";
import { createSpaces, serveSpaces, type Spaces } from "#systems/spaces/index.ts";

import type { Config, Secrets } from "./config.ts";
import { createControlRoom } from "./control/room.ts";
import { createFront } from "./front.ts";
import { type Ground, openGround } from "./ground.ts";
import { API_GUIDE } from "./guide.ts";
import { createHealth, degradations, type Health } from "./health.ts";
import { openAccess, openLimits, PAGE_COST, troubleOf } from "./limits.ts";
import { listen, type Listening } from "./listen.ts";
import { watchLoad } from "./load.ts";
import { logServed } from "./log-lines.ts";
import { createMetrics } from "./metrics.ts";
import { OPEN_GATES } from "./open-gates.ts";
import { openPage } from "./open-page.ts";
import { createReady } from "./ready.ts";
import { defineUpkeep } from "./upkeep.ts";

export const VERSION = "0.1.0";

/** The whole house in this process. The only place where engines and systems meet. */
export interface House extends AsyncDisposable {
  ground: Ground;
  people: People;
  spaces: Spaces;
  limits: Limits;
  realtime: Realtime;
  media: Media;
  feed: Feed;
  chat: Chat;
  hooks: Hooks;
  moderation: Moderation;
  notify: Notify;
  mastodon: Mastodon;
  jobs: JobsDesk;
  api: Api;
  health: Health;
  /** Answers any request, as the network's door does. */
  fetch(request: Request, peer_address: string): Promise<Response>;
  listen(): Promise<Listening>;
  /** Opens the socket by which drills are run, for this account alone; null where it cannot be. */
  control(port: number | null): Promise<AsyncDisposable | null>;
  /** Starts what works in the background, as far as this process has the roles for it. */
  work(): void;
  /** The one-time link for the first admin; null once there is one. */
  setupLink(url: string): Promise<string | null>;
  /** What is degraded, in words for people. */
  notes(): Promise<string[]>;
  lost: AbortSignal;
}

export interface ComposeOptions {
  lines: Logger;
  /** The command line beside a running server: it works on the same state and leaves the database running. */
  beside_a_server?: boolean;
}

const JOBS_DRAIN_MS_MAX = 10_000;

export async function composeHouse(config: Config, secrets: Secrets, options: ComposeOptions): Promise<House> {
  await using opened = new AsyncDisposableStack();
  const { lines } = options;
  const ground = opened.use(await openGround(config, secrets, options));
  const { sql, clock, calls, outside, ids, log, jobs, caches, bus, limiter, blobs, sandbox } = ground;

  // People stand below media, and yet an avatar is a picture: the door is handed over once media are there.
  const pictures: { current: Pictures } = { current: { avatarOf: async () => null } };
  // Moderation stands above all of them, and yet its shields hold at their doors; until it is there, nobody comes.
  const gates: { current: Gates } = { current: OPEN_GATES };
  const people = opened.use(
    await createPeople({
      sql,
      log,
      clock,
      ids,
      caches,
      limiter,
      pictures: { avatarOf: (person_id, image_id) => pictures.current.avatarOf(person_id, image_id) },
      house: { name: config.house_name, signup: config.signup },
      secret: ground.secret,
      gate: {
        signUp: (address) => gates.current.signUp(address),
        came: (tx, address) => gates.current.came(tx, address),
      },
      notes: async () => [
        ...(await degradations(health))
          // Work that is late is for who runs the house: nobody else can do anything about it.
          .filter(({ name }) => name !== "jobs")
          .map(({ name, because }) => ({ code: name, detail: because })),
        ...(await moderation.notes()),
        ...troubleOf(limits),
      ],
    }),
  );
  const spaces = opened.use(await createSpaces({ sql, log, clock, ids, caches, people }));
  const limits: Limits = opened.use(await openLimits(ground, { people, spaces, lines, api: () => api }));
  const realtime = opened.use(
    await createRealtime({
      sql,
      ids,
      bus,
      clock,
      log,
      jobs,
      limiter,
      people,
      onFailure: (err) =>
        lines.warn({ err: String(err) }, "the line could not reach what it stands on; it tries again"),
    }),
  );
  const tools = await findFfmpeg(sandbox, config.ffmpeg_path === null ? {} : { ffmpeg: config.ffmpeg_path });
  const media = createMedia({
    sql,
    log,
    jobs,
    blobs,
    sandbox,
    clock,
    ids,
    people,
    spaces,
    tools,
    scratch_folder: join(config.data_folder, "scratch"),
    outside,
    secret: ground.secret,
    limits: {
      video_bytes_max: config.upload_bytes_max,
      free_bytes_reserve: config.free_bytes_min,
      av1_views_min: config.av1_views_min,
      person_room: (person_id) => gates.current.room(person_id),
      begin_upload: (person_id) => gates.current.upload(person_id),
    },
  });
  pictures.current = media.pictures;
  opened.use(await media.guard());
  const feed = opened.use(
    await createFeed({
      sql,
      log,
      jobs,
      clock,
      ids,
      caches,
      people,
      spaces,
      media,
      admit: (viewer) => gates.current.write(viewer),
      timeline: config.timeline,
      push_followers_max: config.push_followers_max,
      ...(ground.shared_homes ? { shared_homes: ground.shared_homes } : {}),
      onFailure: (err) => lines.warn({ err: String(err) }, "homes could not be pushed; they are pulled meanwhile"),
      links: {
        outside,
        pictures: media.link_pictures,
        public_url: config.public_url,
        onPictureLost: (err) => lines.debug({ err: String(err) }, "the picture of a link was not to be had"),
      },
    }),
  );
  const stand = { sql, log, jobs, clock, ids, people, spaces };
  const chat = opened.use(
    await createChat({
      ...stand,
      media,
      line: realtime,
      links: feed.links,
      async admit(viewer) {
        await paceBot(limiter, viewer);
        await gates.current.write(viewer);
      },
    }),
  );
  const hooks = createHooks({
    ...stand,
    limiter,
    chat,
    line: realtime,
    posts: feed.posts,
    outside,
    secret: ground.secret,
    public_url: config.public_url,
  });
  const moderated = { people, spaces, feed: feed.moderation, video: media.moderation };
  const moderation: Moderation = opened.use(
    await createModeration({ sql, log, jobs, clock, ids, limiter, ...moderated }),
  );
  gates.current = moderation.gates;
  const notify = createNotify({
    sql,
    log,
    jobs,
    clock,
    people,
    feed,
    mail: ground.mail,
    outside,
    secret: ground.secret,
    public_url: config.public_url,
    house_name: async () => (await people.rooms.house.settings()).name,
    line: realtime,
  });
  notify.register(chatNotices(chat));
  notify.register(hooksNotices(hooks));

  const { jobs_wait_ms_max: wait_ms_max } = config;
  const desk = createJobsDesk({ sql, clock, jobs, people, spaces, audit: moderation.rooms.audit, wait_ms_max });

  const load = opened.use(watchLoad({ clock, sql, caches, lines, wait_target_ms: config.wait_target_ms }));
  let draining = false;
  const health = createHealth({
    sql: ground.pulse,
    blobs,
    sandbox,
    clock,
    data_folder: config.data_folder,
    free_bytes_min: config.free_bytes_min,
    lists: ground.shared_homes,
    limits: ground.shared_limiter,
    load,
    calls,
    ffmpeg: { version: tools?.version ?? null, lacks_av1: config.av1_views_min > 0 && tools?.can_av1 === false },
    waits: desk.waits,
    draining: () => draining,
    drill: () => room.drills.notice(),
  });
  const metrics = createMetrics({
    caches,
    calls,
    jobs,
    job_lapses: ground.job_lapses,
    waits: desk.waits,
    log,
    timelines: feed.stats,
    line: realtime.stats,
    limits: { stats: () => ({ ...ground.shared_limiter?.stats(), ...limits.stats() }) },
    load,
    version: VERSION,
  });
  const kept_log = options.beside_a_server ? null : config.access_log;
  const access_log = opened.use(await openAccess(ground, kept_log, { limits, lines }));
  const idempotency = createIdempotency(sql, ground.secret);
  const onServed = (served: Served) => {
    metrics.served(served);
    logServed(lines, served);
    access_log?.note(served);
  };
  const api: Api = createApi({
    authenticate: people.authenticate,
    limiter,
    limits: limits.book,
    idempotency,
    clock,
    load,
    trusted_proxies: config.trusted_proxies,
    public_url: config.public_url,
    textFor: media.addressesFor,
    requestId: () => crypto.randomUUID(),
    onServed,
  });
  servePeople(api, people);
  serveSpaces(api, spaces);
  serveLimits(api, limits);
  realtime.serve(api);
  serveCentrifugo(api, { clock, people, line: realtime, version: VERSION });
  media.serve(api);
  serveFeed(api, feed);
  const { ground: feed_ground } = feed.rooms;
  const { relating } = people.rooms;
  serveMoving(api, createMoving({ ground: feed_ground, blobs, files: media.moving, relating, reading: feed.rooms }));
  serveModeration(api, moderation);
  serveChat(api, chat);
  serveHooks(api, hooks);
  serveNotify(api, notify);
  serveJobs(api, desk);
  const mastodon = opened.use(
    await createMastodon({
      sql,
      log,
      clock,
      ids,
      caches,
      limiter,
      api,
      people,
      feed,
      media,
      inbox: notify.inbox,
      version: VERSION,
    }),
  );

  const addressOfCaller = (request: Request, peer_address: string) =>
    addressOf(request, peer_address, config.trusted_proxies);
  const ready = createReady({ health, limiter, clock, addressOf: addressOfCaller });
  let front: ReturnType<typeof createFront> | null = null;
  const openFront = async () =>
    createFront({
      api,
      blobs,
      clock,
      load,
      addressOf: addressOfCaller,
      onServed,
      metrics,
      metrics_token: secrets.metrics_token,
      ready,
      cost: PAGE_COST,
      ...(await openPage({
        outdir: join(config.data_folder, "page"),
        lines,
        about: {
          api,
          house: () => people.rooms.house.facts(),
          public_url: config.public_url,
          media_origins: ground.media_origins,
        },
      })),
      about: { title: config.house_name, version: VERSION, description: API_GUIDE },
    });
  const fetch = async (request: Request, peer_address: string) =>
    (front ??= await openFront())(request, () => peer_address);

  const room = opened.use(createControlRoom(config, secrets, { ground, people, feed, realtime, api, lines }, VERSION));

  const owned = opened.move();
  return {
    ground,
    people,
    spaces,
    limits,
    realtime,
    media,
    feed,
    chat,
    hooks,
    moderation,
    notify,
    mastodon,
    jobs: desk,
    api,
    health,
    lost: ground.lost,
    fetch,
    async listen() {
      front ??= await openFront();
      return listen({
        port: config.port,
        host: config.host,
        fetch: front,
        upgrade: async (request, peer) => (URL.canParse(request.url) ? api.upgrade(request, peer()) : null),
        onError: (err) => lines.error({ err }, "a request broke outside of the API"),
        onDrain() {
          draining = true;
          mastodon.closeStreams();
          const leaving = realtime.drain();
          owned.defer(() => leaving);
        },
      });
    },
    control: room.open,
    work() {
      if (config.roles.has("worker")) {
        defineUpkeep({ jobs, log, idempotency, people, mastodon });
        for (const system of [people, spaces, limits, feed, chat, hooks, moderation, notify, mastodon])
          owned.use(system.work());
      }
      if (config.roles.has("media")) owned.use(media.work());
      if (config.roles.has("worker") || config.roles.has("media")) {
        jobs.start();
        owned.defer(() => jobs.drain(JOBS_DRAIN_MS_MAX));
      }
    },
    async setupLink(url) {
      const secret = await people.ensureSetupLink();
      return secret === null ? null : `${url}/setup?token=${secret}`;
    },
    notes: async () => (await degradations(health)).map(({ because }) => because),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
