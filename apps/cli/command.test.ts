import { describe, expect, test } from "bun:test";

import { command, help, parse, type Terminal, UsageError } from "./command.ts";
import { COMMANDS, main } from "./main.ts";

function terminal(env: Record<string, string> = {}): Terminal & { said: string; wrong: string } {
  const kept = {
    said: "",
    wrong: "",
    env,
    interactive: true,
    out: (line: string) => void (kept.said += `${line}\n`),
    err: (line: string) => void (kept.wrong += `${line}\n`),
  };
  return kept;
}

const told: unknown[] = [];
const greet = command({
  path: ["greet", "loudly"],
  summary: "Greets",
  options: {
    name: { type: "string", says: "whom", required: true },
    tone: { type: "string", says: "how", one_of: ["warm", "dry"] },
    twice: { type: "boolean", says: "again" },
  },
  async run(values) {
    told.push(values);
    return 0;
  },
});

describe("arguments", () => {
  const wrong: [string, string[], RegExp][] = [
    ["a command that is not there", ["sing"], /no command "sing".*greet/],
    ["half a command", ["greet"], /needs one of: loudly/],
    ["an option that is not there", ["greet", "loudly", "--name", "x", "--nope"], /--nope/],
    ["a needed option that is missing", ["greet", "loudly"], /--name is missing/],
    ["a needed option without a value", ["greet", "loudly", "--name"], /--name/],
    ["a value that is not allowed", ["greet", "loudly", "--name", "x", "--tone", "loud"], /one of: warm, dry/],
    ["a word too many", ["greet", "loudly", "--name", "x", "more"], /more/],
  ];
  const look = command({
    path: ["look"],
    summary: "Looks",
    operand: { name: "file", value: "FILE", says: "at what" },
    options: { json: { type: "boolean", says: "as JSON" } },
    run: async ({ file }) => file.length,
  });
  test("CI1: a word that a command needs stands first; without it, and with one more, it is refused", () => {
    for (const argv of [["look"], ["look", "--json"], ["look", "--json", "a.log"], ["look", ""]])
      expect(() => parse(argv, [look])).toThrow(/needs a FILE first/);
    expect(() => parse(["look", "a.log", "b.log"], [look])).toThrow(UsageError);
    expect(parse(["look", "a.log", "--json"], [look])).toMatchObject({ values: { file: "a.log", json: true } });
    expect(help(look, [look])).toMatch(/FILE +at what \(needed\)/);
  });

  test.each(wrong)("CI1: %s is refused in a sentence", (_, argv, says) => {
    expect(() => parse(argv, [greet])).toThrow(UsageError);
    expect(() => parse(argv, [greet])).toThrow(says);
  });

  test("CI1: good ones arrive with their types, booleans always", () => {
    const parsed = parse(["greet", "loudly", "--name", "Astrid", "--tone=warm"], [greet]);
    expect(parsed).toMatchObject({ values: { name: "Astrid", tone: "warm", twice: false } });
  });

  test("CI1: wrong ones exit with 2 and point at the help", async () => {
    const t = terminal();
    expect(await main(["user", "create"], t)).toBe(2);
    expect(t.wrong).toContain("--handle is missing");
    expect(t.wrong).toContain("npm run folk -- user create --help");
    expect(t.said).toBe("");
  });

  test("CI1: a variable that makes no sense exits with 2 and is named", async () => {
    const t = terminal({ PORT: "blue" });
    expect(await main(["user", "list"], t)).toBe(2);
    expect(t.wrong).toContain("PORT");
  });
});

describe("help", () => {
  test("CI2: it names every command, also without arguments and as an option", async () => {
    for (const argv of [[], ["help"], ["--help"], ["-h"]]) {
      const t = terminal();
      expect(await main(argv, t)).toBe(0);
      for (const { path } of COMMANDS) expect(t.said).toContain(path.join(" "));
    }
  });

  test.each(COMMANDS.map((c) => [c.path.join(" "), c] as const))("CI2: `%s --help` names its options", async (_, c) => {
    for (const argv of [
      [...c.path, "--help"],
      ["help", ...c.path],
    ]) {
      const t = terminal();
      expect(await main(argv, t)).toBe(0);
      expect(t.said).toContain(c.summary);
      for (const name of Object.keys(c.options)) expect(t.said).toContain(`--${name}`);
    }
  });

  test("CI2: the first word of several commands tells them, asked for in any way; a slip of the pen is no other command", async () => {
    for (const argv of [
      ["limits", "--help"],
      ["help", "limits"],
      ["jobs", "--help"],
      ["help", "jobs"],
    ]) {
      const t = terminal();
      expect(await main(argv, t)).toBe(0);
      const below = COMMANDS.filter(({ path }) => path.length > 1 && argv.includes(path[0]!));
      expect(below.length).toBeGreaterThan(1);
      for (const { path, summary } of below)
        expect(t.said).toMatch(new RegExp(`${path.join(" ")} +${summary.slice(0, 20)}`));
      expect(t.said).not.toContain("user create");
    }
    const t = terminal();
    expect(await main(["jobs", "lst"], t)).toBe(2);
    expect(t.wrong).toMatch(/needs one of: .*list, dead, show/);
  });

  test("CI2: what is needed is marked", () => {
    expect(help(greet, [greet])).toMatch(/--name TEXT.*\(needed\)/);
  });
});
