import { expect } from "bun:test";
import { createServer } from "node:net";

import { createCalls } from "#ports/calls/index.ts";
import { createVirtualClock, type VirtualClock } from "#ports/clock/index.ts";

import { createOutside, HOST_AWAY_MS_MAX, type Outside } from "./index.ts";

/** A host that takes every connection and hangs up, until it is told to answer. */
export interface GoneHost extends AsyncDisposable {
  port: number;
  /** For whoever sends: how long the host is left alone is in the test's hand. */
  clock: VirtualClock;
  outside: Outside;
  asked(): number;
}

export interface Sending {
  /** Sends all that is due. */
  send(): Promise<unknown>;
  /** Of each thing that was to go: whether it went, was tried in vain, or was not sent and lost no try. */
  ends(): Promise<("taken" | "tried" | "put_off")[]>;
}

/** Failures in a row after which nobody is asked (`CALL_BOUNDS.failures_max`). */
const TRIED = 5;

/** @param status_line what it says once it answers */
export async function goneHost(status_line: string): Promise<GoneHost & { come(): void }> {
  let answers = false;
  let asked = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      asked += 1;
      if (answers) socket.end(`HTTP/1.1 ${status_line}\r\ncontent-length: 0\r\n\r\n`);
      else socket.destroy();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as { port: number };
  const clock = createVirtualClock();
  const outside = createOutside({
    clock,
    calls: createCalls({ clock }),
    resolve: async () => ["127.0.0.1"],
    test_addresses: [`127.0.0.1:${port}`],
  });
  return {
    port,
    clock,
    outside,
    asked: () => asked,
    come: () => void (answers = true),
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

/**
 * What whoever sends to strangers keeps, given eight things for a host that answers nobody: five are tried, the other three are put off
 * without a try however often they are looked at, and when the host is back all of them go.
 */
export async function putsOffForAGoneHost(
  host: Awaited<ReturnType<typeof goneHost>>,
  { send, ends }: Sending,
): Promise<void> {
  const put_off = async () => (await ends()).filter((end) => end === "put_off").length;
  await send();
  expect([host.asked(), await put_off()]).toEqual([TRIED, 3]);
  await send();
  expect([host.asked(), await put_off()]).toEqual([TRIED, 3]);
  host.come();
  await host.clock.advance(2 * HOST_AWAY_MS_MAX);
  await send();
  expect(await ends()).toEqual(Array.from({ length: 8 }, () => "taken" as const));
  expect(host.asked()).toBe(TRIED + 8);
}
