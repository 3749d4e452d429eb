export * from "./contract.ts";
export { type SimulateNeeds, simulate } from "./simulate.ts";
export { routesOf } from "./routes.ts";
export { shortened } from "./shown.ts";
