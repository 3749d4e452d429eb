/**
 * WebSocket clients on bare TCP sockets, so that ten thousand of them cost little in the process that measures. They say text
 * with a mask of zeros, hear text, answer pings, and can stop reading.
 */
export interface RawClient {
  say(text: string): void;
  /** Stops taking what comes, as a reader that hangs does; the socket stays. */
  pause(): void;
  resume(): void;
  /** Without a word. */
  cut(): void;
}

export interface RawEvents {
  opened?(client: RawClient): void;
  heard(text: string, client: RawClient): void;
  closed?(): void;
}

interface Held {
  greeting: string;
  events: RawEvents;
  client: RawClient;
  is_open: boolean;
  rest: Buffer | null;
  /** What the kernel did not take yet. */
  unsaid: Buffer | null;
}

let refusals = 0;
const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

/** All on this one port; loopback has many addresses, and each has ports of its own. */
export async function openRaw(
  to: { port: number; path: string; host?: string; headers?: { [name: string]: string } },
  events: RawEvents,
): Promise<RawClient> {
  const host = to.host ?? "127.0.0.1";
  const more = Object.entries(to.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const held: Held = {
    greeting: `GET ${to.path} HTTP/1.1\r\nHost: ${host}:${to.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more.join("")}\r\n`,
    events,
    client: null as unknown as RawClient,
    is_open: false,
    rest: null,
    unsaid: null,
  };
  const socket = await Bun.connect<Held>({ hostname: host, port: to.port, data: held, socket: HANDLERS });
  return socket.data.client;
}

const HANDLERS: Bun.SocketHandler<Held> = {
  open(socket) {
    socket.data.client = {
      say: (text) => write(socket, frame(TEXT, Buffer.from(text))),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      cut: () => socket.terminate(),
    };
    write(socket, Buffer.from(socket.data.greeting));
  },
  data(socket, chunk) {
    const held = socket.data;
    let bytes: Buffer = held.rest ? Buffer.concat([held.rest, chunk]) : chunk;
    held.rest = null;
    if (!held.is_open) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) return void (held.rest = Buffer.from(bytes));
      const first = bytes.toString("latin1", 0, bytes.indexOf("\r\n"));
      if (!first.includes(" 101 ")) {
        refusals += 1;
        // The first says enough.
        if (refusals === 1) console.error(`refused: ${bytes.toString("latin1").slice(0, 600)}`);
        socket.terminate();
        return;
      }
      held.is_open = true;
      bytes = bytes.subarray(end + 4);
      held.events.opened?.(held.client);
    }
    let at = 0;
    for (;;) {
      const next = frameAt(bytes, at);
      if (!next) break;
      const { opcode, from, to } = next;
      if (opcode === TEXT) held.events.heard(bytes.toString("utf8", from, to), held.client);
      else if (opcode === PING) write(socket, frame(PONG, bytes.subarray(from, to)));
      else if (opcode === CLOSE) socket.end();
      at = to;
    }
    if (at < bytes.length) held.rest = Buffer.from(bytes.subarray(at));
  },
  drain(socket) {
    const waiting = socket.data.unsaid;
    socket.data.unsaid = null;
    if (waiting) write(socket, waiting);
  },
  close(socket) {
    socket.data.events.closed?.();
  },
  error(socket) {
    socket.terminate();
  },
};

function write(socket: Bun.Socket<Held>, bytes: Buffer): void {
  const held = socket.data;
  if (held.unsaid) return void (held.unsaid = Buffer.concat([held.unsaid, bytes]));
  const taken = Math.max(0, socket.write(bytes));
  if (taken < bytes.length) held.unsaid = Buffer.from(bytes.subarray(taken));
}

function frame(opcode: number, payload: Uint8Array): Buffer {
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 8 : 6);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (long ? 126 : payload.length);
  if (long) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

function frameAt(bytes: Buffer, at: number): { opcode: number; from: number; to: number } | null {
  if (bytes.length < at + 2) return null;
  let length = bytes[at + 1]! & 0x7f;
  let from = at + 2;
  if (length === 126) {
    if (bytes.length < at + 4) return null;
    length = bytes.readUInt16BE(at + 2);
    from = at + 4;
  } else if (length === 127) {
    if (bytes.length < at + 10) return null;
    length = Number(bytes.readBigUInt64BE(at + 2));
    from = at + 10;
  }
  return bytes.length < from + length ? null : { opcode: bytes[at]! & 0x0f, from, to: from + length };
}
