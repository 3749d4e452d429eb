import { Problem } from "#kernel/errors.ts";
import { problemResponse, SOCKET_BUFFERED_BYTES_MAX, type SocketLine, type SocketPart } from "#ports/http/index.ts";

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
  /** Asked of connections that want to become WebSockets; null where the path has none. */
  upgrade?: (request: Request, peer: Peer) => Promise<Response | SocketPart | null>;
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
/** What clients say on a socket is small, and each door has its own bound; what the house says is bounded by what waits. */
const SOCKET_SAID_BYTES_MAX = 128 * 1024;

/** One of tens of thousands, so what it does is not closures of its own. */
class Line implements SocketLine {
  private readonly socket: Bun.ServerWebSocket<SocketPart>;
  constructor(socket: Bun.ServerWebSocket<SocketPart>) {
    this.socket = socket;
  }
  send(text: string): boolean {
    // 0 is what was dropped; -1 waits, within the bound.
    return this.socket.send(text) !== 0;
  }
  sendBytes(bytes: Uint8Array): boolean {
    return this.socket.send(bytes) !== 0;
  }
  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }
  waiting(): number {
    return this.socket.getBufferedAmount();
  }
}

export function listen(needs: ListenNeeds): Listening {
  const come = async (request: Request): Promise<Response | undefined> => {
    const peer = () => server.requestIP(request)?.address ?? "unknown";
    if (!needs.upgrade || request.headers.get("upgrade")?.toLowerCase() !== "websocket")
      return needs.fetch(request, peer);
    const part = await needs.upgrade(request, peer);
    if (part === null) return needs.fetch(request, peer);
    if (part instanceof Response) return part;
    const headers: Record<string, string> = part.protocol === null ? {} : { "sec-websocket-protocol": part.protocol };
    if (server.upgrade(request, { data: part, headers })) return undefined;
    part.closed();
    return new Response("This is no WebSocket handshake.", { status: 400 });
  };
  const server: Bun.Server<SocketPart> = Bun.serve<SocketPart>({
    port: needs.port,
    hostname: needs.host,
    idleTimeout: IDLE_S_MAX,
    maxRequestBodySize: BODY_BYTES_MAX,
    fetch: come,
    websocket: {
      maxPayloadLength: SOCKET_SAID_BYTES_MAX,
      backpressureLimit: SOCKET_BUFFERED_BYTES_MAX,
      closeOnBackpressureLimit: true,
      idleTimeout: IDLE_S_MAX,
      sendPings: true,
      open: (socket) => socket.data.opened(new Line(socket)),
      message(socket, message) {
        if (typeof message === "string") socket.data.said(message);
        else if (socket.data.saidBytes) socket.data.saidBytes(message);
        else socket.close(1003, "Text, please.");
      },
      close: (socket) => socket.data.closed(),
    },
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
