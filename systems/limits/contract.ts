export * from "./bounds.ts";
export * from "./rules-contract.ts";
