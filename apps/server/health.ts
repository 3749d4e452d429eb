import { statfs } from "node:fs/promises";

import type { Blobs } from "#ports/blobs/index.ts";
import { type Calls, gather } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { SharedLists } from "#ports/lists/index.ts";
import type { Load } from "#ports/load/index.ts";
import type { Sandbox } from "#ports/sandbox/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { Wait } from "#systems/jobs/index.ts";

import { createJobsCheck } from "./jobs-check.ts";

/** One thing that the house stands on. `degraded` still serves; `down` does not. */
export interface Check {
  name: string;
  state: "ok" | "degraded" | "down";
  /** What people notice, and what to do. Empty when all is well. */
  because: string;
}

export interface Health {
  checks(): Promise<Check[]>;
}

/** For all that has to be asked: what is silent is told as that, and never waited for. */
const LOOK_MS_MAX = 2_000;
const CLOCK_SKEW_MS_MAX = 2_000;

export interface HealthNeeds {
  sql: Sql;
  blobs: Blobs;
  sandbox: Sandbox;
  clock: Clock;
  data_folder: string;
  free_bytes_min: number;
  /** Push lists that nodes share; null where there are none. */
  lists: Pick<SharedLists, "stats"> | null;
  /** Limits that nodes share; null where each process counts for itself. */
  limits: { stats(): { is_alone: boolean; nodes: number } } | null;
  load: Pick<Load, "stage" | "stats">;
  calls: Pick<Calls, "away">;
  /** `lacks_av1`: the house wants AV1 of what is watched much, and this ffmpeg cannot make it. */
  ffmpeg: { version: string | null; lacks_av1: boolean };
  /** Of each class of jobs how long its oldest has waited, beside how long it may. */
  waits: () => Promise<Wait[]>;
  draining: () => boolean;
  /** What a drill is doing to the house, in words. */
  drill: () => string | null;
}

export function createHealth(needs: HealthNeeds): Health {
  const jobs = createJobsCheck(needs);
  return {
    async checks() {
      const { clock } = needs;
      const { values } = await gather(
        { database: () => database(needs), disk: () => disk(needs), jobs },
        // What broke is said by its own check, and what is late below.
        { clock, ms_max: LOOK_MS_MAX, onFailed() {} },
      );
      return [
        lifecycle(needs),
        values.database ?? silent("database", "The database"),
        values.disk ?? silent("disk", "The disk that the data folder is on"),
        ...(values.jobs ? [values.jobs] : []),
        load(needs),
        memory(needs),
        video(needs),
        sandbox(needs),
        ...(needs.lists ? [redis(needs.lists)] : []),
        ...(needs.limits ? [limits(needs.limits)] : []),
        ...drill(needs),
        ...needs.calls.away().map(({ name, because }): Check => ({ name, state: "degraded", because })),
      ];
    },
  };
}

export const degradations = async (health: Health): Promise<Check[]> =>
  (await health.checks()).filter((check) => check.state !== "ok");

const silent = (name: string, what: string): Check => ({
  name,
  state: "down",
  because: `${what} did not answer within ${LOOK_MS_MAX} ms.`,
});

const ok = (name: string): Check => ({ name, state: "ok", because: "" });

function lifecycle({ draining }: HealthNeeds): Check {
  return draining() ? { name: "lifecycle", state: "down", because: "The house is stopping." } : ok("lifecycle");
}

async function database({ sql, clock }: HealthNeeds): Promise<Check> {
  try {
    const before = clock.now();
    const rows = await sql.pool<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
    const skew_ms = Math.abs((rows[0]?.now.getTime() ?? before) - before);
    if (skew_ms > CLOCK_SKEW_MS_MAX) {
      return {
        name: "database",
        state: "degraded",
        because: `This machine's clock and the database's differ by ${Math.round(skew_ms)} ms. Set both by NTP.`,
      };
    }
    return ok("database");
  } catch {
    return { name: "database", state: "down", because: "The database cannot be reached." };
  }
}

async function disk({ blobs, data_folder, free_bytes_min }: HealthNeeds): Promise<Check> {
  const free = (await blobs.freeBytes()) ?? (await freeBytesOf(data_folder));
  if (free === null || free >= free_bytes_min) return ok("disk");
  return {
    name: "disk",
    state: "degraded",
    because: `Only ${Math.round(free / 2 ** 20)} MiB are free. New uploads are refused until there is room; everything else goes on.`,
  };
}

async function freeBytesOf(folder: string): Promise<number | null> {
  const stats = await statfs(folder).catch(() => null);
  return stats ? stats.bavail * stats.bsize : null;
}

function video({ ffmpeg }: HealthNeeds): Check {
  return ffmpeg.version === null
    ? {
        name: "ffmpeg",
        state: "down",
        because:
          "ffmpeg is missing, so the house takes no video. Install it (Debian: apt-get install ffmpeg) or set FFMPEG_PATH, then start again.",
      }
    : ffmpeg.lacks_av1
      ? {
          name: "ffmpeg",
          state: "degraded",
          because:
            "This ffmpeg has no libsvtav1, so what is watched much gets no AV1 and plays as H.264. Install one that has it, or set FOLKHUS_AV1_VIEWS_MIN to 0.",
        }
      : ok("ffmpeg");
}

function redis(lists: Pick<SharedLists, "stats">): Check {
  return lists.stats().is_away
    ? {
        name: "redis",
        state: "degraded",
        because:
          "Redis does not answer, so homes are made from memory and the database: the same pages, at more cost. The log says why.",
      }
    : ok("redis");
}

function limits(shared: NonNullable<HealthNeeds["limits"]>): Check {
  const { is_alone, nodes } = shared.stats();
  if (!is_alone) return ok("limits");
  return {
    name: "limits",
    state: "degraded",
    because: `Redis does not answer, so each process counts limits for itself and allows its part of them (1 of ${nodes}). The log says why.`,
  };
}

function load({ load: { stats } }: HealthNeeds): Check {
  const { is_behind, loop_lag_ms, in_flight, waiting } = stats();
  if (!is_behind) return ok("load");
  return {
    name: "load",
    state: "degraded",
    because: `The house has more to do than it can: work waits ${Math.round(loop_lag_ms)} ms for its turn, ${in_flight} requests are at work and ${waiting} wait. What matters least is refused for now.`,
  };
}

const SHORT_OF_MEMORY = {
  calm: "",
  caution: "What can be left out is refused.",
  shed: "What can be left out is refused, and half as much is done at once.",
  refuse: "New sockets and uploads are refused until there is room.",
};

function memory({ load: { stage, stats } }: HealthNeeds): Check {
  if (stage === "calm") return ok("memory");
  const { rss_bytes, memory_bytes_max, free_share } = stats();
  return {
    name: "memory",
    state: "degraded",
    because: `This process has ${Math.round(rss_bytes / 2 ** 20)} of ${Math.round(memory_bytes_max / 2 ** 20)} MiB, and ${Math.round(free_share * 100)} % of the machine's memory are free. ${SHORT_OF_MEMORY[stage]}`,
  };
}

function drill(needs: HealthNeeds): Check[] {
  const because = needs.drill();
  return because === null ? [] : [{ name: "drill", state: "degraded", because }];
}

function sandbox({ sandbox: { strength, degraded_because } }: HealthNeeds): Check {
  return strength === "bubblewrap"
    ? ok("sandbox")
    : {
        name: "sandbox",
        state: "degraded",
        because: `Strangers' files are decoded with resource limits only: ${degraded_because}`,
      };
}
