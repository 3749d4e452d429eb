import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RedisClient } from "bun";

/** A real `redis-server` of one's own, on a unix socket in a folder of its own. */
export interface TestRedis extends AsyncDisposable {
  url: string;
  /** The server's own client, past every breaker. */
  command(...words: string[]): Promise<unknown>;
  /** `kill -9`. Without persistence all is gone. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Stops it in the middle of everything, and lets it go on. */
  freeze(): void;
  thaw(): void;
}

export const REDIS_SERVER = Bun.which("redis-server");

/** @param config lines of redis.conf, such as `--maxmemory-policy`, `allkeys-lru` */
export async function testRedis(...config: string[]): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), "folkhus-redis-"));
  const socket = join(folder, "redis.sock");
  const url = `redis+unix://${socket}`;
  let server: Bun.Subprocess | null = null;

  const command = async (...words: string[]) => {
    const client = new RedisClient(url, { autoReconnect: false, enableOfflineQueue: false, connectionTimeout: 1_000 });
    try {
      await client.connect();
      return (await client.send(words[0]!, words.slice(1))) as unknown;
    } finally {
      client.close();
    }
  };
  const start = async () => {
    server = Bun.spawn(
      [
        REDIS_SERVER!,
        "--port",
        "0",
        "--unixsocket",
        socket,
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        folder,
        ...config,
      ],
      { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
    );
    for (let tries = 0; ; tries++) {
      try {
        await command("PING");
        return;
      } catch (error) {
        if (tries > 200) throw error;
        await Bun.sleep(10);
      }
    }
  };
  const kill = async () => {
    server?.kill("SIGKILL");
    await server?.exited;
    server = null;
    await rm(socket, { force: true });
  };
  await start();
  return {
    url,
    command,
    kill,
    start,
    freeze: () => server?.kill("SIGSTOP"),
    thaw: () => server?.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      server?.kill("SIGCONT");
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
