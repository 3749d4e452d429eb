import { chmod, mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Logger } from "pino";

import {
  createRedis,
  createRedisBus,
  createRedisLimiter,
  createRedisLists,
  type Redis,
  type RedisLimiter,
} from "#engines/redis/index.ts";
import { createS3Blobs } from "#engines/s3/index.ts";
import { parseS3Url } from "#engines/s3/url.ts";
import { createSmtpMail, type SmtpMail } from "#engines/smtp/index.ts";
import type { Ids } from "#kernel/ids.ts";
import { type Blobs, createFileBlobs } from "#ports/blobs/index.ts";
import { type Bus, createLocalBus } from "#ports/bus/index.ts";
import { createLocalCaches } from "#ports/cache/index.ts";
import { type Calls, createCalls } from "#ports/calls/index.ts";
import { type Clock, createSystemClock } from "#ports/clock/index.ts";
import { createJobs, type Jobs } from "#ports/jobs/index.ts";
import { createLocalLimiter, type Limiter } from "#ports/limiter/index.ts";
import type { SharedLists } from "#ports/lists/index.ts";
import { createLog, type Log } from "#ports/log/index.ts";
import { createOutboxMail, type Mail } from "#ports/mail/index.ts";
import { createOutside, type Outside } from "#ports/outside/index.ts";
import { createSandbox, type Sandbox } from "#ports/sandbox/index.ts";
import {
  createSql,
  type EmbeddedPostgres,
  keepRunning,
  leaseNode,
  liveNodes,
  migrate,
  type Sql,
  startEmbeddedPostgres,
} from "#ports/sql/index.ts";
import { LIST_ENTRIES_MAX, LIST_SHARED_MS_MAX } from "#systems/feed/contract.ts";

import type { Config, Secrets } from "./config.ts";
import {
  createSteppedClock,
  type CutCalls,
  cuttable,
  type SteppedClock,
  wipeable,
  type WipedCaches,
} from "./control/index.ts";
import { createLapses, type Lapses } from "./job-meters.ts";
import { migrationFolders } from "./migrations.ts";
import { signingSecret } from "./secret.ts";

/** What systems stand on, chosen by configuration. Made once per process, disposed in reverse. */
export interface Ground extends AsyncDisposable {
  /** The machine's, which a drill may set off. */
  clock: SteppedClock;
  /** Every call that leaves the process, but those to the database and to Redis, which have their own. */
  calls: CutCalls;
  outside: Outside;
  sql: Sql;
  /** The same by one connection of its own, for `/readyz`: a pool that is full is no database that is away. */
  pulse: Sql;
  ids: Ids;
  /** Fires with the reason when this process must stop: it may no longer make ids, or its database cannot be started again. */
  lost: AbortSignal;
  /** The house's own database; null where DATABASE_URL names another. */
  embedded: EmbeddedPostgres | null;
  log: Log;
  jobs: Jobs;
  /** Of this process, for its metrics. */
  job_lapses: Lapses;
  caches: WipedCaches;
  /** Between nodes: in Redis, or this process's own. */
  bus: Bus;
  limiter: Limiter;
  /** The same where all nodes share it in Redis; null: each process counts for itself. */
  shared_limiter: RedisLimiter | null;
  blobs: Blobs;
  sandbox: Sandbox;
  mail: Mail;
  /** Push lists in Redis; null: each process has its own. */
  shared_homes: SharedLists | null;
  /** Signs media addresses and hides addresses of viewers; the same in all processes of a house. */
  secret: string;
  /** Where browsers fetch media from when that is not the house itself. */
  media_origins: string[];
  engines: { database: string; blobs: string; lists: string; mail: string };
}

const LIMITER_KEYS_MAX = 100_000;
/** Only the limiter's beat tries, so it may try often. */
const LIMITS_AWAY_MS_MAX = 500;
/**
 * Connections of one process; the embedded database takes 80 in all. Work in the background holds a connection for as long
 * as a handler takes, so it has a pool of its own and never keeps a request waiting.
 */
const REQUEST_CONNECTIONS_MAX = 12;
const BACKGROUND_CONNECTIONS_MAX = 10;
/** What `/readyz` asks is given up in the database after this, so that looks do not pile up in one that hangs. */
const PULSE_MS_MAX = 2_000;

export interface GroundOptions {
  lines: Logger;
  /** The command line beside a running server leaves the database running when it ends. */
  beside_a_server?: boolean;
}

export async function openGround(
  config: Config,
  secrets: Secrets,
  { lines, beside_a_server = false }: GroundOptions,
): Promise<Ground> {
  await using opened = new AsyncDisposableStack();
  const clock = createSteppedClock(createSystemClock());
  const own_calls = createCalls({
    clock,
    // Places of strangers come and go all day; whoever has business there is told by what they wait for.
    onAway: (told) =>
      lines[told.key === null ? "warn" : "debug"](
        told,
        "what was called does not answer; it is left alone for a while",
      ),
    onBack: (told) => lines[told.key === null ? "info" : "debug"](told, "what was called answers again"),
  });
  const calls = cuttable(own_calls, clock);

  let database = "PostgreSQL by DATABASE_URL";
  let target: Parameters<typeof createSql>[0];
  let embedded: EmbeddedPostgres | null = null;
  /** What ends this process when it happens. */
  const losses: AbortSignal[] = [];
  if (config.database_url === null) {
    embedded = opened.use(
      await startEmbeddedPostgres({
        folder: join(config.data_folder, "postgres"),
        leave_running_if_adopted: beside_a_server,
        say: (line) => lines.info(line),
      }),
    );
    if (!beside_a_server) losses.push(opened.use(keepDatabase(embedded, clock, lines)).given_up);
    target = embedded.target;
    database = `embedded PostgreSQL ${embedded.version}`;
  } else {
    target = { url: config.database_url };
  }
  const sql = opened.use(createSql(target, { clock, connections_max: REQUEST_CONNECTIONS_MAX }));
  const background = opened.use(createSql(target, { clock, connections_max: BACKGROUND_CONNECTIONS_MAX }));
  const pulse = opened.use(createSql(target, { clock, connections_max: 1, statement_ms_max: PULSE_MS_MAX }));
  const ran = await migrate(sql, migrationFolders());
  if (ran.length > 0) lines.info({ migrations: ran.length }, "the database's schema was brought up to date");
  const lease = opened.use(await leaseNode(sql, clock));
  losses.push(lease.lost);

  const log = opened.use(
    createLog({
      sql: background,
      clock,
      onFailure: (failure) => lines.warn(failure, "a reader of the event log failed and will try again"),
    }),
  );
  const job_lapses = createLapses();
  const jobs = opened.use(
    createJobs({
      sql: background,
      clock,
      onFailure(failure) {
        job_lapses.note(failure);
        lines.warn(failure, "a job failed");
      },
      onError: (err) => lines.error({ err }, "the jobs' database is away; trying again"),
    }),
  );
  const secret = secrets.signing_secret ?? (await signingSecret(config.data_folder));
  const blobs = opened.use(await openBlobs(config, secrets, secret, { clock, calls }, lines));
  const redis = secrets.redis_url === null ? null : opened.use(openRedis(secrets.redis_url, clock, lines));
  const shared_homes = redis && opened.use(openSharedHomes(redis, secret, clock));
  const bus = opened.use(
    redis
      ? createRedisBus({ redis, url: secrets.redis_url!, clock, house: houseName("bus", secret) })
      : createLocalBus(),
  );
  const shared_limiter =
    secrets.redis_url === null ? null : await openSharedLimiter(opened, secrets.redis_url, secret, sql, clock, lines);
  const limiter = shared_limiter ?? opened.use(createLocalLimiter({ clock, keys_max: LIMITER_KEYS_MAX }));
  const sandbox = await createSandbox({ clock });
  await letSandboxThrough(config.data_folder, sandbox);

  const mail = await openMail(config, secrets, secret, { clock, calls });
  if (Symbol.asyncDispose in mail) opened.use(mail);

  const owned = opened.move();
  return {
    clock,
    calls,
    outside: createOutside({ clock, calls }),
    sql,
    pulse,
    ids: lease.ids,
    lost: AbortSignal.any(losses),
    embedded,
    log,
    jobs,
    job_lapses,
    caches: wipeable(createLocalCaches({ clock })),
    bus,
    limiter,
    shared_limiter,
    blobs,
    sandbox,
    shared_homes,
    mail,
    secret,
    media_origins: secrets.s3_url === null ? [] : mediaOrigins(secrets.s3_url),
    engines: {
      database,
      blobs: secrets.s3_url === null ? "files in the data folder" : "S3 by S3_URL",
      lists: secrets.redis_url === null ? "in each process" : "Redis by REDIS_URL",
      mail: mail.leaves_house ? "SMTP by SMTP_URL" : "an outbox folder",
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const keepDatabase = (embedded: EmbeddedPostgres, clock: Clock, lines: Logger) =>
  keepRunning(embedded, {
    clock,
    onDown: (told) => lines.error(told, "the embedded database has died; it is started again"),
    onUp: (told) => lines.warn(told, "the embedded database runs again"),
  });

/**
 * Without bubblewrap, programs of another account walk to their files by the real path. What is in the folder keeps its own
 * walls, and nobody can list it.
 */
async function letSandboxThrough(data_folder: string, sandbox: Sandbox): Promise<void> {
  if (sandbox.strength !== "rlimits" || process.getuid?.() !== 0) return;
  await mkdir(data_folder, { recursive: true });
  const { mode } = await stat(data_folder);
  await chmod(data_folder, (mode & 0o777) | 0o001);
}

async function openBlobs(
  config: Config,
  secrets: Secrets,
  secret: string,
  { clock, calls }: Pick<Ground, "clock" | "calls">,
  lines: Logger,
): Promise<Blobs> {
  const onError = (err: unknown) => lines.error({ err }, "a blob could not be served");
  if (secrets.s3_url !== null) {
    return createS3Blobs({ url: secrets.s3_url, clock, calls, secret, base_path: "/blobs", onError });
  }
  return createFileBlobs({
    folder: join(config.data_folder, "blobs"),
    clock,
    secret,
    base_path: "/blobs",
    free_bytes_min: config.free_bytes_min,
    onError,
  });
}

function openRedis(url: string, clock: Clock, lines: Logger): Redis {
  return createRedis({
    url,
    clock,
    onAway: (reason) =>
      lines.warn({ reason }, "Redis is away: homes are made without it, and nodes look for news in the database alone"),
    onBack: () => lines.info("Redis is back"),
  });
}

/** What is needed to send letters, or null where none leave the house. Nothing is connected yet. */
export async function openSmtp(
  { mail_from, dkim }: Pick<Config, "mail_from" | "dkim">,
  { smtp_url }: Pick<Secrets, "smtp_url">,
  secret: string,
  clock: Clock,
  calls?: Calls,
): Promise<SmtpMail | null> {
  if (smtp_url === null || mail_from === null) return null;
  const key = dkim && { selector: dkim.selector, key_pem: await readFile(dkim.key_file, "utf8") };
  return createSmtpMail({ url: smtp_url, from: mail_from, secret, dkim: key, clock, ...(calls ? { calls } : {}) });
}

const openMail = async (
  config: Config,
  secrets: Secrets,
  secret: string,
  { clock, calls }: Pick<Ground, "clock" | "calls">,
): Promise<Mail | SmtpMail> =>
  (await openSmtp(config, secrets, secret, clock, calls)) ??
  createOutboxMail({ folder: join(config.data_folder, "outbox"), clock });

/** Named after the house's secret, which all its processes have and no other house: two houses may share one Redis. */
const houseName = (what: "lists" | "bus" | "limits", secret: string) =>
  new Bun.CryptoHasher("sha256").update(`folkhus ${what} ${secret}`).digest("hex").slice(0, 16);

function openSharedHomes(redis: Redis, secret: string, clock: Clock): SharedLists {
  const bounds = { list_keys_max: LIST_ENTRIES_MAX, list_ms_max: LIST_SHARED_MS_MAX };
  return createRedisLists({ redis, clock, house: houseName("lists", secret), bounds });
}

/** On a connection of its own: what is slow elsewhere makes no limit wait, and no limit anything else. */
async function openSharedLimiter(
  opened: AsyncDisposableStack,
  url: string,
  secret: string,
  sql: Sql,
  clock: Clock,
  lines: Logger,
): Promise<RedisLimiter> {
  const limiter = opened.use(
    createRedisLimiter({
      redis: opened.use(createRedis({ url, clock, away_ms_max: LIMITS_AWAY_MS_MAX })),
      clock,
      house: houseName("limits", secret),
      keys_max: LIMITER_KEYS_MAX,
      liveNodes: () => liveNodes(sql),
      leases: true,
      onAlone: (reason) =>
        lines.warn({ reason }, "limits are counted in each process, which allows its part of them: Redis is away"),
      onShared: (told) => lines.info(told, "limits are counted in Redis again"),
    }),
  );
  await limiter.ready;
  return limiter;
}

/** For the page's content policy: browsers are sent from our addresses to these. */
function mediaOrigins(s3_url: string): string[] {
  const { endpoint, bucket, style, public_url } = parseS3Url(s3_url);
  const store = new URL(endpoint);
  if (style === "host") store.hostname = `${bucket}.${store.hostname}`;
  return [store.origin, ...(public_url === null ? [] : [new URL(public_url).origin])];
}
