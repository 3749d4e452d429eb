import { open } from "node:fs/promises";

import { Problem } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { NOTE_CHARS_MAX } from "#systems/limits/contract.ts";
import {
  compileRuleSet,
  readRuleSet,
  routesOf,
  type RuleSet,
  type SetTrouble,
  simulate,
  type SimulationReport,
} from "#systems/limits/index.ts";

import type { House } from "../server/compose.ts";
import { columns, type Command, command, type Terminal, UsageError } from "./command.ts";
import { openHouse } from "./house.ts";
import { toldRules, toldSimulation } from "./limits-told.ts";

const IN_FORCE = "in-force";
/** A rule set as JSON, of which a house takes 128 KiB. */
const RULES_BYTES_MAX = 1024 * 1024;

const json = { type: "boolean", says: "as JSON" } as const;

const simulateCommand = command({
  path: ["limits", "simulate"],
  summary: "Replays an access log against proposed limits, and shows who would be refused",
  about:
    "The log is the house's own (FOLKHUS_ACCESS_LOG), or nginx's or Apache's in the common or combined format, packed with gzip or not. It is replayed at the time that it tells, with the house's own limiter, tiers and routes. Nothing is changed, and no address is shown whole.",
  operand: { name: "file", value: "FILE", says: "the access log" },
  options: {
    rules: { type: "string", value: "FILE", says: "the proposed rule set, as JSON", required: true },
    against: { type: "string", value: "FILE", says: `what it is compared with; ${IN_FORCE} where nothing is said` },
    json,
  },
  async run({ file, rules, against, json: as_json }, terminal) {
    // What is typed is looked at before a house is opened for it.
    const [proposed_json, against_json] = await Promise.all([
      readRules(rules),
      against === undefined || against === IN_FORCE ? null : readRules(against),
    ]);
    await using log = await openLog(file);
    await using house = await openHouse(terminal);
    const holds = await house.limits.rooms.sets.inForce();
    const proposed = setIn(rules, proposed_json, holds.routes, terminal);
    const compared = against_json === null ? holds.set : setIn(against!, against_json, holds.routes, terminal);
    if (proposed === null || compared === null) return 1;
    const { grantOf } = house.limits.rooms.tiers;
    const began_ms = house.ground.clock.monotonic();
    const report = await simulate({
      file: log.readableWebStream() as unknown as ReadableStream<Uint8Array<ArrayBuffer>>,
      in_force: compileRuleSet(compared),
      proposed: compileRuleSet(proposed),
      routes: routesOf(holds.routes, holds.costs),
      apart: holds.apart,
      personGrant: (id) => grantOf("person", id),
      spaceGrant: (id) => grantOf("space", id),
    });
    const took_ms = house.ground.clock.monotonic() - began_ms;
    if (report.log.requests === 0) {
      const { lines, broken, too_long } = report.log;
      terminal.err(
        `No request in ${file} could be read: of ${lines + too_long} lines, ${broken + too_long} are of no form that is known here.`,
      );
      return 1;
    }
    if (as_json) terminal.out(JSON.stringify(report));
    else {
      const name = against_json === null ? `version ${holds.version}, in force` : against!;
      for (const line of toldSimulation(report, name, await namesIn(report, house), took_ms)) terminal.out(line);
    }
    return 0;
  },
});

const show = command({
  path: ["limits", "show"],
  summary: "The limits in force: each rule, for whom, for which routes, and since when",
  options: { json },
  async run({ json: as_json }, terminal) {
    await using house = await openHouse(terminal);
    const holds = await house.limits.rooms.sets.inForce();
    // What is shown may be changed and published again, so that is what JSON is.
    if (as_json) terminal.out(JSON.stringify(holds.set, null, 2));
    else for (const line of toldRules(holds)) terminal.out(line);
    return 0;
  },
});

const publish = command({
  path: ["limits", "publish"],
  summary: "Puts a rule set into force on all nodes, without a restart",
  about:
    "A set that cannot hold is refused with all that is wrong in it, and the old one goes on. `folk limits show --json` writes what holds in the form that is read here; the page under Admin, Limits, goes back to an older one.",
  operand: { name: "file", value: "FILE", says: "the rule set, as JSON" },
  options: {
    by: { type: "string", value: "HANDLE", says: "the admin in whose name it is published", required: true },
    note: { type: "string", value: "TEXT", says: "why, for those who read it later" },
  },
  async run({ file, by, note = "" }, terminal) {
    if (note.length > NOTE_CHARS_MAX) throw new UsageError(`--note has ${NOTE_CHARS_MAX} characters at most.`);
    const body = await readRules(file);
    await using house = await openHouse(terminal);
    const admin = await adminOf(by, house);
    const { sets } = house.limits.rooms;
    const { version: before, routes } = await sets.inForce();
    const set = setIn(file, body, routes, terminal);
    if (set === null) return 1;
    const draft = await sets.create(admin, { set, note, based_on: before });
    const holds = await sets.publish(admin, draft.version, { note, instead_of: before, revision: draft.revision });
    terminal.out(
      `Version ${holds.version} is in force, instead of ${before}. Running nodes hear of it within a second.`,
    );
    return 0;
  },
});

/** Commands of the limits. */
export const limitsCommands: readonly Command[] = [simulateCommand, show, publish];

/** @throws Problem where it is not to be had, or is no JSON */
async function readRules(file: string): Promise<unknown> {
  const rules = Bun.file(file);
  if (!(await rules.exists())) throw new UsageError(`There is no file ${file}.`);
  if (rules.size > RULES_BYTES_MAX)
    throw sorry(`${file} is larger than any rule set: ${RULES_BYTES_MAX} bytes at most.`);
  try {
    return JSON.parse(await rules.text()) as unknown;
  } catch (error) {
    throw sorry(`${file} is not JSON: ${(error as Error).message}`);
  }
}

async function openLog(file: string) {
  try {
    return await open(file);
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "it is no file"}.`);
  }
}

const sorry = (sentence: string) => new Problem(422, "limits.file", sentence);

/** Null where it cannot hold; then all that is wrong was said, with its place. */
function setIn(file: string, body: unknown, routes: readonly string[], terminal: Terminal): RuleSet | null {
  const { set, troubles } = readRuleSet(body, routes);
  if (set !== null) return set;
  terminal.err(`${file} cannot hold:`);
  for (const line of columns(troubles.map(({ pointer, detail }: SetTrouble) => [pointer || "/", detail])))
    terminal.err(line);
  return null;
}

async function adminOf(typed: string, house: House): Promise<Pick<SignedIn, "person_id">> {
  const handle = typed.replace(/^@/, "").toLowerCase();
  const card = await house.people.byHandle(handle);
  const role = card && (await house.people.discipline.roles(house.ground.sql.pool, [card.id])).get(card.id);
  if (!card || role !== "admin") throw sorry(`@${handle} is no admin of this house. See: folk user list.`);
  return { person_id: card.id };
}

/** Handles of those who are told, by id. */
async function namesIn(report: SimulationReport, { people }: House): Promise<Map<string, string>> {
  const keys = [...report.in_force.busiest, ...report.proposed.busiest, ...report.change.newly];
  const ids = keys.flatMap(({ key }) => /^person:(\d{1,20})$/.exec(key)?.[1] ?? []);
  const cards = await people.cards(new Set(ids));
  return new Map([...cards].map(([id, { handle }]) => [`person:${id}`, `@${handle}`]));
}
