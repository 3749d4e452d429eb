import { headersOf, type LimitProblem, problemOf } from "./answer.ts";
import type { Decision, Limiter } from "./index.ts";
import type { Keys } from "./keys.ts";

export interface GateOptions<Request, Name extends string> {
  /** Whose tokens a request takes, under which rules. Where all of them are null it is not counted. */
  keys: (request: Request) => Keys<Name> | Promise<Keys<Name>>;
  /** 1 where nothing is said. */
  cost_tokens?: number | ((request: Request) => number);
  /** A request that would pass within so many ms waits for it here. */
  patience_ms?: number;
  /** Not counted at all: health checks, people of the house. */
  skip?: (request: Request) => boolean | Promise<boolean>;
  /** Counts and tells `onDecision`, and refuses nobody: to try a rule before it holds. A function for a part of the traffic. */
  shadow?: boolean | ((request: Request) => boolean);
  /** Told of every decision; what it throws fails the request. */
  onDecision?: (seen: Seen<Request>) => void;
}

export interface Seen<Request> {
  decision: Decision;
  request: Request;
  shadow: boolean;
}

export interface Passed {
  headers: Record<string, string>;
  refused: LimitProblem | null;
  /** To call when the answer has gone. */
  release: (() => Promise<void>) | null;
}

const PASSED: Passed = { headers: {}, refused: null, release: null };

/** What every framework's middleware does, before it says it in the framework's words. */
export function createGate<Request, Name extends string>(limiter: Limiter<Name>, options: GateOptions<Request, Name>) {
  const { cost_tokens = 1, patience_ms = 0, shadow = false } = options;
  return async (request: Request): Promise<Passed> => {
    if (await options.skip?.(request)) return PASSED;
    const keys = await options.keys(request);
    if (Object.values(keys).every((key) => key === null || key === undefined)) return PASSED;
    const cost = typeof cost_tokens === "function" ? cost_tokens(request) : cost_tokens;
    const is_shadow = typeof shadow === "function" ? shadow(request) : shadow;
    const decision = await limiter.take(keys, { cost_tokens: cost, patience_ms: is_shadow ? 0 : patience_ms });
    const { allowed, hold, wait_ms } = decision;
    // A hold that is not given back ends by itself.
    const release = hold && (() => limiter.release(hold).catch(() => {}));
    options.onDecision?.({ decision, request, shadow: is_shadow });
    if (is_shadow) return { ...PASSED, release };
    if (allowed && wait_ms > 0) await new Promise((resolve) => setTimeout(resolve, wait_ms));
    return { headers: headersOf(decision), refused: allowed ? null : problemOf(decision), release };
  };
}
