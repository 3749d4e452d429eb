import { checkRoutes } from "./check-contract.ts";
import { decisionRoutes } from "./decisions-contract.ts";
import { setRoutes } from "./sets-contract.ts";
import { tierRoutes } from "./tiers-contract.ts";

export * from "./bounds.ts";
export * from "./check-contract.ts";
export * from "./decisions-contract.ts";
export * from "./rules-contract.ts";
export * from "./sets-contract.ts";
export * from "./simulate/contract.ts";
export * from "./tiers-contract.ts";

export const limitsRoutes = { ...setRoutes, ...tierRoutes, ...decisionRoutes, ...checkRoutes } as const;
