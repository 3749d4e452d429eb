import type { Id } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";
import { createTurns } from "#kernel/turns.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Bus } from "#ports/bus/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { SocketLine } from "#ports/http/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";

import * as b from "./bounds.ts";
import { type Connection, type ConnectionNeeds, createConnection } from "./connection.ts";
import type { Dialect, Known } from "./dialect.ts";
import { createFrames } from "./frames.ts";
import { createHub, type Hub } from "./hub.ts";
import { createLines, type Lines } from "./lines.ts";
import { createPresence, type Presence } from "./presence.ts";
import type { Reader } from "./reader.ts";
import type { RulesBook } from "./rules.ts";
import { subjectOf } from "./streams.ts";

/** One node's end of all lines. Everything that it stands on is given, so that a simulation can be all of it. */
export interface Gateway extends AsyncDisposable {
  lines: Lines;
  hub: Hub;
  presence: Presence;
  /** A line that speaks our own protocol. */
  connect(opened: { line: SocketLine; viewer: SignedIn | null; token: string | null }): Connection;
  /** A line that speaks another one, over the same streams. */
  speak<Said>(dialect: Dialect<Said>, line: SocketLine, known: Known | null): Connection;
  recheck(what: { stream?: string; person_id?: Id<"person"> }): void;
  ephemeral(stream: string, slot: string, from: string | null, data: Json): void;
}

export interface GatewayNeeds {
  clock: Clock;
  bus: Bus;
  limiter: Limiter;
  reader: Reader;
  rules: RulesBook;
  authenticate(token: string): Promise<SignedIn | null>;
  /** This process's name among all. */
  node: string;
  soon?: (work: () => void) => void;
  onFailure(error: unknown): void;
}

const RECHECK = "realtime.recheck";

export function createGateway(needs: GatewayNeeds): Gateway {
  const { clock, bus } = needs;
  const soon = needs.soon ?? ((work: () => void) => void setImmediate(work));
  const hub = createHub({ ...needs, soon });
  const lines = createLines(needs);
  const presence = createPresence(needs);
  let closed = false;

  const rechecks = bus.subscribe(RECHECK, (message) => {
    const { stream, person_id } = message as { stream: string | null; person_id: string | null };
    // Whom it is about, among those who listen to it.
    if (stream !== null && person_id === null) {
      for (const ear of hub.peek(stream)?.ears ?? []) ear.hold();
      return;
    }
    lines.recheck({ ...(stream === null ? {} : { stream }), ...(person_id === null ? {} : { person_id }) });
  });

  const ephemeral = (stream: string, slot: string, from: string | null, data: Json) =>
    bus.publish(subjectOf(stream), { type: "eph", slot, person_id: from, data: JSON.stringify(data) });

  const of_all_lines: ConnectionNeeds = {
    ...needs,
    hub,
    presence,
    asking: createTurns(b.ASKED_AT_ONCE_OF_ALL_MAX),
    identified: lines.identified,
    publishEphemeral: ephemeral,
  };
  function speak<Said>(dialect: Dialect<Said>, line: SocketLine, known: Known | null): Connection {
    const connection = createConnection(of_all_lines, line, dialect);
    lines.opened(connection);
    connection.begin(known);
    return connection;
  }
  const frames = createFrames(needs);

  return {
    lines,
    hub,
    presence,
    ephemeral,
    connect: ({ line, viewer, token }) => speak(frames, line, viewer && { viewer, token }),
    speak,
    recheck({ stream, person_id }) {
      const message = { stream: stream ?? null, person_id: person_id ?? null };
      bus.publish(RECHECK, message);
      // The bus may lose one.
      for (const ms of b.RECHECK_REPEAT_MS)
        void clock.sleep(ms).then(() => {
          if (!closed) bus.publish(RECHECK, message);
        });
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      rechecks[Symbol.dispose]();
      lines[Symbol.dispose]();
      presence[Symbol.dispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}
