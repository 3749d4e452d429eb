import { Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { People } from "#systems/people/index.ts";
import type { Realtime } from "#systems/realtime/index.ts";

import { CENTRIFUGO_PATH } from "./contract.ts";
import { createDialect } from "./talk.ts";

export interface CentrifugoNeeds {
  clock: Clock;
  people: Pick<People, "tokenEnd">;
  line: Pick<Realtime, "serveIn">;
  version: string;
}

/** Opens Centrifugo's door: the streams of the line in the protocol of Centrifugo's clients. */
export function serveCentrifugo(api: Api, { clock, people, line, version }: CentrifugoNeeds): void {
  line.serveIn(
    api,
    {
      path: CENTRIFUGO_PATH,
      summary: "The line in the protocol of Centrifugo's clients",
      tag: "centrifugo",
      protocolOf,
    },
    createDialect({ clock, version, tokenEnd: people.tokenEnd }),
  );
}

/** Clients ask for nothing where they speak JSON. */
function protocolOf(request: Request): string | null {
  const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((word) => word.trim());
  if (offered.includes("centrifuge-json")) return "centrifuge-json";
  const { searchParams } = new URL(request.url);
  const format = searchParams.get("cf_protocol") ?? searchParams.get("format");
  if (offered.includes("centrifuge-protobuf") || format === "protobuf")
    throw new Problem(400, "centrifugo.json_only", "This door speaks JSON. Build the client without protobuf.");
  return null;
}
