import { startLearning } from "./learn.ts";
import type { ForYouGround } from "./needs.ts";
import { createQueues, type Queues } from "./queue.ts";
import { defineRefresh } from "./refresh.ts";

export interface ForYou {
  ground: ForYouGround;
  queues: Queues;
  /** Learning and lists made ahead; for nodes that work in the background. */
  work(): Disposable;
}

export function createForYou(ground: ForYouGround): ForYou {
  defineRefresh(ground);
  return { ground, queues: createQueues(ground), work: () => startLearning(ground) };
}

export { serveForYou } from "./routes.ts";
