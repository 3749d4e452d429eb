import type { IncomingMessage, ServerResponse } from "node:http";

import { addressKey } from "../../ports/limiter/index.ts";
import { createGate, type GateOptions } from "./gate.ts";
import type { Limiter } from "./index.ts";

type Next = (error?: unknown) => void;

/** For Express 4 and 5: `app.use(limits(limiter, { keys: (req) => ({ address: addressOf(req) }) }))` */
export function limits<Request extends IncomingMessage, Name extends string>(
  limiter: Limiter<Name>,
  options: GateOptions<Request, Name>,
): (request: Request, response: ServerResponse, next: Next) => void {
  const gate = createGate(limiter, options);
  async function pass(request: Request, response: ServerResponse): Promise<boolean> {
    const { headers, refused, release } = await gate(request);
    if (release) {
      // Answered, or gone before that.
      if (response.destroyed || response.closed) await release();
      else response.once("close", () => void release());
    }
    if (response.headersSent || response.destroyed) return false;
    for (const name in headers) response.setHeader(name, headers[name]!);
    if (!refused) return true;
    response.statusCode = refused.status;
    response.setHeader("content-type", "application/problem+json");
    response.end(JSON.stringify(refused));
    return false;
  }
  async function goOn(request: Request, response: ServerResponse, next: Next): Promise<void> {
    let is_allowed = false;
    try {
      is_allowed = await pass(request, response);
    } catch (error) {
      next(error);
      return;
    }
    if (is_allowed) next();
  }
  // Express 4 knows no promises; this one hands every failure to `next`.
  return (request, response, next) => void goOn(request, response, next);
}

/** The caller's address as Express knows it (`trust proxy` tells it of your proxies), of IPv6 its /64. */
export function addressOf(request: IncomingMessage & { ip?: string | undefined }): string {
  return addressKey(request.ip ?? request.socket.remoteAddress ?? "unknown");
}
