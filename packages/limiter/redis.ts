import { createDeadline } from "../../engines/redis/deadline.ts";
import { RedisAway, type RedisCommands, type Script, scriptOf } from "../../engines/redis/script.ts";
import type { Clock } from "../../ports/clock/index.ts";
import { CONNECT_MS_MAX, NODE_MS_MAX } from "./bounds.ts";

/**
 * A connection that you have: `ioredis` (a cluster's too), `redis`, Bun's own, or a function for whatever else there is. Give the
 * limits one of their own: whoever is slow on it makes this node decide alone.
 */
export type RedisConnection = Ioredis | NodeRedis | BunRedis | SendCommand;

/** @param key the first key of the command, for a cluster that must know its slot */
export type SendCommand = (command: string[], key: string | undefined) => Promise<unknown>;

interface Ioredis {
  call(command: string, ...args: string[]): Promise<unknown>;
  status: string;
}
interface NodeRedis {
  sendCommand(args: string[]): Promise<unknown>;
  isReady: boolean;
}
interface BunRedis {
  send(command: string, args: string[]): Promise<unknown>;
  connect(): Promise<unknown>;
  connected: boolean;
}

/** What the limits ask, over a connection of another maker. One that is not there is not asked: nothing waits in its queue. */
export function commandsOver(
  connection: RedisConnection,
  { clock, command_ms_max }: { clock: Clock; command_ms_max: number },
): RedisCommands {
  const { send, isThere, begin } = sender(connection);
  const deadline = createDeadline(clock, command_ms_max, () => new RedisAway(`no answer within ${command_ms_max} ms`));
  let has_begun = false;
  /** Only at the start, when nobody waits for it but `ready`: the connection is being made. */
  const beThere = async () => {
    if (has_begun) return;
    has_begun = true;
    begin?.();
    for (let left_ms = CONNECT_MS_MAX; left_ms > 0 && !isThere(); left_ms -= LOOK_MS) await clock.sleep(LOOK_MS);
  };
  const within = async (command: string[], key: string | undefined) => {
    await beThere();
    if (!isThere()) throw new RedisAway("there is no connection");
    return deadline.run(send(command, key));
  };
  return {
    async script({ sha, text }, args, keys = []) {
      const rest = [String(keys.length), ...keys, ...args];
      try {
        return await within(["EVALSHA", sha, ...rest], keys[0]);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.includes("NOSCRIPT")) throw error;
        return within(["EVAL", text, ...rest], keys[0]);
      }
    },
  };
}

const LOOK_MS = 5;

interface Sender {
  send: SendCommand;
  isThere: () => boolean;
  begin?: () => void;
}

function sender(connection: RedisConnection): Sender {
  if (typeof connection === "function") return { send: connection, isThere: () => true };
  // ioredis has a `sendCommand` too, which takes something else.
  if ("call" in connection && typeof connection.call === "function")
    return {
      send: ([command, ...args]) => connection.call(command!, ...args),
      // One that waits connects with its first command.
      isThere: () => connection.status === "ready" || connection.status === "wait",
    };
  if ("sendCommand" in connection && typeof connection.sendCommand === "function")
    return { send: (command) => connection.sendCommand(command), isThere: () => connection.isReady };
  if ("send" in connection && typeof connection.send === "function")
    return {
      send: ([command, ...args]) => connection.send(command!, args),
      isThere: () => connection.connected,
      // Whether it worked is seen by `connected`.
      begin: () => void connection.connect().catch(() => {}),
    };
  throw new TypeError("This is no connection to Redis: give one of ioredis, redis or Bun, or a function.");
}

/** · → how many have said this lately, by the time of Redis */
const HERE: Script = scriptOf(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ${NODE_MS_MAX})
redis.call('PEXPIRE', KEYS[1], ${2 * NODE_MS_MAX})
return redis.call('ZCARD', KEYS[1])`);

/** Counts nodes through Redis itself. Where that is away, whoever asks goes on with the number before. */
export function countedNodes(redis: RedisCommands, house: string, id: string): () => Promise<number> {
  return async () => Number(await redis.script(HERE, [id], [`folkhus:{${house}.0}:limit:nodes`]));
}
