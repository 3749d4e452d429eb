import type { Jobs } from "#ports/jobs/index.ts";
import { createFeed, type FeedMedia, serveFeed } from "#systems/feed/index.ts";
import { servePeople } from "#systems/people/index.ts";
import { createSpaces } from "#systems/spaces/index.ts";

import { listen, openStand } from "./server.ts";

/** The house's own home feed. The posts of this bench have no media on either side, and nothing is queued by reading. */
const stand = await openStand();
const spaces = await createSpaces(stand);
const media: FeedMedia = {
  videoCards: async () => new Map(),
  imageCards: async () => new Map(),
  claimForPost: async () => {},
  hidePost: async () => {},
  showPost: async () => {},
  releasePost: async () => {},
};
const feed = await createFeed({ ...stand, spaces, media, jobs: { define() {} } as Pick<Jobs, "define"> as Jobs });
serveFeed(stand.api, feed);
servePeople(stand.api, stand.people);
const working = process.env.BENCH_WORK ? feed.work() : null;
process.on("SIGUSR2", () =>
  console.error(
    JSON.stringify({
      ...feed.stats(),
      caches: stand.caches.stats().filter((c) => c.name.startsWith("feed")),
      rss_mib: process.memoryUsage.rss() / 2 ** 20,
    }),
  ),
);
process.on("SIGTERM", () => {
  working?.[Symbol.dispose]();
  process.exit(0);
});
listen(stand.api);
