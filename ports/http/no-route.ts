import type { Route } from "#kernel/contract.ts";

/** What is asked for and is no route; limits may name it. */
export const NO_ROUTE = { route: "* /v1/*", cost_tokens: 1 };

/** Made once for each route: whoever asks for what is not there has it compared with all of them. */
const patterns = new WeakMap<Route, RegExp>();
export function fits(route: Route, path: string): boolean {
  let pattern = patterns.get(route);
  if (!pattern) {
    pattern = new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
    patterns.set(route, pattern);
  }
  return pattern.test(path);
}
