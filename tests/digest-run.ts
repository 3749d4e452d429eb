import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { PersonId } from "#kernel/ids.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { createLog } from "#ports/log/index.ts";
import { JOBS_FOLDER, LOG_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";
import { NOTIFY_FOLDER } from "#systems/notify/index.ts";

import { HAPPENED_TOPIC } from "./digest-happenings.ts";

export interface DigestRun {
  events: number;
  people: number;
  /** Days over which it all happens; a letter a person and day. */
  days: number;
  workers: number;
  /** On average; the moments are random. */
  ms_between_kills: number;
  seed: number;
  say?: (line: string) => void;
}

export interface DigestReport {
  kills: number;
  letters: number;
  /** Kills that hit a letter between its claim and its mark. */
  hit: number;
  events_told: number;
  faults: string[];
  seconds: number;
}

const DAY_MS = 24 * 3_600_000;
const ACTS_PER_EVENT = 40;

/**
 * Everything happens to made-up people while workers are killed (-9) at random and replaced. Afterwards each act must stand
 * in an inbox once, the letters of each person must tile all that came to them, and each must lie in the outbox once, with
 * what came newest in its window.
 */
export async function digestRun(run: DigestRun): Promise<DigestReport> {
  const say = run.say ?? (() => {});
  const random = mulberry32(run.seed);
  const began = performance.now();
  await using db = await testDatabase([SQL_FOLDER, LOG_FOLDER, JOBS_FOLDER, NOTIFY_FOLDER]);
  const { sql } = db;
  const clock = createSystemClock();
  const log = createLog({ sql, clock });
  const jobs = createJobs({ sql, clock });
  const outbox = await mkdtemp(join(tmpdir(), "digests-"));
  await sql.pool`CREATE TABLE digest_calendar (ahead_ms bigint NOT NULL)`;
  await sql.pool`INSERT INTO digest_calendar VALUES (0)`;
  const people = Array.from({ length: run.people }, (_, i) => String(1_000 + i) as PersonId);
  await sql.pool`
    INSERT INTO notify_addresses (person_id, address, token_hash, asked_at, confirmed_at)
    SELECT id, 'p' || id || '@example.org', sha256(id::text::bytea), now(), now()
    FROM unnest(${sql.pool.array([...people], "BIGINT")}) AS p (id)`;

  const start = () => {
    const worker = Bun.spawn(
      [process.execPath, join(import.meta.dirname, "digest-worker.ts"), JSON.stringify(db.target), outbox],
      { stdout: "pipe", stderr: "ignore" },
    );
    // On a busy machine one that is killed before it began would prove nothing.
    return { worker, begun: worker.stdout.getReader().read() };
  };
  const workers = Array.from({ length: run.workers }, start);
  let [kills, hit, ended] = [0, 0, false];
  const killing = (async () => {
    while (!ended) {
      const i = Math.floor(random() * workers.length);
      await workers[i]!.begun;
      await Bun.sleep(run.ms_between_kills * (0.25 + 1.5 * random()));
      if (ended) return;
      workers[i]!.worker.kill("SIGKILL");
      await workers[i]!.worker.exited;
      kills += 1;
      const [held] = (await sql.pool`
        SELECT count(*)::int AS n FROM notify_digests WHERE state = 'sending' AND ended_at IS NULL`) as { n: number }[];
      if (held!.n > 0) hit += 1;
      workers[i] = start();
    }
  })();

  const happened = new Map<PersonId, number>();
  const per_day = Math.ceil(run.events / run.days);
  let left = run.events;
  for (let day = 0; day < run.days; day++) {
    for (let today = Math.min(per_day, left); today > 0;) {
      const acts: [PersonId, number][] = [];
      for (; acts.length < ACTS_PER_EVENT && today > 0; today--, left--) {
        const person_id = people[Math.floor(random() * people.length)]!;
        const number = (happened.get(person_id) ?? 0) + 1;
        happened.set(person_id, number);
        acts.push([person_id, number]);
      }
      await sql.tx((tx) =>
        log.append(tx, HAPPENED_TOPIC, "all", { type: "test.happened", version: 1, data: { acts } }),
      );
    }
    await log.caughtUp(HAPPENED_TOPIC, `notify.${HAPPENED_TOPIC}`);
    // A day's letters go out while the next day's things happen and are taken in.
    await sql.pool`UPDATE digest_calendar SET ahead_ms = ahead_ms + ${DAY_MS}::bigint`;
    await callHands();
    say(`day ${day + 1}: ${run.events - left} happened, ${kills} kills, ${await lettersSent()} letters`);
  }
  // Until nothing is left to be sent: the calendar goes on in steps, past claims of the killed.
  for (let step = 0; ; step++) {
    const [open] = (await sql.pool`
      SELECT count(*)::int AS n, count(*) FILTER (WHERE due_at > now() + (SELECT ahead_ms FROM digest_calendar) * interval '1 ms')::int AS later
      FROM notify_digests WHERE state IN ('waiting', 'sending')`) as { n: number; later: number }[];
    if (open!.n === 0) break;
    const ms = open!.n === open!.later ? DAY_MS : 30_000;
    await sql.pool`UPDATE digest_calendar SET ahead_ms = ahead_ms + ${ms}::bigint`;
    await callHands();
    if (step % 20 === 0) say(`${open!.n} letters are open, ${kills} kills`);
    await Bun.sleep(250);
  }
  ended = true;
  await killing;
  for (const { worker } of workers) worker.kill("SIGKILL");
  await Promise.all(workers.map(({ worker }) => worker.exited));

  async function callHands() {
    await sql.tx(async (tx) => {
      for (let hand = 0; hand < 4; hand++)
        await jobs.enqueue(tx, "notify.digest", { hand }, { class: "batch", unique_key: `notify.digest:${hand}` });
    });
  }
  async function lettersSent() {
    return (await readdir(outbox).catch(() => [])).length;
  }

  const faults: string[] = [];
  const mails = new Map<string, string>();
  for (const name of await readdir(outbox)) {
    if (!name.endsWith(".json")) continue;
    const { key, to, text } = (await Bun.file(join(outbox, name)).json()) as Record<string, string>;
    if (mails.has(key!)) faults.push(`${key} lies in the outbox twice`);
    if (name !== `${createHash("sha256").update(key!).digest("hex")}.json`)
      faults.push(`${key} lies under another name`);
    mails.set(key!, `${to}\n${text}`);
  }
  const rows = (await sql.pool`
    SELECT id, person_id, state, from_seq::int, up_to_seq::int FROM notify_digests
    ORDER BY person_id, from_seq, up_to_seq`) as {
    id: string;
    person_id: PersonId;
    state: string;
    from_seq: number;
    up_to_seq: number;
  }[];
  const items = (await sql.pool`
    SELECT person_id, count(*)::int AS n, max(seq)::int AS last FROM notify_items GROUP BY 1`) as {
    person_id: PersonId;
    n: number;
    last: number;
  }[];
  let [letters, events_told] = [0, 0];
  const at = new Map<PersonId, number>();
  for (const { id, person_id, state, from_seq, up_to_seq } of rows) {
    if (from_seq !== (at.get(person_id) ?? 0))
      faults.push(`${person_id}: a letter begins at ${from_seq}, not ${at.get(person_id)}`);
    at.set(person_id, up_to_seq);
    events_told += up_to_seq - from_seq;
    const mail = mails.get(`notify.digest:${id}`);
    mails.delete(`notify.digest:${id}`);
    const wanted = up_to_seq > from_seq ? "sent" : "empty";
    if (state !== wanted) faults.push(`${person_id}: a letter over ${up_to_seq - from_seq} is ${state}`);
    if ((mail !== undefined) !== (wanted === "sent"))
      faults.push(`${person_id}: ${state}, and the outbox has ${mail ? "one" : "none"}`);
    if (mail === undefined) continue;
    letters += 1;
    if (!mail.startsWith(`p${person_id}@example.org\n`)) faults.push(`letter ${id} went to somebody else`);
    const named = Array.from(mail.matchAll(/#(\d+);/g), ([, number]) => Number(number));
    const newest = Array.from({ length: Math.min(20, up_to_seq - from_seq) }, (_, i) => up_to_seq - i);
    if (named.join() !== newest.join()) faults.push(`letter ${id} names ${named.join()} and not ${newest.join()}`);
  }
  for (const key of mails.keys()) faults.push(`${key} is in the outbox and nowhere else`);
  for (const [person_id, number] of happened) {
    const inbox = items.find((row) => row.person_id === person_id);
    if (inbox?.n !== number || inbox.last !== number)
      faults.push(`${person_id}: ${number} happened, ${inbox?.n ?? 0} came in`);
    if (at.get(person_id) !== number) faults.push(`${person_id}: told up to ${at.get(person_id) ?? 0} of ${number}`);
  }
  await jobs[Symbol.asyncDispose]();
  await log[Symbol.asyncDispose]();
  await rm(outbox, { recursive: true, force: true });
  return { kills, hit, letters, events_told, faults, seconds: (performance.now() - began) / 1_000 };
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
