import { join } from "node:path";

import type { PersonId } from "#kernel/ids.ts";
import { type HouseRole, SCOPES, type SignedIn } from "#kernel/viewer.ts";
import { createLocalCaches } from "#ports/cache/index.ts";
import { type Api, createApi, createIdempotency, DEFAULT_LIMITS } from "#ports/http/index.ts";
import { createTestClient, type TestClient } from "#ports/http/testing.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLog, type Log } from "#ports/log/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";
import { JOBS_FOLDER, LOG_FOLDER, SQL_FOLDER, type TestDatabase, testDatabase } from "#ports/sql/testing.ts";

import { createPeople, type People, PEOPLE_FOLDER, type PeopleNeeds, servePeople } from "./index.ts";

const HTTP_FOLDER: MigrationFolder = { system: "http", folder: join(import.meta.dirname, "../../ports/http/sql") };

/** A hash in a fraction of a millisecond. Never outside tests. */
export const CHEAP_PASSWORDS = { memory_kib: 8, passes: 1 };
export const TEST_PASSWORD = "seven green kettles";

/** People with everything that they stand on, in a database of their own; and the API, to serve other systems' routes too. */
export interface TestHouse extends AsyncDisposable {
  db: TestDatabase;
  log: Log;
  caches: PeopleNeeds["caches"];
  limiter: PeopleNeeds["limiter"];
  people: People;
  api: Api;
  client: TestClient;
  /** Makes somebody (or takes the one there is) and signs them in. */
  person(handle: string, role?: HouseRole): Promise<TestPerson>;
  /** Fails of the API that nobody meant; a test ends by looking that there were none. */
  broken: unknown[];
}

export interface TestPerson {
  id: PersonId;
  handle: string;
  token: string;
  viewer: SignedIn;
}

/**
 * @param more migrations of further systems, after those of the ports and of people
 * @param needs instead of the defaults: open sign-up, no pictures, no throttling that a test could meet by accident
 */
export async function testHouse(more: MigrationFolder[] = [], needs: Partial<PeopleNeeds> = {}): Promise<TestHouse> {
  const db = await testDatabase([SQL_FOLDER, LOG_FOLDER, JOBS_FOLDER, HTTP_FOLDER, PEOPLE_FOLDER, ...more]);
  const clock = needs.clock ?? db.clock;
  const log = needs.log ?? createLog({ sql: db.sql, clock });
  const caches = createLocalCaches({ clock });
  const limiter = needs.limiter ?? createLocalLimiter({ clock, keys_max: 10_000 });
  const people = await createPeople({
    sql: db.sql,
    log,
    ids: db.ids,
    caches,
    limiter,
    clock,
    pictures: { avatarOf: async () => null },
    house: { name: "Test house", signup: "open" },
    secret: "a secret of more than thirty-two characters",
    password_cost: CHEAP_PASSWORDS,
    ...needs,
  });
  const broken: unknown[] = [];
  const api = createApi({
    authenticate: people.authenticate,
    limiter,
    limits: DEFAULT_LIMITS,
    idempotency: createIdempotency(db.sql, "a secret of tests"),
    clock,
    trusted_proxies: 0,
    requestId: () => crypto.randomUUID(),
    onServed: ({ error }) => error !== undefined && broken.push(error),
  });
  servePeople(api, people);
  return {
    db,
    log,
    caches,
    limiter,
    people,
    api,
    broken,
    client: createTestClient((request) => api.fetch(request, "192.0.2.1")),
    async person(handle, role = "member") {
      const found = await people.byHandle(handle);
      const id = found?.id ?? (await people.createPerson({ handle, password: TEST_PASSWORD, role })).id;
      const started = await db.sql.tx((tx) =>
        people.rooms.sessions.start(tx, id, { address: "192.0.2.1", user_agent: "test" }),
      );
      return {
        id,
        handle,
        token: started.secret,
        viewer: {
          kind: "person",
          person_id: id,
          handle,
          role,
          suspended: false,
          credential: { kind: "session", id: started.id },
          scopes: SCOPES,
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await people[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
      await limiter[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
    },
  };
}
