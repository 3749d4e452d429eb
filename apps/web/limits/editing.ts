import type { RuleSet } from "#systems/limits/contract.ts";

/** What is being written: a draft that stands, or one to be made from another set. */
export interface Editing {
  version: string | null;
  revision: number;
  based_on: string;
  note: string;
  set: RuleSet;
}
