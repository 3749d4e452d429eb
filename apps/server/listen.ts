import { Problem } from "#kernel/errors.ts";
import { problemResponse } from "#ports/http/index.ts";

export interface Listening {
  port: number;
  /** Takes no new connection, waits for what is under way, then closes the rest. */
  drain(ms: number): Promise<void>;
}

/** The address at the other end of the line; looked up only where it is asked for, because it costs as much as a small answer. */
export type Peer = () => string;

export interface ListenNeeds {
  port: number;
  host: string;
  fetch: (request: Request, peer: Peer) => Promise<Response>;
  onError: (error: unknown) => void;
  onDrain: () => void;
}

/**
 * tus and S3 may send a whole film as one body, so this is the largest upload that a house can take. Every reader of a body
 * has a bound of its own and stops there, and what nobody reads is not received.
 */
const BODY_BYTES_MAX = 640 * 1024 ** 3;
/** Seconds without a byte in either direction. */
const IDLE_S_MAX = 60;

export function listen(needs: ListenNeeds): Listening {
  const server: Bun.Server<undefined> = Bun.serve({
    port: needs.port,
    hostname: needs.host,
    idleTimeout: IDLE_S_MAX,
    maxRequestBodySize: BODY_BYTES_MAX,
    fetch: (request) => needs.fetch(request, () => server.requestIP(request)?.address ?? "unknown"),
    error(error) {
      needs.onError(error);
      const request_id = crypto.randomUUID();
      return problemResponse(new Problem(500, "internal", "Something broke on our side."), request_id);
    },
  });
  return {
    port: server.port ?? needs.port,
    async drain(ms) {
      needs.onDrain();
      const done = server.stop(false);
      await Promise.race([done, Bun.sleep(ms)]);
      await server.stop(true);
    },
  };
}
