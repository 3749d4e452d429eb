import { forbidden } from "#kernel/errors.ts";
import type { Api, SocketAsked, SocketLine, SocketPart } from "#ports/http/index.ts";

import type { Connection } from "./connection.ts";
import { LINE_PATH } from "./contract.ts";
import type { Dialect, Known } from "./dialect.ts";
import type { Gateway } from "./gateway.ts";

/** Where a protocol over the line is spoken. */
export interface LineDoor {
  path: string;
  summary: string;
  /** The system's name. */
  tag: string;
}

/** What is spoken with whoever asks so. */
export interface Spoken<Said> {
  /** The subprotocol that is agreed on. */
  protocol: string | null;
  dialect: Dialect<Said>;
}

/** The door of our own line. Who has no cookie and no bearer token says who they are by a frame, and soon. */
export function serveLine(api: Api, gateway: Gateway): void {
  openLineDoor(
    api,
    gateway,
    { path: LINE_PATH, summary: "The line: everything live, over one WebSocket", tag: "realtime" },
    () => ({
      protocol: null,
      connect: (line, known) => gateway.connect({ line, viewer: known?.viewer ?? null, token: known?.token ?? null }),
    }),
  );
}

/** A door where another protocol is spoken, or several. */
export function serveSpoken<Said>(
  api: Api,
  gateway: Gateway,
  door: LineDoor,
  spoken: (request: Request) => Spoken<Said>,
): void {
  openLineDoor(api, gateway, door, (request) => {
    const { protocol, dialect } = spoken(request);
    return { protocol, connect: (line, known) => gateway.speak(dialect, line, known) };
  });
}

function openLineDoor(
  api: Api,
  { lines }: Pick<Gateway, "lines">,
  { path, summary, tag }: LineDoor,
  agree: (request: Request) => { protocol: string | null; connect: Connect },
): void {
  api.socket({
    path,
    summary,
    tag,
    access: { who: "anyone", scope: "read" },
    cost_tokens: 5,
    async open({ viewer, address, credential, request }: SocketAsked) {
      if (viewer.kind === "person" && viewer.suspended)
        throw forbidden(
          "This account is suspended. Its owner can still read and export what is theirs.",
          "person.suspended",
        );
      const { protocol, connect } = agree(request);
      const room = lines.admit(address);
      return new LinePart(
        lines,
        room,
        protocol,
        connect,
        viewer.kind === "person" ? { viewer, token: credential } : null,
      );
    },
  });
}

type Connect = (line: SocketLine, known: Known | null) => Connection;

/** One of tens of thousands, as all that a line is made of. */
class LinePart implements SocketPart {
  readonly protocol: string | null;
  private connection: Connection | null = null;
  private readonly lines: Gateway["lines"];
  private readonly room: Disposable;
  private readonly connect: Connect;
  private readonly known: Known | null;

  constructor(
    lines: Gateway["lines"],
    room: Disposable,
    protocol: string | null,
    connect: Connect,
    known: Known | null,
  ) {
    this.lines = lines;
    this.room = room;
    this.protocol = protocol;
    this.connect = connect;
    this.known = known;
  }
  opened(line: SocketLine): void {
    this.connection = this.connect(line, this.known);
  }
  said(text: string): void {
    this.connection?.said(text);
  }
  saidBytes(bytes: Uint8Array): void {
    this.connection?.said(bytes);
  }
  closed(): void {
    this.room[Symbol.dispose]();
    if (!this.connection) return;
    this.connection.ended();
    this.lines.closed(this.connection);
  }
}
