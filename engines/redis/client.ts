import { RedisClient } from "bun";

import { createBreaker, onOwnTime, type Pass } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { createDeadline } from "./deadline.ts";
import { RedisAway, type RedisCommands } from "./script.ts";

export { RedisAway, type Script, scriptOf } from "./script.ts";

/**
 * One connection to a Redis that may be gone, slow or not to be trusted. Each command has a time; after a few failures in
 * a row none is sent for a while, and then one tries first. Nothing waits in a queue while there is no connection.
 */
export interface Redis extends RedisCommands, AsyncDisposable {
  /** @throws RedisAway */
  send(command: string, args: string[]): Promise<unknown>;
  stats(): { answered: number; failed: number; refused: number; is_away: boolean };
}

export interface RedisNeeds {
  /** `redis://…`, `rediss://…` or `redis+unix://…` */
  url: string;
  clock: Clock;
  command_ms_max?: number;
  connect_ms_max?: number;
  /** The longest pause between two tries while it is away, with up to as much again; `AWAY_MS_MAX` where nothing is said. */
  away_ms_max?: number;
  /** Told when it goes away, with the reason, and when it is back. */
  onAway?: (reason: string) => void;
  onBack?: () => void;
}

export const COMMAND_MS_MAX = 250;
const CONNECT_MS_MAX = 2_000;
const FAILURES_MAX = 3;
/** How long nothing is sent, doubled each time up to the second, with up to as much again by chance. */
const AWAY_MS_MIN = 250;
const AWAY_MS_MAX = 10_000;
/** Commands that wait for their answers; each waits no longer than its time, so only a flood against a slow Redis comes to this. */
export const COMMANDS_AT_ONCE_MAX = 10_000;

export function createRedis(needs: RedisNeeds): Redis {
  const { clock } = needs;
  const command_ms_max = needs.command_ms_max ?? COMMAND_MS_MAX;
  const connect_ms_max = needs.connect_ms_max ?? CONNECT_MS_MAX;
  const breaker = createBreaker({
    clock,
    bounds: {
      failures_max: FAILURES_MAX,
      away_ms_min: AWAY_MS_MIN,
      away_ms_max: needs.away_ms_max ?? AWAY_MS_MAX,
      // In a row alone: on one connection what is late makes all that follow late.
      failing_percent_max: 0,
      failing_calls_min: Infinity,
    },
    ...(needs.onAway ? { onAway: needs.onAway } : {}),
    ...(needs.onBack ? { onBack: needs.onBack } : {}),
  });
  let client: RedisClient | null = null;
  let connecting: Promise<RedisClient> | null = null;
  let in_flight = 0;
  let answered = 0;
  let failed = 0;
  let refused = 0;
  let closed = false;

  const deadline = createDeadline(clock, command_ms_max, () => new RedisAway(`no answer within ${command_ms_max} ms`));

  const isAway = () => breaker.state !== "closed";

  async function within<T>(ms: number, work: Promise<T>): Promise<T> {
    const ended = new AbortController();
    const late = clock.sleep(ms, ended.signal).then(
      () => {
        throw new RedisAway(`no answer within ${ms} ms`);
      },
      () => new Promise<never>(() => {}),
    );
    try {
      return await Promise.race([work, late]);
    } finally {
      ended.abort();
      // Whoever lost the race may still fail, and nobody waits for it any more.
      work.catch(() => {});
    }
  }

  async function connect(): Promise<RedisClient> {
    const fresh = new RedisClient(needs.url, {
      autoReconnect: false,
      enableOfflineQueue: false,
      connectionTimeout: connect_ms_max,
    });
    try {
      await within(connect_ms_max, fresh.connect());
      mustKeep(String(await within(connect_ms_max, fresh.send("INFO", ["memory"]))));
    } catch (error) {
      fresh.close();
      throw error;
    }
    if (closed) fresh.close();
    client = fresh;
    return fresh;
  }

  function failedWith(error: unknown, pass: Pass): RedisAway {
    failed += 1;
    const reason = error instanceof Error ? error.message : String(error);
    breaker.end(pass, "failed", reason);
    // A late answer is thrown away when it comes; a connection on which many are late is given up.
    if (isAway() || !(error instanceof RedisAway)) {
      client?.close();
      client = null;
    }
    return error instanceof RedisAway ? error : new RedisAway(reason, { cause: error });
  }

  function refusal(words: string): RedisAway {
    refused += 1;
    return new RedisAway(words, { retry_after_ms: breaker.away_ms() });
  }

  async function run<T>(work: (to: RedisClient) => Promise<T>): Promise<T> {
    if (in_flight >= COMMANDS_AT_ONCE_MAX) throw refusal("not asked, too many wait for it");
    const pass = closed ? null : breaker.begin();
    if (pass === null) throw refusal("not asked, it was away a moment ago");
    in_flight += 1;
    try {
      const to =
        client?.connected === true
          ? client
          : await (connecting ??= onOwnTime(connect).finally(() => {
              connecting = null;
            }));
      const answer = await deadline.run(work(to));
      answered += 1;
      breaker.end(pass, "answered");
      return answer;
    } catch (error) {
      throw failedWith(error, pass);
    } finally {
      in_flight -= 1;
    }
  }

  return {
    send: (command, args) => run((to) => to.send(command, args)),
    script: ({ text, sha }, args, keys = []) =>
      run(async (to) => {
        const rest = [String(keys.length), ...keys, ...args];
        try {
          return await to.send("EVALSHA", [sha, ...rest]);
        } catch (error) {
          if (!(error instanceof Error) || !error.message.includes("NOSCRIPT")) throw error;
          return to.send("EVAL", [text, ...rest]);
        }
      }),
    stats: () => ({ answered, failed, refused, is_away: isAway() }),
    async [Symbol.asyncDispose]() {
      closed = true;
      client?.close();
      client = null;
    },
  };
}

/** A Redis that evicts would take away who is told of what, and a list would go on as if nothing had happened in it. */
function mustKeep(info: string): void {
  const of = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  if (of("maxmemory") === "0" || of("maxmemory_policy") === "noeviction") return;
  throw new RedisAway(`it evicts keys (maxmemory-policy ${of("maxmemory_policy") ?? "unknown"}); set noeviction`);
}
