import { join } from "node:path";

import type { StoredEvent } from "#ports/log/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";
import { FEED_TOPIC } from "#systems/feed/index.ts";
import { type Notify, NOTIFY_TOPIC } from "#systems/notify/index.ts";
import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";

import { serveAbsent } from "./api/absent.ts";
import { serveAccounts } from "./api/accounts.ts";
import type { Desk } from "./api/endpoint.ts";
import { serveFilters } from "./api/filters.ts";
import { serveInstance } from "./api/instance.ts";
import { serveLists } from "./api/lists.ts";
import { serveMedia } from "./api/media.ts";
import { createNotifications, serveNotifications } from "./api/notifications.ts";
import { serveOauth } from "./api/oauth.ts";
import { serveReading } from "./api/reading.ts";
import { serveReports } from "./api/reports.ts";
import { serveScheduled } from "./api/scheduled.ts";
import { serveSearch } from "./api/search.ts";
import { serveStatuses } from "./api/statuses.ts";
import { serveTimelines } from "./api/timelines.ts";
import { serveTrends } from "./api/trends.ts";
import { openDoors } from "./door.ts";
import { createAccounts } from "./entities/accounts.ts";
import { createStatuses } from "./entities/statuses.ts";
import type { Ground } from "./ground.ts";
import { createApps } from "./oauth/apps.ts";
import { createAuthorizing } from "./oauth/authorize.ts";
import { removeGrants, removeOf } from "./oauth/store.ts";
import { createTokens } from "./oauth/tokens.ts";
import { serveAuthorizing } from "./routes.ts";
import { createHub, type Hub } from "./streaming/hub.ts";
import { serveStreaming } from "./streaming/serve.ts";
import { createTelling, happeningsOf } from "./streaming/telling.ts";

export const MASTODON_FOLDER: MigrationFolder = { system: "mastodon", folder: join(import.meta.dirname, "sql") };

export interface MastodonNeeds extends Ground {
  inbox: Notify["inbox"];
}

/** Mastodon's client API, so that the apps that people have work with this house. */
export interface Mastodon extends AsyncDisposable {
  /** Takes away what ended tokens and people leave. Start it on nodes that work in the background. */
  work(): Disposable;
  /** Removes programs that nobody uses and codes that ended; once an hour is plenty. @returns rows removed */
  trim(): Promise<number>;
  /** Lets go of all who listen, so that a house that closes does not wait for them. */
  closeStreams(): void;
  streams(): ReturnType<Hub["stats"]>;
}

/** Serves all its paths, and follows from here on what people change. Call it when the other systems' routes are served. */
export async function createMastodon(needs: MastodonNeeds): Promise<Mastodon> {
  const { inbox, ...ground } = needs;
  const { log, api } = ground;
  const apps = createApps(ground);
  const tokens = createTokens(ground);
  const accounts = createAccounts(ground);
  const statuses = createStatuses(ground, accounts);
  const desk: Desk = { ground, apps, tokens, accounts, statuses, inbox };
  const notifications = createNotifications(desk);
  serveAuthorizing(api, createAuthorizing(ground, apps));
  const serve = openDoors(api, desk);
  serveOauth(serve, desk);
  serveInstance(serve, desk);
  serveAccounts(serve, desk);
  serveStatuses(serve, desk);
  serveTimelines(serve, desk);
  serveTrends(serve, desk);
  serveMedia(serve, desk);
  serveNotifications(serve, desk, notifications);
  serveSearch(serve, desk);
  serveLists(serve, desk);
  serveReading(serve, desk);
  serveFilters(serve, desk);
  serveReports(serve, desk);
  serveScheduled(serve, desk);
  serveAbsent(serve);
  await using following = new AsyncDisposableStack();
  const hub = following.use(createHub(ground, createTelling(desk, notifications)));
  serveStreaming(api, serve, desk, hub);

  for (const topic of [FEED_TOPIC, NOTIFY_TOPIC]) {
    following.use(
      await log.tail(topic, (batch) => batch.forEach((stored) => happeningsOf(stored).forEach(hub.happened))),
    );
  }
  following.use(
    await log.tail(PEOPLE_TOPIC, (batch) => {
      for (const event of batch as unknown as PeopleEvent[]) {
        if (event.type === "people.profile_changed") accounts.forget(event.data.person_id);
        if (event.type === "people.session_revoked") {
          const credentials = event.data.credentials.map(({ id }) => id);
          tokens.forget(credentials);
          hub.end({ credentials });
        }
        if (event.type === "people.suspended" || event.type === "people.deleted")
          hub.end({ person_id: event.data.person_id });
      }
    }),
  );
  const owned = following.move();

  return {
    work: () =>
      log.consume(PEOPLE_TOPIC, "mastodon.people", async (batch: StoredEvent[], tx) => {
        for (const event of batch as unknown as PeopleEvent[]) {
          if (event.type === "people.session_revoked")
            await removeGrants(
              tx,
              event.data.credentials.flatMap(({ id, kind }) => (kind === "token" ? [id] : [])),
            );
          if (event.type === "people.deleted") await removeOf(tx, event.data.person_id);
        }
      }),
    trim: () => apps.trim(),
    closeStreams: hub.closeAll,
    streams: hub.stats,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
