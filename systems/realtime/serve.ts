import { forbidden } from "#kernel/errors.ts";
import type { Api, SocketAsked, SocketLine } from "#ports/http/index.ts";

import type { Connection } from "./connection.ts";
import { LINE_PATH } from "./contract.ts";
import type { Known } from "./dialect.ts";
import type { Gateway } from "./gateway.ts";

/** Where a protocol over the line is spoken. */
export interface LineDoor {
  path: string;
  summary: string;
  /** The system's name. */
  tag: string;
  /** The subprotocol that is agreed on. @throws Problem to refuse the handshake */
  protocolOf?(request: Request): string | null;
}

/** The door of our own line. Who has no cookie and no bearer token says who they are by a frame, and soon. */
export function serveLine(api: Api, gateway: Gateway): void {
  openLineDoor(
    api,
    gateway,
    { path: LINE_PATH, summary: "The line: everything live, over one WebSocket", tag: "realtime" },
    (line, known) => gateway.connect({ line, viewer: known?.viewer ?? null, token: known?.token ?? null }),
  );
}

export function openLineDoor(
  api: Api,
  { lines }: Pick<Gateway, "lines">,
  { path, summary, tag, protocolOf }: LineDoor,
  connect: (line: SocketLine, known: Known | null) => Connection,
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
      const protocol = protocolOf?.(request) ?? null;
      const room = lines.admit(address);
      let connection: Connection | null = null;
      return {
        protocol,
        opened(line) {
          connection = connect(line, viewer.kind === "person" ? { viewer, token: credential } : null);
        },
        said: (text) => connection?.said(text),
        closed() {
          room[Symbol.dispose]();
          if (!connection) return;
          connection.ended();
          lines.closed(connection);
        },
      };
    },
  });
}
