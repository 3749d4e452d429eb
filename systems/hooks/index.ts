import { join } from "node:path";

import { Problem } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Limiter } from "#ports/limiter/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";

import { type Bots, createBots } from "./bots/bots.ts";
import { BOT_RULE } from "./bounds.ts";
import { type Commands, createCommands } from "./commands/commands.ts";
import { createGiving, type Giving } from "./commands/give.ts";
import { createIncoming, type IncomingHooks } from "./incoming/incoming.ts";
import { receive } from "./incoming/receive.ts";
import type { HooksNeeds } from "./needs.ts";
import { createDeliverer } from "./outgoing/deliver.ts";
import { startHearing } from "./outgoing/happened.ts";
import { defineDelivering } from "./outgoing/jobs.ts";
import { createOutgoing, type OutgoingHooks } from "./outgoing/outgoing.ts";
import { createSigning } from "./secrets.ts";

/** Needs the migrations of people, spaces, realtime and chat before it. */
export const HOOKS_FOLDER: MigrationFolder = { system: "hooks", folder: join(import.meta.dirname, "sql") };

/** What programs outside use to speak with the house. */
export interface Hooks {
  bots: Bots;
  incoming: IncomingHooks;
  outgoing: OutgoingHooks;
  commands: Commands;
  giving: Giving;
  /** Writes what was posted to a secret address. @returns the message's id */
  receive(secret: string, request: Request): Promise<string>;
  /** Hears what happens and makes deliveries of it. Start it on nodes that work in the background. */
  work(): Disposable;
}

/** Declares its jobs. */
export function createHooks(needs: HooksNeeds): Hooks {
  const signing = createSigning(needs.secret);
  defineDelivering(needs, createDeliverer(needs, signing));
  return {
    bots: createBots(needs),
    incoming: createIncoming(needs),
    outgoing: createOutgoing(needs, signing),
    commands: createCommands(needs, signing),
    giving: createGiving(needs, signing),
    receive: (secret, request) => receive(needs, secret, request),
    work: () => startHearing(needs),
  };
}

/** How often a bot may write, whatever it holds; people are not counted here. @throws Problem 429 `bot.too_fast` */
export async function paceBot(limiter: Limiter, viewer: SignedIn): Promise<void> {
  if (viewer.bot !== true) return;
  const decision = await limiter.take([{ key: `bot:${viewer.person_id}`, rule: BOT_RULE, cost_tokens: 1 }]);
  if (!decision.allowed)
    throw new Problem(429, "bot.too_fast", "This bot writes too often. Wait a little.", {
      retry_after_s: Math.ceil(decision.retry_after_ms / 1_000),
    });
}

export { HOOKS_TOPIC, type HooksEvent, readHooksEvent } from "./events.ts";
export { hooksRoutes, type Incoming, type Outgoing } from "./contract.ts";
export type { HookId, HooksNeeds } from "./needs.ts";
export { serveHooks } from "./routes.ts";
