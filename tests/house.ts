import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createTestClient, freePort, type TestClient } from "#ports/http/testing.ts";
import { createSql, type Sql, startEmbeddedPostgres } from "#ports/sql/index.ts";
import { completeUpload, createUpload, signParts } from "#systems/media/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { layGround } from "./ground.ts";

const ROOT = join(import.meta.dirname, "..");
const START_MS_MAX = 180_000;

/** A real house in a process of its own, on a data folder that survives its death. */
export interface House extends AsyncDisposable {
  url: string;
  data_folder: string;
  client: TestClient;
  /** The one-time set-up link that the first start printed. */
  setup_token: string | null;
  /** kill -9 of the server; the database is left as it would be after a crash. */
  crash(): Promise<void>;
  /** SIGTERM, and waits. @returns the exit code */
  stop(): Promise<number>;
  /** Starts again on the same folder and port. */
  restart(env?: Record<string, string>): Promise<void>;
  /** What it printed since its last start. */
  output(): string;
  /** The database of the house, beside it: it lives on when the house is killed. */
  database(): Promise<Sql>;
  /** What 20 s do by themselves after a crash (CR2 waits for them): the dead house's claims and leases run out. */
  leasesEnd(): Promise<void>;
  /**
   * Waits until the lists of all films say what the rows say: a film is ready a moment before its lists are written anew,
   * and those of before name other files for the same qualities.
   */
  listsWritten(): Promise<void>;
  /** Names below a folder of the data, for looking after orphans. */
  files(folder: string): Promise<string[]>;
}

/**
 * @param before is given the data folder before the first start
 * @param options.from_nothing the house makes its database and its page by itself, as a first start does
 */
export async function startHouse(
  env: Record<string, string> = {},
  before: (data_folder: string) => Promise<unknown> = async () => {},
  options: { from_nothing?: boolean } = {},
): Promise<House> {
  const data_folder = await mkdtemp(join(tmpdir(), "house-"));
  const ground = options.from_nothing ? null : await layGround(join(data_folder, "data"));
  await before(join(data_folder, "data"));
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  let child = spawn();
  let printed = "";

  function spawn(more: Record<string, string> = {}) {
    const process_ = Bun.spawn([process.execPath, "apps/server/main.ts"], {
      cwd: ROOT,
      stdout: "pipe",
      stderr: "pipe",
      env: {
        PATH: process.env.PATH ?? "",
        HOME: data_folder,
        PORT: String(port),
        FOLKHUS_DATA: join(data_folder, "data"),
        FOLKHUS_SIGNUP: "open",
        // It shares two cores with browsers, encoders and another house: what sheds is tried where it has a clock of its own.
        FOLKHUS_WAIT_TARGET_MS: "5000",
        ...env,
        ...more,
      },
    });
    for (const stream of [process_.stdout, process_.stderr]) void collect(stream);
    return process_;
  }
  async function collect(stream: ReadableStream<Uint8Array>) {
    const decoder = new TextDecoder();
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>)
      printed += decoder.decode(chunk, { stream: true });
  }
  async function untilReady() {
    const until = Date.now() + START_MS_MAX;
    while (Date.now() < until) {
      if (child.exitCode !== null) throw new Error(`The house ended with ${child.exitCode}:\n${printed}`);
      const answer = await fetch(`${url}/readyz`).catch(() => null);
      // The address is printed last; with it comes the set-up link.
      if (answer?.ok && printed.includes(" is open: ")) return;
      await Bun.sleep(50);
    }
    throw new Error(`The house was not ready in ${START_MS_MAX} ms:\n${printed}`);
  }

  const database = async (): Promise<Sql> => {
    const folder = join(data_folder, "data/postgres");
    const { target } = await startEmbeddedPostgres({ folder, leave_running_if_adopted: true });
    return createSql(target, { clock: createSystemClock(), connections_max: 2 });
  };

  await untilReady();
  const setup_token = /\/setup\?token=([\w-]+)/.exec(printed)?.[1] ?? null;
  return {
    url,
    data_folder: join(data_folder, "data"),
    client: createTestClient((request) => fetch(request), url),
    setup_token,
    output: () => printed,
    database,
    async listsWritten() {
      await using sql = await database();
      while ((await sql.pool`SELECT FROM jobs_living WHERE kind = 'media.publish_video' LIMIT 1`).length > 0)
        await Bun.sleep(20);
    },
    async leasesEnd() {
      await using sql = await database();
      await sql.pool`UPDATE jobs_queue SET wakes_at = clock_timestamp() WHERE state = 'running'`;
      await sql.pool`UPDATE jobs_leases SET wakes_at = clock_timestamp()`;
      await sql.pool`UPDATE media_making_leases SET until = clock_timestamp()`;
    },
    async crash() {
      child.kill("SIGKILL");
      await child.exited;
    },
    async stop() {
      child.kill("SIGTERM");
      return child.exited;
    },
    async restart(more) {
      printed = "";
      child = spawn(more);
      await untilReady();
    },
    async files(folder) {
      const path = join(data_folder, "data", folder);
      if (!existsSync(path)) return [];
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await child.exited;
      } else {
        // It was left dead: start it once more, so that it takes the database down with it.
        child = spawn();
        await untilReady().catch(() => {});
        child.kill("SIGTERM");
        await child.exited;
      }
      await rm(data_folder, { recursive: true, force: true });
      await ground?.[Symbol.asyncDispose]();
    },
  };
}

export const PASSWORD = "a long enough sentence";

const COMES_AGAIN_MAX = 5;

/** On a machine with too much to do a call may outlast its time: who is told to come again does, as any client would. */
async function patiently<Answer extends { status: number }>(
  call: (again: boolean) => Promise<Answer>,
): Promise<Answer> {
  let answer = await call(false);
  for (let times = 0; answer.status === 503 && times < COMES_AGAIN_MAX; times++) {
    await Bun.sleep(1_000);
    answer = await call(true);
  }
  return answer;
}

/** Signs a person up and in. @returns the bearer token */
export async function personOf(house: House, handle: string): Promise<string> {
  let is_taken = false;
  const signedUp = await patiently(async (again) => {
    const answer = await house.client.call(peopleRoutes.signUp, {
      body: { handle, password: PASSWORD, display_name: handle },
    });
    // What was given up may have been done all the same; signing in tells.
    is_taken = again && answer.status === 409;
    return answer;
  });
  if (signedUp.status !== 201 && !is_taken)
    throw new Error(`${handle} could not sign up: ${signedUp.status} ${signedUp.code}`);
  const signedIn = await patiently(() =>
    house.client.call(peopleRoutes.signIn, { body: { handle, password: PASSWORD } }),
  );
  return signedIn.body.token;
}

const PARTS_AT_ONCE = 8;

/** Puts a file into the house as any client does: parts straight to storage. @returns the upload's id */
export async function uploadFile(
  house: House,
  token: string,
  file: { name: string; media_type: string; bytes: Uint8Array },
): Promise<string> {
  const { client, url } = house;
  const begun = await client.call(createUpload, {
    token,
    body: { filename: file.name, size_bytes: file.bytes.byteLength, media_type: file.media_type },
  });
  if (begun.status !== 201) throw new Error(`upload refused: ${begun.status} ${begun.code}`);
  const { id, part_size_bytes, part_count } = begun.body;
  const parts: { part_number: number; etag: string }[] = [];
  for (let first = 1; first <= part_count; first += PARTS_AT_ONCE) {
    const part_numbers = Array.from({ length: Math.min(PARTS_AT_ONCE, part_count - first + 1) }, (_, i) => first + i);
    const signed = await client.call(signParts, { token, params: { upload_id: id }, body: { part_numbers } });
    const sent = signed.body.parts.map(async ({ part_number, url: path }) => {
      const body = file.bytes.slice((part_number - 1) * part_size_bytes, part_number * part_size_bytes);
      const answer = await fetch(new URL(path, url), { method: "PUT", body });
      return { part_number, etag: answer.headers.get("etag") ?? "" };
    });
    parts.push(...(await Promise.all(sent)));
  }
  const completed = await client.call(completeUpload, { token, params: { upload_id: id }, body: { parts } });
  if (completed.status !== 202) throw new Error(`upload not completed: ${completed.status} ${completed.code}`);
  return id;
}

/** A moving picture with sound, really encoded. */
export async function makeClip(options: {
  seconds: number;
  width?: number;
  height?: number;
  codec?: "libx264" | "libx265" | "mpeg4";
  container?: string;
}): Promise<Uint8Array> {
  const { seconds, width = 640, height = 360, codec = "libx264", container = "mp4" } = options;
  const folder = await mkdtemp(join(tmpdir(), "clip-"));
  const path = join(folder, `clip.${container}`);
  const child = Bun.spawn(
    [
      ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", `testsrc2=size=${width}x${height}:rate=24:duration=${seconds}`],
      [
        "-f",
        "lavfi",
        "-i",
        `sine=frequency=330:duration=${seconds}`,
        "-c:v",
        codec,
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
      ],
      ["-c:a", "aac", "-b:a", "96k", "-shortest", path],
    ]
      .flat()
      .filter((word, i, all) => codec !== "mpeg4" || (word !== "-preset" && all[i - 1] !== "-preset")),
    { stdout: "ignore", stderr: "pipe" },
  );
  if ((await child.exited) !== 0) throw new Error(`ffmpeg: ${await new Response(child.stderr).text()}`);
  const bytes = new Uint8Array(await Bun.file(path).arrayBuffer());
  await rm(folder, { recursive: true, force: true });
  return bytes;
}
