import { actsRoutes } from "./acts/contract.ts";
import { appealsRoutes } from "./appeals/contract.ts";
import { auditRoutes } from "./audit/contract.ts";
import { casesRoutes } from "./cases/contract.ts";
import { reportsRoutes } from "./reports/contract.ts";
import { rulesRoutes } from "./rules/contract.ts";
import { shieldRoutes } from "./shields/contract.ts";

/** All routes of moderation; each capability has a contract of its own, and the page takes from those. */
export const moderationRoutes = {
  ...rulesRoutes,
  ...reportsRoutes,
  ...casesRoutes,
  ...actsRoutes,
  ...appealsRoutes,
  ...auditRoutes,
  ...shieldRoutes,
} as const;
