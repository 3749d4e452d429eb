import { actsRoutes } from "./acts/contract.ts";
import { appealsRoutes } from "./appeals/contract.ts";
import { auditRoutes } from "./audit/contract.ts";
import { casesRoutes } from "./cases/contract.ts";
import { reportsRoutes } from "./reports/contract.ts";
import { rulesRoutes } from "./rules/contract.ts";
import { shieldRoutes } from "./shields/contract.ts";

/** All routes of moderation; each capability has a contract of its own. The page knows this file alone. */
export const moderationRoutes = {
  ...rulesRoutes,
  ...reportsRoutes,
  ...casesRoutes,
  ...actsRoutes,
  ...appealsRoutes,
  ...auditRoutes,
  ...shieldRoutes,
} as const;

export { ACT_KINDS, type ActKind, SUBJECT_KINDS, type Snapshot, type SubjectKind } from "./base-contract.ts";
export {
  ACT_WORDS_CHARS_MAX,
  ANSWER_CHARS_MAX,
  APPEAL_WORDS_CHARS_MAX,
  NOTE_CHARS_MAX,
  REPORT_WORDS_CHARS_MAX,
  RULE_TEXT_CHARS_MAX,
  RULE_TITLE_CHARS_MAX,
  WARNING_CHARS_MAX,
} from "./bounds.ts";
export * from "./acts/contract.ts";
export * from "./appeals/contract.ts";
export * from "./audit/contract.ts";
export * from "./cases/contract.ts";
export * from "./reports/contract.ts";
export * from "./rules/contract.ts";
export * from "./shields/contract.ts";
