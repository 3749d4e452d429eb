import { join } from "node:path";

import type { SqlTarget } from "#ports/sql/index.ts";

import { openRaw, type RawClient, type RawEvents } from "../../tests/line-history/raw-socket.ts";

/** Loopback has many addresses, each with ports of its own. */
const PER_ADDRESS = 5_000;

/** A process of the house, which can be killed and started again at its port. */
export async function startLineNode(target: SqlTarget) {
  let child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  let port = 0;
  async function start(): Promise<void> {
    child = Bun.spawn([process.execPath, join(import.meta.dirname, "node-child.ts")], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
      env: { ...process.env, NODE_ENV: "production", BENCH_TARGET: JSON.stringify(target), BENCH_PORT: String(port) },
    });
    const { value } = await child.stdout.getReader().read();
    if (!value) throw new Error("the process did not start");
    port = Number(new TextDecoder().decode(value));
  }
  await start();
  return {
    start,
    get pid() {
      return child.pid;
    },
    /** @throws where nobody listens */
    open: (person: number, secret: string, events: RawEvents): Promise<RawClient> =>
      openRaw(
        {
          port,
          path: "/v1/socket",
          host: `127.0.0.${1 + Math.floor(person / PER_ADDRESS)}`,
          headers: {
            authorization: `Bearer ${secret}`,
            "x-forwarded-for": `10.${person >> 16}.${(person >> 8) & 255}.${person & 255}`,
          },
        },
        events,
      ),
    /** So many items in a stream, of so many characters, one each so many ms. */
    async append(stream: string, count: number, chars: number, every_ms: number) {
      void child.stdin.write(`${stream} ${count} ${chars} ${every_ms}\n`);
      await child.stdin.flush();
    },
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
