/** What the doctor saw. `warn` still serves, with something less; `broken` does not, and makes the exit code 1. */
export interface Finding {
  name: string;
  state: "ok" | "warn" | "broken";
  /** What is, in a few words. */
  detail: string;
  /** What it means and what to do; empty when all is well. */
  advice: string;
}

export const ok = (name: string, detail: string): Finding => ({ name, state: "ok", detail, advice: "" });
export const warn = (name: string, detail: string, advice: string): Finding => ({
  name,
  state: "warn",
  detail,
  advice,
});
export const broken = (name: string, detail: string, advice: string): Finding => ({
  name,
  state: "broken",
  detail,
  advice,
});

const PROGRAM_MS_MAX = 10_000;

/** The standard output of a program, or null when it is missing or fails. */
export async function outputOf(argv: string[]): Promise<string | null> {
  try {
    const child = Bun.spawn(argv, { stdio: ["ignore", "pipe", "ignore"], timeout: PROGRAM_MS_MAX });
    const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    return code === 0 ? text : null;
  } catch {
    return null;
  }
}

export const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
