import { channelRoutes } from "./channels/contract.ts";
import { draftRoutes } from "./drafts/contract.ts";
import { linkRoutes } from "./links/contract.ts";
import { messageRoutes } from "./messages/contract.ts";
import { pollRoutes } from "./polls/contract.ts";
import { presenceRoutes } from "./presence/contract.ts";
import { readingRoutes } from "./reading/contract.ts";
import { searchRoutes } from "./search/contract.ts";
import { threadRoutes } from "./threads/contract.ts";

export * from "./bounds.ts";
export * from "./channels/contract.ts";
export * from "./drafts/contract.ts";
export * from "./links/contract.ts";
export * from "./messages/contract.ts";
export * from "./polls/contract.ts";
export * from "./presence/contract.ts";
export * from "./reading/contract.ts";
export * from "./search/contract.ts";
export * from "./threads/contract.ts";
export * from "./tokens.ts";

export const chatRoutes = {
  ...channelRoutes,
  ...messageRoutes,
  ...pollRoutes,
  ...linkRoutes,
  ...threadRoutes,
  ...readingRoutes,
  ...searchRoutes,
  ...draftRoutes,
  ...presenceRoutes,
} as const;
