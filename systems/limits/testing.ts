import { createLocalCaches } from "#ports/cache/index.ts";
import { createApi, createIdempotency } from "#ports/http/index.ts";
import { createTestClient, type TestClient } from "#ports/http/testing.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLog, type Log } from "#ports/log/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";
import { type PeopleNeeds, servePeople } from "#systems/people/index.ts";
import { serveSpaces } from "#systems/spaces/index.ts";
import { type TestSpaces, testSpaces } from "#systems/spaces/testing.ts";

import { createLimits, type Limits, LIMITS_FOLDER, type LimitsNeeds, serveLimits } from "./index.ts";

/** One node of a house: its own book, limiter and door, on the database of the others. */
export interface TestNode extends AsyncDisposable {
  limits: Limits;
  log: Log;
  client: TestClient;
  fetch(request: Request, address?: string): Promise<Response>;
  troubles: string[];
  broken: unknown[];
}

export interface TestLimits extends TestSpaces {
  node(needs?: Partial<LimitsNeeds>): Promise<TestNode>;
}

export const TEST_SIGN_IN = "POST /v1/sessions";

/** A test house whose doors draw from rule sets; make nodes of it. */
export async function testLimits(more: MigrationFolder[] = [], needs: Partial<PeopleNeeds> = {}): Promise<TestLimits> {
  const house = await testSpaces([LIMITS_FOLDER, ...more], needs);
  const { db, people, spaces } = house;
  const clock = needs.clock ?? db.clock;
  return {
    ...house,
    async node(other = {}) {
      const troubles: string[] = [];
      const broken: unknown[] = [];
      const limiter = createLocalLimiter({ clock, keys_max: 10_000 });
      // As of a process of its own, so that it hears of the others by the database alone.
      const log = createLog({ sql: db.sql, clock });
      const limits = await createLimits({
        sql: db.sql,
        log,
        clock,
        limiter,
        people,
        spaces,
        caches: createLocalCaches({ clock }),
        others_limiter: createLocalLimiter({ clock, keys_max: 10_000 }),
        secret: "a secret of more than thirty-two characters",
        sign_in_routes: [TEST_SIGN_IN],
        routes: () => api.limited(),
        onTrouble: (because) => troubles.push(because),
        onFailure: (error) => broken.push(error),
        ...other,
      });
      const api = createApi({
        authenticate: people.authenticate,
        limiter: other.limiter ?? limiter,
        limits: limits.book,
        idempotency: createIdempotency(db.sql, "a secret of tests"),
        clock,
        trusted_proxies: 0,
        requestId: () => crypto.randomUUID(),
        onServed: ({ error }) => error !== undefined && broken.push(error),
      });
      servePeople(api, people);
      serveSpaces(api, spaces);
      serveLimits(api, limits);
      const fetch = (request: Request, address = "192.0.2.1") => api.fetch(request, address);
      return {
        limits,
        log,
        client: createTestClient((request) => fetch(request)),
        fetch,
        troubles,
        broken,
        async [Symbol.asyncDispose]() {
          await limits[Symbol.asyncDispose]();
          await log[Symbol.asyncDispose]();
        },
      };
    },
  };
}
