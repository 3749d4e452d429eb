import type { Fault } from "../fault.ts";

/** kill -9 of the process that answers HTTP. Whoever supervises it starts it again; a house that nobody watches is not killed. */
export const nodeKilled: Fault = {
  async obstacle({ supervised }) {
    return supervised
      ? null
      : "the house is killed and must be started again: say --supervised where something does that (systemd, a container)";
  },
  async begin({ held }) {
    const front = held.processes().find(({ hello }) => hello.url === held.url);
    if (front) process.kill(front.hello.pid, "SIGKILL");
    return { [Symbol.asyncDispose]: async () => {} };
  },
  last: ({ held }, signal) => held.again(signal),
};
