import { notFound } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { type TestFeed, testFeed } from "#systems/feed/testing.ts";
import type { MediaModeration, MediaSubject } from "#systems/media/index.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import type { SubjectKind } from "./base-contract.ts";
import type { CaseWhole } from "./cases/contract.ts";
import { moderationRoutes as r } from "./contract.ts";
import { createModeration, type Moderation, MODERATION_FOLDER, serveModeration } from "./index.ts";

/** A house with people, spaces, a feed and moderation, on a real database. Films are held in the hand, by the shape that is asked for. */
export interface TestModeration extends AsyncDisposable {
  feed: TestFeed;
  moderation: Moderation;
  client: TestFeed["house"]["client"];
  films: HandFilms;
  /** Moves the clocks of moderation and of the feed on. */
  later(ms: number): void;
  /** Another node on the same database. */
  node(): Promise<Moderation>;
  report(by: TestPerson, kind: SubjectKind, id: string, words?: string): Promise<string>;
  /** The case of what was reported, as this officer sees it. */
  caseOf(by: TestPerson, kind: SubjectKind, id: string): Promise<CaseWhole>;
  /** Waits until what people did elsewhere is written down and measured. */
  settled(): Promise<void>;
}

export interface HandFilms extends MediaModeration {
  films: Map<string, MediaSubject>;
}

export async function testModeration(): Promise<TestModeration> {
  let ahead_ms = 0;
  const doors: { admit: (viewer: TestPerson["viewer"]) => Promise<void> } = { admit: async () => {} };
  const feed = await testFeed({ admit: (viewer) => doors.admit(viewer) }, [MODERATION_FOLDER]);
  const { house, jobs } = feed;
  const { client, db, log, people, spaces } = house;
  const clock: Clock = {
    ...db.clock,
    now: () => db.clock.now() + ahead_ms,
    monotonic: () => db.clock.monotonic() + ahead_ms,
  };
  // One for all nodes of this house, and in step with their clock.
  const limiter = createLocalLimiter({ clock, keys_max: 10_000 });
  const films = handFilms();
  const stand = { sql: db.sql, log, jobs, clock, ids: db.ids, limiter, people, spaces };
  const parts = { feed: feed.feed.moderation, video: films };
  const moderation = await createModeration({ ...stand, ...parts });
  doors.admit = moderation.gates.write;
  serveModeration(house.api, moderation);
  const working = moderation.work();
  const nodes = [moderation];
  return {
    feed,
    moderation,
    client,
    films,
    later(ms) {
      ahead_ms += ms;
      feed.later(ms);
    },
    async node() {
      const other = await createModeration({ ...stand, ...parts });
      nodes.push(other);
      return other;
    },
    async report(by, kind, id, words = "Look at this") {
      const body = { subject: { kind, id }, rule_id: "1", words };
      const made = await client.call(r.report, { token: by.token, body });
      if (made.status !== 201) throw new Error(`report: ${made.status} ${made.code}`, { cause: house.broken.at(-1) });
      return made.body.id;
    },
    async caseOf(by, kind, id) {
      const opened = await client.call(r.openCase, { token: by.token, body: { subject: { kind, id } } });
      if (opened.status !== 200)
        throw new Error(`case: ${opened.status} ${opened.code}`, { cause: house.broken.at(-1) });
      return opened.body;
    },
    async settled() {
      for (const topic of ["people", "feed", "media"]) await log.caughtUp(topic, "moderation.offices");
      for (const topic of ["people", "feed", "media"]) await log.caughtUp(topic, "moderation.shields");
    },
    async [Symbol.asyncDispose]() {
      working[Symbol.dispose]();
      for (const node of nodes) await node[Symbol.asyncDispose]();
      await feed[Symbol.asyncDispose]();
    },
  };
}

function handFilms(): HandFilms {
  const films = new Map<string, MediaSubject>();
  const set = async (id: string, is_hidden: boolean) => {
    const film = films.get(id);
    if (!film || film.is_hidden === is_hidden) return null;
    films.set(id, { ...film, is_hidden });
    return () => {};
  };
  return {
    films,
    subject: async (_db, id) => films.get(id) ?? null,
    async mustRead(viewer: { person_id: PersonId }, id) {
      const film = films.get(id);
      if (!film || (film.is_hidden && film.owner_id !== viewer.person_id)) throw notFound("video");
    },
    hide: (_tx, id) => set(id, true),
    show: (_tx, id) => set(id, false),
  };
}
