import { join } from "node:path";

import { z } from "zod";

import { Problem } from "#kernel/errors.ts";

import { STORM_GAP_MS, STORM_RETRY_GAP_MS } from "../bounds.ts";
import type { Begun, Fault, Scene } from "../fault.ts";
import { zNothing } from "../node.ts";
import { embeddedObstacle, freeze } from "./postgres.ts";
import type { StormMet, StormWanted } from "./storming.ts";

/** The part of the time in which nothing works, so that everybody comes again at once. */
const BLIP_SHARE = 0.3;
const WIPE_MS = 1_000;
const zPosted = z.object({ id: z.string() });

/** The database stands for a moment, and all clients ask again at once, and go on asking, whatever they are told. */
export const retryStorm: Fault = {
  obstacle: async () => null,
  async begin(scene) {
    await using begun = new AsyncDisposableStack();
    const blowing = begun.use(storm(scene, [{ method: "GET", path: "/v1/feeds/home?limit=20" }], 0));
    if ((await embeddedObstacle(scene)) === null) {
      const blip_s = Math.max(1, scene.seconds * BLIP_SHARE);
      begun.use(await freeze(scene.config, { stop_ms: 60_000, go_ms: 0 }, blip_s));
    }
    return withWord(begun.move(), blowing);
  },
};

/** One post that everybody reads and likes at once. Only its writer's followers see it, and those are the guests. */
export const hotKey: Fault = {
  obstacle: async () => null,
  async begin(scene) {
    const [writer, ...readers] = scene.guests;
    if (!writer) throw new Problem(500, "game_day.no_guests", "Nobody is here to write what is read.");
    for (const { token } of readers) await scene.ask("PUT", `/v1/people/${writer.handle}/follow`, { token });
    const posted = await scene.ask("POST", "/v1/posts", {
      token: writer.token,
      body: { text: "Game day: what everybody reads", audience: "followers" },
    });
    const id = zPosted.safeParse(posted.body).data?.id;
    if (id === undefined)
      throw new Problem(503, "game_day.no_post", `The post could not be written (${posted.because}).`);
    const path = `/v1/posts/${id}`;
    const read = { method: "GET", path } as const;
    const like = { method: "PUT", path: `${path}/like` } as const;
    const unlike = { method: "DELETE", path: `${path}/like` } as const;
    return storm(scene, [read, read, read, like, read, read, read, unlike], STORM_GAP_MS);
  },
};

/** All caches are thrown away each second, while people read. */
export const cacheWiped: Fault = {
  obstacle: async () => null,
  async begin(scene) {
    await using begun = new AsyncDisposableStack();
    const blowing = begun.use(storm(scene, [{ method: "GET", path: "/v1/feeds/home?limit=20" }], STORM_GAP_MS * 2));
    const wipe = async () => {
      for (const { send, hold } of scene.held.processes()) await send({ command: "wipe_caches", hold }, zNothing);
    };
    await wipe();
    const again = scene.clock.every(WIPE_MS, () => wipe().catch(() => {}));
    begun.defer(() => again[Symbol.dispose]());
    return withWord(begun.move(), blowing);
  },
};

const withWord = (owned: AsyncDisposableStack, { says }: Begun): Begun => ({
  ...(says ? { says } : {}),
  [Symbol.asyncDispose]: () => owned.disposeAsync(),
});

/** Bounded by its clients, their pauses and its time, and ended with this process. */
function storm({ held, guests, seconds, storm_clients }: Scene, asks: StormWanted["asks"], gap_ms: number): Begun {
  const wanted: StormWanted = {
    url: held.url,
    seconds,
    clients: storm_clients,
    gap_ms: gap_ms === 0 ? STORM_GAP_MS : gap_ms,
    retry_gap_ms: gap_ms === 0 ? STORM_RETRY_GAP_MS : gap_ms,
    tokens: guests.map(({ token }) => token),
    asks,
  };
  const child = Bun.spawn([process.execPath, join(import.meta.dirname, "storming.ts")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    detached: true,
  });
  void child.stdin.write(`${JSON.stringify(wanted)}\n`);
  void child.stdin.flush();
  let met: StormMet | null = null;
  return {
    says() {
      if (met === null) return null;
      const { asked, answered, refused, failed, unanswered } = met;
      const under_way = asked - answered - refused - failed - unanswered;
      return `The storm asked ${asked} times: ${answered} answered, ${refused} told to come later, ${failed} failed, ${unanswered} without an answer, ${under_way} under way at its end.`;
    },
    async [Symbol.asyncDispose]() {
      // Its time is over by now, or the drill's is: then it ends with its input.
      await child.stdin.end();
      const [text] = await Promise.all([new Response(child.stdout).text(), child.exited]);
      met = text.trim() === "" ? null : (JSON.parse(text) as StormMet);
    },
  };
}
