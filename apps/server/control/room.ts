import type { Logger } from "pino";

import type { Api } from "#ports/http/index.ts";
import type { Feed } from "#systems/feed/index.ts";
import type { People } from "#systems/people/index.ts";
import type { Realtime } from "#systems/realtime/index.ts";

import type { Config, Secrets } from "../config.ts";
import type { Ground } from "../ground.ts";
import { createDrills, type Drills } from "./drills.ts";
import { createGuests } from "./guests.ts";
import { openControl } from "./socket.ts";
import { worldOfProcess } from "./world.ts";

/** All that drills need of a house. */
export interface ControlRoom extends AsyncDisposable {
  drills: Drills;
  /** @param port where the house answers HTTP; null where it does not */
  open(port: number | null): Promise<AsyncDisposable | null>;
}

export function createControlRoom(
  config: Config,
  secrets: Secrets,
  parts: {
    ground: Ground;
    people: People;
    feed: Feed;
    realtime: Pick<Realtime, "stats">;
    api: Api;
    lines: Logger;
  },
  version: string,
): ControlRoom {
  const { ground, people, feed, realtime, api, lines } = parts;
  const { data_folder, free_bytes_min } = config;
  const drills = createDrills({
    clock: ground.clock,
    lines,
    guests: createGuests({ data_folder, people, fetch: (request, peer_address) => api.fetch(request, peer_address) }),
    async wipe() {
      feed.forgetAll();
      const at = await ground.shared_homes?.position().catch(() => null);
      // Anew where it stands: the lists that all nodes share are gone, and changes go on from there.
      if (at) await ground.shared_homes?.begin(at.position, at.position).catch(() => false);
      return ground.caches.wipe();
    },
    calls: ground.calls,
    letGo: async () => ground.embedded?.letGo(),
  });
  return {
    drills,
    open: (port) =>
      openControl({
        data_folder,
        lines,
        drills,
        about: () => ({
          version,
          url: port === null ? null : `http://${reachedAt(config.host)}:${port}`,
          embedded_database: ground.embedded !== null,
          keeps_database: ground.embedded !== null,
          redis: secrets.redis_url !== null,
          mail: ground.mail.leaves_house,
          store: secrets.s3_url !== null,
          free_bytes_min,
          lines_open: realtime.stats().lines,
          world: worldOfProcess(),
        }),
      }),
    [Symbol.asyncDispose]: () => drills[Symbol.asyncDispose](),
  };
}

/** Under which name a program on this machine finds who listens on `host`. */
const reachedAt = (host: string) =>
  host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
