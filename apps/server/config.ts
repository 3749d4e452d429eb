import { resolve } from "node:path";

import { parseSmtpUrl, senderOf } from "#engines/smtp/url.ts";
import { DAY_MS } from "#kernel/time.ts";
import { WAIT_TARGET_MS } from "#ports/load/index.ts";
import { PUSH_FOLLOWERS_BOUND, PUSH_FOLLOWERS_MAX, STRATEGIES } from "#systems/feed/contract.ts";
import { WAIT_MS_MAX } from "#systems/jobs/contract.ts";
import { SIGNUP_MODES, type SignupMode } from "#systems/people/contract.ts";

/** The environment, read once. Everything else gets values; nothing else reads a variable. */
export interface Config {
  port: number;
  host: string;
  data_folder: string;
  house_name: string;
  /** Where people reach the house, without a slash at the end; null means: whatever host the request names. */
  public_url: string | null;
  signup: SignupMode;
  roles: ReadonlySet<Role>;
  trusted_proxies: number;
  log_level: LogLevel;
  /** A line for each request goes into this file; null: into none. */
  access_log: { file: string; file_bytes_max: number } | null;
  /** How long the oldest job of a class that is due may wait; over that the house says that it starves. */
  jobs_wait_ms_max: typeof WAIT_MS_MAX;
  database_url: string | null;
  /** The address that letters come from; null only where no server takes them. */
  mail_from: string | null;
  /** Letters are signed with the key in this file, under this selector of the sender's domain. */
  dkim: { selector: string; key_file: string } | null;
  ffmpeg_path: string | null;
  /** Largest single upload. */
  upload_bytes_max: number;
  /** New uploads are refused below this much free disk. */
  free_bytes_min: number;
  /** Longest wait that a read of a person is asked to bear while the house has more to do than it can. */
  wait_target_ms: number;
  /** Views in a week from which on a video gets AV1 too; 0 for never. */
  av1_views_min: number;
  /** How homes are made until an admin chooses otherwise, and who is pulled by `hybrid`: whoever more people follow. */
  timeline: (typeof STRATEGIES)[number];
  push_followers_max: number;
}

/** Kept apart, so that a dump of the configuration never shows them. */
export interface Secrets {
  /** Signs blob URLs; null means: kept in the data folder, made at the first start. */
  signing_secret: string | null;
  s3_url: string | null;
  /** Push lists of homes in Redis, shared by all nodes; nothing else is there yet. */
  redis_url: string | null;
  /** Which server takes the house's letters; null: they are written into the outbox folder. */
  smtp_url: string | null;
  metrics_token: string | null;
}

/** `web` answers HTTP, `worker` runs jobs, `media` runs the jobs that need ffmpeg. */
export const ROLES = ["web", "worker", "media"] as const;
export type Role = (typeof ROLES)[number];

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const DAY_S = DAY_MS / 1000;

/** @throws ConfigError with a sentence that names the variable */
export function readConfig(env: Record<string, string | undefined>): { config: Config; secrets: Secrets } {
  const read = reader(env);
  if (read.text("NATS_URL") !== null)
    throw new ConfigError("NATS_URL is set, but this version of folkhus has no NATS engine yet. Unset it.");
  const smtp_url = read.url("SMTP_URL", ["smtp:", "smtps:"]);
  return {
    config: {
      port: read.integer("PORT", 4000, 0, 65_535),
      host: read.text("HOST") ?? "127.0.0.1",
      data_folder: resolve(read.text("FOLKHUS_DATA") ?? "data"),
      house_name: read.text("FOLKHUS_NAME") ?? "Folkhus",
      public_url: read.url("FOLKHUS_URL", ["http:", "https:"])?.replace(/\/+$/, "") ?? null,
      signup: read.oneOf("FOLKHUS_SIGNUP", SIGNUP_MODES, "invitation"),
      roles: read.roles("FOLKHUS_ROLES"),
      trusted_proxies: read.integer("FOLKHUS_TRUSTED_PROXIES", 0, 0, 10),
      access_log: accessLogIn(read),
      jobs_wait_ms_max: {
        interactive:
          read.integer("FOLKHUS_JOBS_INTERACTIVE_WAIT_S_MAX", WAIT_MS_MAX.interactive / 1000, 1, DAY_S) * 1000,
        batch: read.integer("FOLKHUS_JOBS_BATCH_WAIT_S_MAX", WAIT_MS_MAX.batch / 1000, 1, DAY_S) * 1000,
        maintenance:
          read.integer("FOLKHUS_JOBS_MAINTENANCE_WAIT_S_MAX", WAIT_MS_MAX.maintenance / 1000, 1, DAY_S) * 1000,
      },
      log_level: read.oneOf("FOLKHUS_LOG", LOG_LEVELS, "info"),
      database_url: read.url("DATABASE_URL", ["postgres:", "postgresql:"]),
      mail_from: senderIn(read, smtp_url),
      dkim: dkimIn(read),
      ffmpeg_path: read.text("FFMPEG_PATH"),
      upload_bytes_max: read.integer("FOLKHUS_UPLOAD_MIB_MAX", 10 * 1024, 1, 1024 * 1024) * MIB,
      timeline: read.oneOf("FOLKHUS_TIMELINE", STRATEGIES, "pull"),
      push_followers_max: read.integer("FOLKHUS_PUSH_FOLLOWERS_MAX", PUSH_FOLLOWERS_MAX, 0, PUSH_FOLLOWERS_BOUND),
      wait_target_ms: read.integer("FOLKHUS_WAIT_TARGET_MS", WAIT_TARGET_MS, 10, 10_000),
      av1_views_min: read.integer("FOLKHUS_AV1_VIEWS_MIN", 500, 0, 1_000_000_000),
      free_bytes_min: read.integer("FOLKHUS_FREE_MIB_MIN", 1024, 0, 1024 * 1024) * MIB,
    },
    secrets: {
      signing_secret: read.secret("FOLKHUS_SECRET"),
      s3_url: read.url("S3_URL", ["s3:"]),
      redis_url: read.url("REDIS_URL", ["redis:", "rediss:", "redis+unix:"]),
      smtp_url,
      metrics_token: read.secret("FOLKHUS_METRICS_TOKEN"),
    },
  };
}

type Reader = ReturnType<typeof reader>;

/** Who signs in writes the letters, where that is an address and nothing else is said. */
function senderIn(read: Reader, smtp_url: string | null): string | null {
  const given = read.text("FOLKHUS_MAIL_FROM");
  if (smtp_url === null) return given;
  let from: string | null;
  try {
    from = senderOf(parseSmtpUrl(smtp_url), given);
  } catch (error) {
    throw new ConfigError((error as RangeError).message);
  }
  if (from === null)
    throw new ConfigError(
      "FOLKHUS_MAIL_FROM must be the one address that letters come from, such as house@example.org, when SMTP_URL is set.",
    );
  return from;
}

function dkimIn(read: Reader): Config["dkim"] {
  const [selector, key_file] = [read.text("FOLKHUS_DKIM_SELECTOR"), read.text("FOLKHUS_DKIM_KEY_FILE")];
  if (selector === null && key_file === null) return null;
  if (selector === null || key_file === null)
    throw new ConfigError("FOLKHUS_DKIM_SELECTOR and FOLKHUS_DKIM_KEY_FILE go together: set both or none.");
  return { selector, key_file: resolve(key_file) };
}

function accessLogIn(read: Reader): Config["access_log"] {
  const file = read.text("FOLKHUS_ACCESS_LOG");
  const file_bytes_max = read.integer("FOLKHUS_ACCESS_LOG_MIB_MAX", 64, 1, 4096) * MIB;
  return file === null ? null : { file: resolve(file), file_bytes_max };
}

const SECRET_CHARS_MIN = 32;

function reader(env: Record<string, string | undefined>) {
  const text = (name: string): string | null => {
    const value = env[name]?.trim();
    return value ? value : null;
  };
  return {
    text,
    integer(name: string, otherwise: number, min: number, max: number): number {
      const value = text(name);
      if (value === null) return otherwise;
      const number = Number(value);
      if (!/^\d+$/.test(value) || number < min || number > max) {
        throw new ConfigError(`${name} is "${value}", but it must be a whole number from ${min} to ${max}.`);
      }
      return number;
    },
    oneOf<const T extends readonly string[]>(name: string, allowed: T, otherwise: T[number]): T[number] {
      const value = text(name);
      if (value === null) return otherwise;
      if (!allowed.includes(value))
        throw new ConfigError(`${name} is "${value}", but it must be one of: ${allowed.join(", ")}.`);
      return value;
    },
    url(name: string, protocols: string[]): string | null {
      const value = text(name);
      if (value === null) return null;
      const url = URL.canParse(value) ? new URL(value) : null;
      // The value itself is not repeated: a database URL holds a password.
      if (!url || !protocols.includes(url.protocol)) {
        throw new ConfigError(`${name} is not a URL that starts with ${protocols.map((p) => `${p}//`).join(" or ")}.`);
      }
      return value;
    },
    secret(name: string): string | null {
      const value = text(name);
      if (value !== null && value.length < SECRET_CHARS_MIN)
        throw new ConfigError(`${name} must have at least ${SECRET_CHARS_MIN} characters.`);
      return value;
    },
    roles(name: string): ReadonlySet<Role> {
      const value = text(name);
      if (value === null || value === "all") return new Set(ROLES);
      const wanted = value.split(",").map((role) => role.trim());
      const wrong = wanted.find((role) => !(ROLES as readonly string[]).includes(role));
      if (wrong !== undefined)
        throw new ConfigError(`${name} names the role "${wrong}", but there are: all, ${ROLES.join(", ")}.`);
      return new Set(wanted as Role[]);
    },
  };
}

export const DISK_WARN_BYTES = 5 * GIB;
