import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { People } from "#systems/people/index.ts";
import type { Realtime } from "#systems/realtime/index.ts";

import { CENTRIFUGO_PATH } from "./contract.ts";
import { createDialect, type Script } from "./talk.ts";

export interface CentrifugoNeeds {
  clock: Clock;
  people: Pick<People, "tokenEnd">;
  line: Pick<Realtime, "serveIn">;
  version: string;
}

/** Opens Centrifugo's door: the streams of the line in the protocol of Centrifugo's clients. */
export function serveCentrifugo(api: Api, { clock, people, line, version }: CentrifugoNeeds): void {
  const needs = { clock, version, tokenEnd: people.tokenEnd };
  const dialects = { json: createDialect("json", needs), protobuf: createDialect("protobuf", needs) };
  line.serveIn(
    api,
    { path: CENTRIFUGO_PATH, summary: "The line in the protocol of Centrifugo's clients", tag: "centrifugo" },
    (request) => {
      const { protocol, script } = asked(request);
      return { protocol, dialect: dialects[script] };
    },
  );
}

/** By a subprotocol, by the query, or JSON. */
function asked(request: Request): { protocol: string | null; script: Script } {
  const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((word) => word.trim());
  if (offered.includes("centrifuge-protobuf")) return { protocol: "centrifuge-protobuf", script: "protobuf" };
  if (offered.includes("centrifuge-json")) return { protocol: "centrifuge-json", script: "json" };
  const { searchParams } = new URL(request.url);
  const format = searchParams.get("cf_protocol") ?? searchParams.get("format");
  return { protocol: null, script: format === "protobuf" ? "protobuf" : "json" };
}
