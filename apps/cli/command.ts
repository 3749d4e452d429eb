import { parseArgs } from "node:util";

/** One command of `folk`. `path` is what is typed: `["user", "create"]`. */
export interface Command<V = ParsedValues> {
  path: readonly string[];
  summary: string;
  /** More than a line, for `--help`. */
  about?: string;
  /** A word without a name, after the command; it is among the values under its name. */
  operand?: Operand;
  options: Options;
  /** What may follow without a dash, any number of it; nothing may where nothing is said. */
  words?: { value: string; says: string };
  /** @returns the exit code: 0 done, 1 could not, 2 asked wrongly */
  run(values: V, terminal: Terminal, words: readonly string[]): Promise<number>;
}

/** What was typed, by option; flags that were not are false. */
export type ParsedValues = Record<string, string | boolean | undefined>;

export interface Option {
  type: "string" | "boolean";
  /** What stands for the value in the help: `H` in `--handle H`. */
  value?: string;
  says: string;
  required?: true;
  one_of?: readonly string[];
}

export interface Operand {
  name: string;
  /** What stands for it in the help. */
  value: string;
  says: string;
}

export type Options = { readonly [name: string]: Option };

export type Values<O extends Options> = {
  [K in keyof O]: O[K]["type"] extends "boolean"
    ? boolean
    : O[K] extends { required: true }
      ? string
      : string | undefined;
};

/** Where a command writes, and what it may read of the process. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  env: Record<string, string | undefined>;
  /** True when a person is looking: then lines may be coloured and redrawn. */
  interactive: boolean;
}

/** The arguments are wrong; the message says how they should be. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly command: Command | null;

  constructor(message: string, command: Command | null = null) {
    super(message);
    this.command = command;
  }
}

/** Gives `run` the types of its options; `parse` has made sure of them. */
export const command = <const O extends Options, const N extends string = never>(
  definition: Omit<Command, "operand" | "options" | "run"> & {
    operand?: Operand & { name: N };
    options: O;
    run: Command<Values<O> & { [K in N]: string }>["run"];
  },
): Command => ({
  ...definition,
  run: (values, terminal, words) => definition.run(values as Values<O> & { [K in N]: string }, terminal, words),
});

const HELP_FLAGS = ["--help", "-h"];

/** `among` are the commands that a help without one of them names. */
export type Parsed =
  | { help: Command | null; among?: readonly Command[] }
  | { command: Command; values: ParsedValues; words: readonly string[] };

/** @throws UsageError */
export function parse(argv: readonly string[], commands: readonly Command[]): Parsed {
  const firstOption = argv.findIndex((word) => word.startsWith("-"));
  const words = firstOption < 0 ? argv : argv.slice(0, firstOption);
  const wantsHelp = argv.some((a) => HELP_FLAGS.includes(a));
  const asked = words[0] === "help" ? words.slice(1) : words;
  if (asked.length === 0 && (wantsHelp || words[0] === "help" || argv.length === 0)) return { help: null };
  const found = commands
    .filter(({ path }) => path.every((word, i) => asked[i] === word))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  const below = commands.filter(({ path }) => path.length > asked.length && asked.every((word, i) => path[i] === word));
  if (!found && (wantsHelp || words[0] === "help") && below.length > 0) return { help: null, among: below };
  // `folk jobs lst` is a slip of the pen and no word for `folk jobs`.
  const is_astray = found && !found.operand && !found.words && asked.length > found.path.length;
  if (!found || (is_astray && belowOf(found, commands).length > 0)) throw unknownCommand(asked, commands);
  if (wantsHelp || words[0] === "help") return { help: found };
  const rest = argv.slice(found.path.length);
  if (!found.operand) return { command: found, ...readValues(found, rest) };
  const { name, value } = found.operand;
  const [word, ...options] = rest;
  if (word === undefined || word === "" || word.startsWith("-"))
    throw new UsageError(`"folk ${found.path.join(" ")}" needs a ${value} first.`, found);
  const read = readValues(found, options);
  return { command: found, values: { ...read.values, [name]: word }, words: read.words };
}

function unknownCommand(asked: readonly string[], commands: readonly Command[]): UsageError {
  const below = commands.filter(({ path }) => path[0] === asked[0] && path.length > 1);
  if (below.length > 0) {
    return new UsageError(
      `"folk ${asked[0]}" needs one of: ${below.map(({ path }) => path.slice(1).join(" ")).join(", ")}.`,
    );
  }
  const names = [...new Set(commands.map(({ path }) => path[0]))];
  return new UsageError(`There is no command "${asked.join(" ")}". There are: ${names.join(", ")}, help.`);
}

function readValues(found: Command, argv: readonly string[]): { values: ParsedValues; words: readonly string[] } {
  let values: ParsedValues;
  let given: string[];
  try {
    const options = Object.fromEntries(Object.entries(found.options).map(([name, { type }]) => [name, { type }]));
    const allowPositionals = found.words !== undefined;
    const read = parseArgs({ args: [...argv], options, strict: true, allowPositionals });
    values = read.values as typeof values;
    given = read.positionals;
  } catch (error) {
    throw new UsageError(sentence(error as Error), found);
  }
  for (const [name, option] of Object.entries(found.options)) {
    const value = values[name];
    if (option.required && (value === undefined || value === "")) throw new UsageError(`--${name} is missing.`, found);
    if (option.one_of && typeof value === "string" && !option.one_of.includes(value)) {
      throw new UsageError(`--${name} is "${value}", but it must be one of: ${option.one_of.join(", ")}.`, found);
    }
    if (option.type === "boolean") values[name] = value === true;
  }
  return { values, words: given };
}

const sentence = ({ message }: Error) => {
  const first = message.split(/\. |\n/)[0] ?? message;
  return first.endsWith(".") ? first : `${first}.`;
};

/** The help of one command, or of all. */
export function help(of: Command | null, commands: readonly Command[]): string {
  if (of === null) {
    const rows = commands.map(({ path, summary }) => [path.join(" "), summary] as const);
    return [
      "folk: the command line of a folkhus. It works beside a running server, and without one.",
      "",
      "  npm run folk -- COMMAND [OPTIONS]",
      "",
      ...columns(rows),
      "",
      "  COMMAND --help says more. The data folder is FOLKHUS_DATA, or ./data.",
    ].join("\n");
  }
  const options = Object.entries(of.options).map(([name, option]) => {
    const value = option.type === "string" ? ` ${option.value ?? "TEXT"}` : "";
    return [`--${name}${value}`, `${option.says}${option.required ? " (needed)" : ""}`] as const;
  });
  const operands = of.operand ? [[of.operand.value, `${of.operand.says} (needed)`] as const] : [];
  const words = of.words ? [[`${of.words.value} …`, of.words.says] as const] : [];
  const rows = [...operands, ...options, ...words];
  const below = belowOf(of, commands);
  return [
    `folk ${of.path.join(" ")}: ${of.summary}`,
    ...(of.about ? ["", of.about] : []),
    ...(rows.length > 0 ? ["", ...columns(rows)] : []),
    ...(below.length > 0 ? ["", ...columns(below.map((one) => [one.path.join(" "), one.summary]))] : []),
  ].join("\n");
}

const belowOf = ({ path }: Command, commands: readonly Command[]) =>
  commands.filter((one) => one.path.length > path.length && path.every((word, i) => one.path[i] === word));

export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((w, row) => row.map((cell, i) => Math.max(w[i] ?? 0, cell.length)), []);
  return rows.map(
    (row) => `  ${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  ")}`,
  );
}
