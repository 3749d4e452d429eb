import { forbidden } from "#kernel/errors.ts";
import type { Api } from "#ports/http/index.ts";

import type { Connection } from "./connection.ts";
import { LINE_PATH } from "./contract.ts";
import type { Gateway } from "./gateway.ts";

/** The door of the line. Who has no cookie and no bearer token says who they are by a frame, and soon. */
export function serveLine(api: Api, gateway: Gateway): void {
  api.socket({
    path: LINE_PATH,
    summary: "The line: everything live, over one WebSocket",
    tag: "realtime",
    access: { who: "anyone", scope: "read" },
    cost_tokens: 5,
    async open({ viewer, address, credential }) {
      if (viewer.kind === "person" && viewer.suspended)
        throw forbidden(
          "This account is suspended. Its owner can still read and export what is theirs.",
          "person.suspended",
        );
      const room = gateway.lines.admit(address);
      let connection: Connection | null = null;
      return {
        protocol: null,
        opened(line) {
          const who = viewer.kind === "person" ? viewer : null;
          connection = gateway.connect({ line, viewer: who, token: who ? credential : null });
        },
        said: (text) => connection?.said(text),
        closed() {
          room[Symbol.dispose]();
          if (!connection) return;
          connection.ended();
          gateway.lines.closed(connection);
        },
      };
    },
  });
}
