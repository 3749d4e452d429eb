import { Problem } from "#kernel/errors.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import { readConfig } from "../../../server/config.ts";
import type { Hello } from "../../../server/control/contract.ts";
import { worldOfProcess } from "../../../server/control/world.ts";
import { type Terminal, UsageError } from "../../command.ts";
import { FAULT_S, FAULT_S_MAX, FAULT_S_MIN } from "./bounds.ts";
import { type Drill, DRILLS } from "./drills.ts";
import { thawLeftBehind } from "./faults/postgres.ts";
import { findProcesses } from "./node.ts";
import { closingLine, reportLines, wrapped } from "./report.ts";
import { beginDay, type DrillNeeds, type DrillReport, obstacleOf, type Pace, runDrill, skippedReport } from "./run.ts";

/** What shells say of a program that a Ctrl-C ended. */
const INTERRUPTED = 130;

export interface GameDayAsked {
  /** All of them where none is named. */
  names: readonly string[];
  seconds: string | undefined;
  yes: boolean;
  /** Also where people are connected. */
  with_people?: boolean;
  supervised: boolean;
  json: boolean;
}

/**
 * @param pace other than that of a real drill, for tests
 * @returns the exit code: 0 all as promised, 1 something is not, or no drill could be run
 */
export async function gameDay(asked: GameDayAsked, terminal: Terminal, pace?: Pace): Promise<number> {
  const drills = drillsOf(asked.names);
  const seconds = secondsOf(asked.seconds);
  const { config, secrets } = readConfig(terminal.env);
  const say = (line: string) => {
    if (!asked.json) for (const each of wrapped(`… ${line}`, "  ", "    ")) terminal.out(each);
  };
  const needs: DrillNeeds = {
    config,
    secrets,
    clock: createSystemClock(),
    seconds,
    supervised: asked.supervised,
    say,
    ...(pace ? { pace } : {}),
  };

  await thawLeftBehind(config);
  const { hello, lines_open } = await theHouse(config.data_folder);
  if (hello.drill !== null)
    throw new Problem(409, "control.held", `Another drill is under way: ${hello.drill}. Wait until it is over.`);

  const chosen = await chosenOf(drills, needs, hello);
  const possible = chosen.filter(({ obstacle }) => obstacle === null).map(({ drill }) => drill);
  if (!asked.json) {
    terminal.out(`  A game day for the house at ${hello.url}, ${seconds} s a drill:`);
    for (const line of listLines(chosen)) terminal.out(line);
    for (const line of wrapped(`${connected(lines_open)} Guests are made to measure, and removed at the end.`, "  "))
      terminal.out(line);
  }
  if (possible.length > 0 && !(await agreed(asked, terminal, lines_open))) return 1;

  const reports: DrillReport[] = [];
  const tell = (drill: Drill, report: DrillReport) => {
    reports.push(report);
    if (!asked.json) for (const line of reportLines(drill, report)) terminal.out(line);
  };
  for (const { drill, obstacle } of chosen) if (obstacle !== null) tell(drill, skippedReport(drill, obstacle));
  if (possible.length > 0) {
    using interrupt = whenInterrupted(terminal);
    try {
      await using day = await beginDay(possible, { ...needs, signal: interrupt.signal });
      for (const drill of possible) tell(drill, await runDrill(drill, { ...needs, signal: interrupt.signal }, day));
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      terminal.err("Stopped before its end: the house is as it was before, and the guests are gone.");
      return INTERRUPTED;
    }
  }
  const passed = possible.length > 0 && reports.every((report) => report.passed);
  if (asked.json) terminal.out(JSON.stringify({ drills: reports, passed }, null, 2));
  else terminal.out(`\n${closingLine(reports)}`);
  return passed ? 0 : 1;
}

/**
 * A Ctrl-C, or being asked to end, heals first. What carries a fault is in a group of its own, which a terminal's signals do not
 * reach. A second one ends at once, and the faults then end by themselves.
 */
function whenInterrupted(terminal: Terminal): Disposable & { signal: AbortSignal } {
  const stop = new AbortController();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(INTERRUPTED);
    terminal.err("Healing the house, then ending. Once more ends at once, and the fault ends by itself.");
    stop.abort(new Error("interrupted"));
  };
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}

function drillsOf(names: readonly string[]): readonly Drill[] {
  const unknown = names.find((name) => !DRILLS.some((drill) => drill.name === name));
  if (unknown !== undefined)
    throw new UsageError(`There is no drill "${unknown}". There are: ${DRILLS.map(({ name }) => name).join(", ")}.`);
  return names.length === 0 ? DRILLS : DRILLS.filter(({ name }) => names.includes(name));
}

function secondsOf(text: string | undefined): number {
  if (text === undefined) return FAULT_S;
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < FAULT_S_MIN || seconds > FAULT_S_MAX)
    throw new UsageError(
      `--seconds is "${text}", but it must be a whole number from ${FAULT_S_MIN} to ${FAULT_S_MAX}.`,
    );
  return seconds;
}

/**
 * What the drills do and which of them fit; nothing is done. Without a house only what they do.
 * @returns the exit code: 0
 */
export async function listDrills(
  asked: Pick<GameDayAsked, "names" | "supervised" | "json">,
  terminal: Terminal,
): Promise<number> {
  const drills = drillsOf(asked.names);
  const { config, secrets } = readConfig(terminal.env);
  const house = await theHouse(config.data_folder).catch((error: unknown) => {
    if (error instanceof Problem) return error;
    throw error;
  });
  const needs = { config, secrets, supervised: asked.supervised };
  const chosen =
    house instanceof Problem
      ? drills.map((drill) => ({ drill, obstacle: null }))
      : await chosenOf(drills, needs, house.hello);
  if (asked.json) {
    const listed = chosen.map(({ drill: { name, does, promise }, obstacle }) => ({ name, does, promise, obstacle }));
    terminal.out(JSON.stringify({ drills: listed, house: house instanceof Problem ? null : house.hello.url }, null, 2));
    return 0;
  }
  for (const line of listLines(chosen)) terminal.out(line);
  const about =
    house instanceof Problem ? `Which of them fit is not known: ${house.detail}` : connected(house.lines_open);
  for (const line of wrapped(about, "  ")) terminal.out(line);
  return 0;
}

interface Chosen {
  drill: Drill;
  /** Why it cannot be run in this house. */
  obstacle: string | null;
}

async function chosenOf(
  drills: readonly Drill[],
  needs: Parameters<typeof obstacleOf>[1],
  hello: Hello,
): Promise<Chosen[]> {
  const chosen: Chosen[] = [];
  for (const drill of drills) chosen.push({ drill, obstacle: await obstacleOf(drill, needs, hello) });
  return chosen;
}

const listLines = (chosen: readonly Chosen[]): string[] =>
  chosen.flatMap(({ drill: { name, does }, obstacle }) =>
    wrapped(obstacle === null ? `${name} ${does}.` : `${name} is left out: ${obstacle}.`, "    ", "      "),
  );

/** @throws Problem where there is none of this account here, or it is in another container */
async function theHouse(data_folder: string): Promise<{ hello: Hello; lines_open: number }> {
  const processes = await findProcesses(data_folder);
  // Its numbers and addresses would be those of others.
  if (processes.some(({ hello }) => hello.world !== worldOfProcess()))
    throw new Problem(
      409,
      "game_day.elsewhere",
      "The house runs in a container and this command beside it. Run it inside it: docker exec, or podman exec.",
    );
  const front = processes.find(({ hello }) => hello.url !== null);
  if (!front)
    throw new Problem(
      409,
      "game_day.no_house",
      `No house of this account answers on this machine with the data folder ${data_folder}. Start it first.`,
    );
  return { hello: front.hello, lines_open: processes.reduce((sum, { hello }) => sum + hello.lines_open, 0) };
}

const connected = (lines_open: number): string =>
  lines_open === 0
    ? "Nobody is connected now; whoever comes meanwhile will notice."
    : `${lines_open} ${lines_open === 1 ? "page or app is" : "pages or apps are"} connected now, whose people will notice.`;

async function agreed(
  { yes, with_people = false }: GameDayAsked,
  terminal: Terminal,
  lines_open: number,
): Promise<boolean> {
  if (yes && lines_open > 0 && !with_people) {
    terminal.err(`${connected(lines_open)} Say --with-people if that is meant; nothing was done.`);
    return false;
  }
  if (yes) return true;
  if (!terminal.interactive) {
    terminal.err("Nobody is there to be asked. Say --yes if this is meant.");
    return false;
  }
  terminal.out('  Type "yes" to begin:');
  for await (const line of console) return line.trim().toLowerCase() === "yes";
  return false;
}
