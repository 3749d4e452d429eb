import { compileRuleSet } from "../rule-set-book.ts";
import { readRuleSet } from "../rule-set.ts";
import type { SimulateAsked, SimulateSaid } from "./contract.ts";
import { routesOf } from "./routes.ts";
import { simulate } from "./simulate.ts";

/**
 * One question to the simulator, answered by messages: what the page asks in a browser's worker, with a file that never leaves the machine.
 */
export async function answer(
  { file, in_force, proposed, routes, costs, apart, grants }: SimulateAsked,
  say: (said: SimulateSaid) => void,
): Promise<void> {
  const held = readRuleSet(in_force);
  const tried = readRuleSet(proposed, routes);
  if (tried.set === null) return say({ said: "rules", troubles: tried.troubles });
  if (held.set === null) return say({ said: "failed", detail: "The rules in force could not be read." });
  const people = new Map(grants.people);
  const spaces = new Map(grants.spaces);
  try {
    const report = await simulate({
      file: file.stream() as ReadableStream<Uint8Array<ArrayBuffer>>,
      in_force: compileRuleSet(held.set),
      proposed: compileRuleSet(tried.set),
      routes: routesOf(routes, costs),
      apart,
      personGrant: (id) => people.get(id) ?? null,
      spaceGrant: (id) => spaces.get(id) ?? null,
      onProgress: ({ lines, bytes }) => say({ said: "progress", lines, bytes }),
    });
    say({ said: "done", report });
  } catch (error) {
    // A browser lets go of a file that was changed or taken away since it was chosen.
    const because = `The file could not be read: ${(error as Error).message}`;
    say({ said: "failed", detail: `${because} Where it is still being written, choose a copy of it.` });
  }
}
