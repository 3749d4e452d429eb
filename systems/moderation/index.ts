import { join } from "node:path";

import type { Ids } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { MigrationFolder, Sql } from "#ports/sql/index.ts";
import type { FeedModeration } from "#systems/feed/index.ts";
import type { MediaModeration } from "#systems/media/index.ts";

import { type Acts, createActs } from "./acts/acts.ts";
import { type Appeals, createAppeals } from "./appeals/appeals.ts";
import { type Audit, createAudit } from "./audit/audit.ts";
import { type Cases, createCases } from "./cases/cases.ts";
import { defineRetention } from "./cases/retention.ts";
import { createDesk, type Desk } from "./desk.ts";
import { defineEnds, startFollowing, startFollowingDeletions } from "./follow.ts";
import type { Ground, ModeratedPeople, ModeratedSpaces } from "./ground.ts";
import { createOfficers } from "./officers.ts";
import { createPresent } from "./present.ts";
import { createReports, type Reports } from "./reports/reports.ts";
import { postsReportedSince } from "./reports/store.ts";
import { createRules, type Rules } from "./rules/rules.ts";
import { createGates, type Gates } from "./shields/gates.ts";
import { defineTicks, startMeasuring } from "./shields/measure.ts";
import { createShields, type Shields } from "./shields/shields.ts";
import { createSubjects } from "./subjects.ts";
import { createSummary, type Summary } from "./summary.ts";

export const MODERATION_FOLDER: MigrationFolder = { system: "moderation", folder: join(import.meta.dirname, "sql") };

export interface ModerationNeeds {
  sql: Sql;
  log: Log;
  jobs: Jobs;
  clock: Clock;
  ids: Ids;
  limiter: Limiter;
  people: ModeratedPeople;
  spaces: ModeratedSpaces;
  feed: FeedModeration;
  video: MediaModeration;
}

export interface Moderation extends AsyncDisposable {
  shields: Shields;
  /** For people, feed and media: where shields hold. */
  gates: Gates;
  /** What is tight, in words for the house's notes. */
  notes(): Promise<{ code: string; detail: string }[]>;
  /** For who learns what people would rather not see: reported posts, the newest first. Says nothing of what came of it. */
  postsReportedSince(since: Date, reports_max: number): ReturnType<typeof postsReportedSince>;
  /** Ends what ends by itself, measures for the shields, and writes down what officers do elsewhere. */
  work(): Disposable;
  /** For this system's own routes. */
  rooms: Rooms;
}

export interface Rooms {
  rules: Rules;
  reports: Reports;
  cases: Cases;
  acts: Acts;
  appeals: Appeals;
  desk: Desk;
  audit: Audit;
  summary: () => Promise<Summary>;
}

export async function createModeration(needs: ModerationNeeds): Promise<Moderation> {
  const { sql, log, jobs, clock, people, limiter } = needs;
  const audit = createAudit({ sql, clock, people });
  const ground: Ground = { ...needs, audit };
  const subjects = createSubjects(ground);
  const officers = createOfficers(ground);
  const present = createPresent(ground);
  const acts = createActs(ground, subjects, officers);
  const cases = createCases(ground, subjects, officers, acts);
  const shields = await createShields({ sql, log, clock, audit });
  const rooms: Rooms = {
    rules: createRules(ground),
    reports: createReports(ground, subjects),
    cases,
    acts,
    appeals: createAppeals(ground, officers, acts),
    desk: createDesk(ground, { subjects, officers, cases, present }),
    audit,
    summary: createSummary({ sql, clock }),
  };
  defineEnds({ jobs }, acts);
  defineTicks(jobs, shields);
  defineRetention(ground, jobs);
  return {
    rooms,
    shields,
    gates: createGates({ sql, clock, limiter, shields, people }),
    postsReportedSince: (since, reports_max) => postsReportedSince(sql.pool, since, reports_max),
    async notes() {
      const tight = (await shields.list()).filter(({ step }) => step > 0);
      return tight.map(({ kind, sentence }) => ({ code: `shield.${kind}`, detail: sentence }));
    },
    work() {
      const working = new DisposableStack();
      working.use(startFollowing(ground, acts));
      working.use(startFollowingDeletions(ground));
      working.use(startMeasuring(log, shields));
      return working;
    },
    [Symbol.asyncDispose]: () => shields[Symbol.asyncDispose](),
  };
}

export { moderationRoutes } from "./contract.ts";
export { MODERATION_TOPIC, type ModerationEvent, readModerationEvent } from "./events.ts";
export { serveModeration } from "./routes.ts";
export type { Gates } from "./shields/gates.ts";
