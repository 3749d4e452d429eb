import type { IncomingMessage, ServerResponse } from "node:http";

import { addressKey } from "../../ports/limiter/index.ts";
import { createGate, type GateOptions } from "./gate.ts";
import type { Limiter } from "./index.ts";

/** What of Fastify 4 and 5 is used here. */
interface FastifyRequest {
  ip: string;
  raw: IncomingMessage;
}
interface FastifyReply {
  raw: ServerResponse;
  headers(values: Record<string, string>): unknown;
  code(status: number): unknown;
  type(contentType: string): unknown;
  send(payload: unknown): unknown;
}

/** A hook for Fastify 4 and 5: `app.addHook("onRequest", limits(limiter, { keys: (request) => ({ address: addressOf(request) }) }))` */
export function limits<Request extends FastifyRequest, Name extends string>(
  limiter: Limiter<Name>,
  options: GateOptions<Request, Name>,
): (request: Request, reply: FastifyReply) => Promise<unknown> {
  const gate = createGate(limiter, options);
  return async (request, reply) => {
    const { headers, refused, release } = await gate(request);
    if (release) {
      if (reply.raw.destroyed || reply.raw.closed) await release();
      else reply.raw.once("close", () => void release());
    }
    reply.headers(headers);
    if (!refused) return undefined;
    reply.code(refused.status);
    reply.type("application/problem+json");
    reply.send(JSON.stringify(refused));
    return reply;
  };
}

/** The caller's address as Fastify knows it (`trustProxy` tells it of your proxies), of IPv6 its /64. */
export const addressOf = (request: { ip: string }): string => addressKey(request.ip);
