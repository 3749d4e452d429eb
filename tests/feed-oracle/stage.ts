import type { Person, Post, Space } from "./model.ts";
import type { Node } from "./node.ts";
import { OracleFault } from "./reading.ts";
import type { World } from "./world.ts";

export const UNDO_MS = 10 * 60_000;

/** What one act works with. */
export interface Stage {
  world: World;
  node: Node;
  who: Person;
  other: Person;
  post: Post | null;
  space: Space;
}
export type Act = (stage: Stage) => Promise<void>;

/** The house must do what the model allows, and refuse the rest. */
export function expectDone(world: World, what: string, status: number, allowed: boolean) {
  if (!allowed) world.did.get(world.act)!.refused += 1;
  if (status < 300 === allowed && status < 500) return;
  const cause = world.nodes[world.at]!.broken.at(-1);
  throw new OracleFault(
    `world ${world.seed}, operation ${world.operations}: ${what} was answered ${status} and should be ${allowed ? "done" : "refused"}`,
    { cause },
  );
}

export const by = (world: World, who: Person) => ({ token: world.tokens.get(who)! });
