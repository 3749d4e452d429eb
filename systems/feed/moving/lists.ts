import type { PersonCard } from "#kernel/cards.ts";
import { Permanent, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";

import { CSV_LINES_MAX, IMPORT_RUN_MS_MAX } from "./bounds.ts";
import type { ListKind } from "./contract.ts";
import { addressOf, linesIn } from "./csv.ts";
import * as store from "./imports-store.ts";
import type { MovingGround } from "./index.ts";
import { takeBookmarkBack, takeBookmarked, takeListBack, takeListed, takeListedBack } from "./keeping.ts";

export const LIST_JOB = "feed.import_list";
const LINES_PER_STEP = 20;

/** Follows, mutes, blocks, lists of people and bookmarks, one by one through the same door as by hand: bounds, blocks and counts are the same. */
export function listJob(ground: MovingGround): JobKind {
  return {
    name: LIST_JOB,
    class: "batch",
    tries_max: 6,
    lease_ms: 60_000,
    run_ms_max: IMPORT_RUN_MS_MAX,
    concurrency_max: 2,
    tenant_concurrency_max: 1,
    async handle(payload, run) {
      const id = payload.import_id as store.ImportId;
      const row = await store.findImport(ground.sql.pool, id);
      if (row?.state !== "working" || row.csv === null || row.kind === "posts") return;
      const lines = linesIn(row.csv, CSV_LINES_MAX);
      const hosts = new Set([String(payload.host)]);
      for (let n = ((run.cursor?.n as number | undefined) ?? 0) + 1; n <= lines.length; n++) {
        run.signal.throwIfAborted();
        // Stopped: whoever takes it back must not meet a line that comes after.
        if ((await store.findImport(ground.sql.pool, id))?.state !== "working") return;
        await one(ground, { ...row, kind: row.kind }, n, lines[n - 1]!, hosts);
        if (n % LINES_PER_STEP === 0 && !(await steps(run, id, n, lines.length))) return;
      }
      await steps(run, id, lines.length, lines.length);
      await run.fenced((tx) => store.setImportState(tx, id, ["working"], "done", { at: new Date(ground.clock.now()) }));
    },
    async onDead(tx, payload, reason) {
      const at = new Date(ground.clock.now());
      await store.setImportState(tx, payload.import_id as store.ImportId, ["working"], "failed", { at, reason });
    },
  };
}

/** @returns false where the import was stopped */
export async function steps(run: JobRun, id: store.ImportId, n: number, lines: number): Promise<boolean> {
  const goes_on = await run.fenced((tx) => store.setLinesDone(tx, id, n, lines));
  await run.checkpoint({ n });
  return goes_on;
}

async function one(
  ground: MovingGround,
  row: store.ImportRow & { kind: ListKind },
  n: number,
  cells: readonly string[],
  hosts: ReadonlySet<string>,
): Promise<void> {
  const text = row.kind === "lists" ? cells.slice(0, 2).join(": ") : cells[0]!;
  const putLine = (line: Pick<store.LineRow, "outcome" | "detail" | "result_id"> & Partial<store.LineRow>) =>
    store.putLine(ground.sql.pool, row.id, { n, subject: text, ...line });
  if (row.kind === "lists" || row.kind === "bookmarks") {
    const line = { row, n, cells, hosts, viewer: await standIn(ground, row.person_id) };
    return (row.kind === "lists" ? takeListed : takeBookmarked)(ground, {
      ...line,
      put: (outcome, detail, more = {}) => putLine({ outcome, detail, result_id: null, ...more }),
    });
  }
  const put = (outcome: store.LineRow["outcome"], detail: string | null, result_id: string | null = null) =>
    putLine({ outcome, detail, result_id });
  const address = addressOf(text);
  if (!address) return put("left", "This is no address of anybody.");
  if (address.host !== null && !hosts.has(address.host)) return put("left", "They live in another house.");
  const them = (await ground.people.byHandles([address.handle])).get(address.handle);
  if (!them) return put("left", "Nobody here has this name.");
  const viewer = await standIn(ground, row.person_id);
  const { follows, mutes, blocks } = await ground.people.relations(row.person_id);
  const there = { follows, mutes, blocks }[row.kind].has(them.id);
  // A line that an earlier attempt began is its own doing, not how it was.
  if (there && !(await store.hasTaken(ground.sql.pool, row.id, n))) return put("there", null, them.id);
  // Written before it is done: if this is cut off in between, an undo takes back what may have been done, and never more.
  await put("taken", null, them.id);
  try {
    if (row.kind === "follows") await ground.relating.follow(viewer, them.handle);
    else if (row.kind === "mutes") await ground.relating.mute(viewer, them.handle);
    else await ground.relating.block(viewer, them.handle);
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    await put("left", error.detail);
  }
}

/** Takes a line back; what is not so any more is left as it is. */
export async function takeBack(
  ground: MovingGround,
  row: store.ImportRow,
  line: store.LineRow,
  them: PersonCard | undefined,
): Promise<void> {
  const viewer = await standIn(ground, row.person_id);
  if (row.kind === "lists") await takeListedBack(ground, viewer, line);
  else if (row.kind === "bookmarks") await takeBookmarkBack(ground, viewer, line);
  else if (them) {
    if (row.kind === "follows") await ground.relating.unfollow(viewer, them.handle);
    else if (row.kind === "mutes") await ground.relating.unmute(viewer, them.handle);
    else await ground.relating.unblock(viewer, them.handle);
  }
  await store.setLineUndone(ground.sql.pool, row.id, line.n, new Date(ground.clock.now()));
}

/** What an import made to put something in, when all of it is out again. */
export async function takeMadeBack(ground: MovingGround, row: store.ImportRow, line: store.LineRow): Promise<void> {
  if (row.kind === "lists") await takeListBack(ground, await standIn(ground, row.person_id), line);
}

/**
 * The person for whom a job works, as they are now; never more than a member.
 * @throws Permanent where they may not act any more
 */
export async function standIn(ground: MovingGround, person_id: PersonId): Promise<SignedIn> {
  const card = (await ground.people.cards([person_id])).get(person_id);
  if (!card) throw new Permanent("There is no such account any more.");
  if (card.suspended) throw new Permanent("Your account is suspended; nothing is brought in meanwhile.");
  return {
    kind: "person",
    person_id,
    handle: card.handle,
    role: "member",
    suspended: false,
    credential: { kind: "token", id: "0" },
    scopes: ["read", "write"],
  };
}
