import { botRoutes } from "./bots/contract.ts";
import { commandRoutes } from "./commands/contract.ts";
import { incomingRoutes } from "./incoming/contract.ts";
import { outgoingRoutes } from "./outgoing/contract.ts";

export * from "./bots/contract.ts";
export * from "./bounds.ts";
export * from "./commands/contract.ts";
export * from "./incoming/contract.ts";
export * from "./outgoing/contract.ts";
export * from "./outgoing/events-contract.ts";

export const hooksRoutes = { ...botRoutes, ...incomingRoutes, ...outgoingRoutes, ...commandRoutes } as const;
