import { join } from "node:path";

import type { MigrationFolder } from "#ports/sql/index.ts";

/** In the order in which they build on each other. */
const FOLDERS = [
  "ports/sql",
  "ports/http",
  "ports/log",
  "ports/jobs",
  "systems/people",
  "systems/spaces",
  "systems/limits",
  "systems/realtime",
  "systems/media",
  "systems/feed",
  "systems/chat",
  "systems/hooks",
  "systems/moderation",
  "systems/notify",
  "systems/mastodon",
];

export const migrationFolders = (): MigrationFolder[] =>
  FOLDERS.map((folder) => ({
    system: folder.split("/")[1] ?? folder,
    folder: join(import.meta.dirname, "../..", folder, "sql"),
  }));
