import type { Context, MiddlewareHandler } from "hono";

import { clientAddress } from "./address.ts";
import { createGate, type GateOptions } from "./gate.ts";
import type { Limiter } from "./index.ts";

/** `app.use(limits(limiter, { keys: (c) => ({ address: addressOf(c) }) }))` */
export function limits<C extends Context, Name extends string>(
  limiter: Limiter<Name>,
  options: GateOptions<C, Name>,
): MiddlewareHandler {
  const gate = createGate(limiter, options);
  return async (c, next) => {
    const { headers, refused, release } = await gate(c as C);
    // Before the handler: that costs half of what it does afterwards.
    for (const name in headers) c.header(name, headers[name]);
    if (refused) return c.body(JSON.stringify(refused), 429, { "content-type": "application/problem+json" });
    try {
      await next();
    } finally {
      await release?.();
    }
    // An answer that the handler made without `c` has none of them.
    if (headers.ratelimit !== undefined && !c.res.headers.has("ratelimit"))
      for (const name in headers) c.header(name, headers[name]);
    return undefined;
  };
}

/**
 * The caller's address, of IPv6 its /64, on Node (`@hono/node-server`), and on Bun where the server is handed on:
 * `Bun.serve({ fetch: (request, server) => app.fetch(request, { server }) })`.
 * @param proxies how many proxies of yours stand before you
 */
export function addressOf(c: Context, { proxies = 0 }: { proxies?: number } = {}): string {
  const env = (c.env ?? {}) as {
    incoming?: { socket?: { remoteAddress?: string } };
    server?: { requestIP?(request: Request): { address: string } | null };
  };
  const peer = env.incoming?.socket?.remoteAddress ?? env.server?.requestIP?.(c.req.raw)?.address;
  return clientAddress(peer, c.req.header("x-forwarded-for"), proxies);
}
