import type { PersonCard } from "#kernel/cards.ts";
import type { PersonId } from "#kernel/ids.ts";
import { type Clock, createSystemClock } from "#ports/clock/index.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { createLog } from "#ports/log/index.ts";
import { createOutboxMail } from "#ports/mail/index.ts";
import { createOutside } from "#ports/outside/index.ts";
import { createSql, type SqlTarget } from "#ports/sql/index.ts";
import { createNotify } from "#systems/notify/index.ts";
import { NO_RELATIONS } from "#systems/people/index.ts";

import { HAPPENINGS } from "./digest-happenings.ts";

/**
 * A process that takes in what happens and sends letters until it is killed: `digest-run.ts` starts it. Who lives in this house
 * is made up; the database, the log, the jobs and the mail are real. Its calendar is moved by a row of the database.
 */
const [target, outbox] = process.argv.slice(2);
const system = createSystemClock();
const sql = createSql(JSON.parse(target!) as SqlTarget, { clock: system, connections_max: 6 });
let ahead_ms = 0;
const clock: Clock = { ...system, now: () => system.now() + ahead_ms };
const look = async () => {
  const [row] = (await sql.pool`SELECT ahead_ms::float8 AS ahead_ms FROM digest_calendar`) as { ahead_ms: number }[];
  ahead_ms = row!.ahead_ms;
};
await look();
system.every(50, look);

const cardOf = (id: PersonId): PersonCard => ({
  id,
  handle: `p${id}`,
  display_name: `Person ${id}`,
  avatar: null,
  suspended: false,
  limited: false,
  private: false,
});
const log = createLog({ sql, clock: system });
const jobs = createJobs({ sql, clock: system, workers: 4 });
const notify = createNotify({
  sql,
  log,
  jobs,
  clock,
  people: {
    cards: async (ids) => new Map(ids.map((id) => [id, cardOf(id)])),
    relations: async () => NO_RELATIONS,
  },
  feed: {
    posts: async () => new Map(),
    commentTexts: async () => new Map(),
    mutedIn: async (_person_id, texts) => texts.map(() => null),
  },
  mail: createOutboxMail({ folder: outbox!, clock: system, messages_max: 1_000_000 }),
  outside: createOutside({ clock: system }),
  secret: "a secret of workers that are killed at random",
  public_url: "https://house.example",
  house_name: async () => "House",
});
notify.register(HAPPENINGS);
notify.work();
jobs.start();
console.log("running");
