import { sentenceOf } from "../client.ts";

/** A few words about what just happened. `ToastHost` shows them; its code is fetched once the page is at rest. */
export interface Saying {
  text: string;
  tone: "plain" | "bad";
  action?: { label: string; run: () => void };
  timeout_ms: number;
}

let show: ((saying: Saying) => void) | null = null;
const waiting: Saying[] = [];
const SAYINGS_WAITING_MAX = 5;

export function hostToasts(host: ((saying: Saying) => void) | null) {
  show = host;
  if (host) for (const saying of waiting.splice(0)) host(saying);
}

function put(saying: Saying) {
  if (show) show(saying);
  else if (waiting.push(saying) > SAYINGS_WAITING_MAX) waiting.shift();
}

/** @param undo offered for 8 s; whoever needs longer finds the thing where it was */
export function say(text: string, undo?: () => void | Promise<void>) {
  put({
    text,
    tone: "plain",
    timeout_ms: undo ? 8_000 : 4_000,
    ...(undo ? { action: { label: "Undo", run: () => void Promise.resolve(undo()).catch(sorry) } } : {}),
  });
}

export function offer(text: string, label: string, run: () => void) {
  put({ text, tone: "plain", timeout_ms: 10_000, action: { label, run } });
}

export function sorry(error: unknown) {
  put({ text: typeof error === "string" ? error : sentenceOf(error), tone: "bad", timeout_ms: 8_000 });
}
