export * from "./contract.ts";
export { type SimulateNeeds, simulate } from "./simulate.ts";
export { shortened } from "./shown.ts";
