import { answer } from "./answer.ts";
import type { SimulateAsked } from "./contract.ts";

/** The simulator as a program of its own for a browser's worker; apps/web/build.ts makes it, and the page knows it by its messages alone. */
addEventListener(
  "message",
  (event: MessageEvent<SimulateAsked>) => void answer(event.data, (said) => postMessage(said)),
);
