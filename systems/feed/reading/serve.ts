import type { Api } from "#ports/http/index.ts";

import { serveCatchUp } from "../catch-up/routes.ts";
import { serveFolders } from "../folders/routes.ts";
import { serveLists } from "../lists/routes.ts";
import { servePlaces } from "../places/routes.ts";
import { serveWishes } from "../wishes/routes.ts";
import type { ReadingGround } from "./ground.ts";

/** The rooms in which readers arrange what they read. */
export function serveReading(api: Api, ground: ReadingGround): void {
  servePlaces(api, ground);
  serveLists(api, ground);
  serveFolders(api, ground);
  serveWishes(api, ground);
  serveCatchUp(api, ground);
}
