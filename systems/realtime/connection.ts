import { Problem } from "#kernel/errors.ts";
import type { Json } from "#kernel/json.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { SocketLine } from "#ports/http/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";

import * as b from "./bounds.ts";
import { type ClientFrame, CLOSE, FRAME_BYTES_MAX, type HouseFrame, LINE_VERSION, type Refusal } from "./contract.ts";
import { createCursors, type Cursors } from "./cursors.ts";
import type { Hub } from "./hub.ts";
import { createListening, type Listening } from "./listening.ts";
import { readPage } from "./pages.ts";
import type { Presence } from "./presence.ts";
import type { RulesBook, StreamRules } from "./rules.ts";
import { readFrame } from "./said.ts";
import { partsOf } from "./streams.ts";
import { frameOf } from "./wire.ts";

/** One client's line. Frames are handled in the order in which they came, one after the other. */
export interface Connection {
  readonly viewer: SignedIn | null;
  /** Who they are is asked again now and then. */
  readonly token: string | null;
  said(text: string): void;
  /** The line is gone. */
  ended(): void;
  close(code: number, reason: string): void;
  recheck(stream?: string): void;
  move(wait_ms: number): void;
  /** Looks after readers who do not read. */
  look(now_ms: number): void;
  /** Resolves when nothing that was said is being handled. */
  idle(): Promise<void>;
}

export interface ConnectionNeeds {
  clock: Clock;
  limiter: Limiter;
  hub: Hub;
  rules: RulesBook;
  presence: Presence;
  /** @returns null for a token of nobody */
  authenticate(token: string): Promise<SignedIn | null>;
  /** Somebody says who they are. @throws Problem where they may not have one more line */
  identified(connection: Connection): void;
  publishEphemeral(stream: string, slot: string, from: string, data: Json): void;
  onFailure(error: unknown): void;
}

export interface Opened {
  line: SocketLine;
  viewer: SignedIn | null;
  token: string | null;
}

export function createConnection(needs: ConnectionNeeds, opened: Opened): Connection {
  const { clock, hub, rules, presence } = needs;
  const { line } = opened;
  let { viewer, token } = opened;
  let listening: Listening | null = null;
  let cursors: Cursors | null = null;
  let here: Disposable | null = null;
  let closed = false;
  const inbox: string[] = [];
  let working: Promise<void> | null = null;
  /** Bytes that waited at the last look, and since when nothing of them went. */
  let stalled = { bytes: 0, since_ms: 0 };

  function write(text: string): void {
    if (!closed && !line.send(text)) close(CLOSE.slow, "too far behind");
  }
  const say = (frame: HouseFrame) => write(frameOf(frame));
  const outlet = {
    say(text: string) {
      if (line.waiting() + text.length > b.CLOSE_BYTES) return close(CLOSE.slow, "too far behind");
      write(text);
    },
    push(text: string) {
      if (line.waiting() > b.LAG_BYTES) return false;
      write(text);
      return true;
    },
    pushLossy(text: string) {
      if (line.waiting() <= b.DROP_EPHEMERAL_BYTES) write(text);
    },
  };

  function end(): void {
    if (closed) return;
    closed = true;
    inbox.length = 0;
    listening?.end();
    here?.[Symbol.dispose]();
    // The cursors that wait are written: nobody else knows them.
    cursors?.end();
  }
  function close(code: number, reason: string): void {
    if (closed) return;
    end();
    line.close(code, reason);
  }

  function settleIn(who: SignedIn): void {
    viewer = who;
    listening = createListening({ hub, rules, outlet, viewer: who, onFailure: needs.onFailure });
    cursors = createCursors({ clock, onFailure: needs.onFailure });
    here = presence.arrived(connection, who.person_id);
  }

  async function identify(secret: string): Promise<void> {
    if (viewer)
      throw new Problem(409, "realtime.identified", "This line belongs to somebody already. Open another one.");
    const who = await needs.authenticate(secret);
    if (closed) return;
    if (!who) return close(CLOSE.unauthorized, "session.invalid");
    if (who.suspended || !who.scopes.includes("read")) return close(CLOSE.forbidden, "not for you");
    token = secret;
    viewer = who;
    try {
      needs.identified(connection);
    } catch (error) {
      return close(
        error instanceof Problem && error.status === 401 ? CLOSE.unauthorized : CLOSE.too_many,
        "too many lines",
      );
    }
    settleIn(who);
    say(["identified", who.person_id]);
  }

  /** @throws Problem where the stream's system has nobody who takes this */
  function spokenFor<N extends keyof StreamRules>(stream: string, what: N): { key: string; rules: StreamRules } {
    const { kind, key } = partsOf(stream)!;
    const spoken = rules.of(kind);
    if (!spoken?.[what])
      throw new Problem(404, "realtime.unknown_stream", "There is no such stream, or it does not take this.");
    return { key, rules: spoken };
  }

  async function handle(frame: ClientFrame): Promise<void> {
    if (frame[0] === "ping") return say(["pong", frame[1]]);
    if (frame[0] === "identify") return identify(frame[1]);
    if (!viewer || !listening) return close(CLOSE.unauthorized, "identify first");
    switch (frame[0]) {
      case "resume":
        return listening.resume(new Map(Object.entries(frame[1])));
      case "leave":
        return listening.leave(frame[1]);
      case "send":
        return send(viewer, frame[1], frame[2], frame[3]);
      case "pull": {
        const [, stream, asked, items_max] = frame;
        const { key, rules: spoken } = spokenFor(stream, "mayRead");
        if (!(await spoken.mayRead(viewer, key)))
          throw new Problem(403, "realtime.not_yours", "This stream is not for you.");
        // One page waits at most: whoever reads slowly pulls slowly.
        await drained();
        return outlet.say(await readPage(hub, stream, asked, items_max));
      }
      case "ack":
      case "read":
        return keepCursor(viewer, frame[0], frame[1], frame[2]);
      case "eph": {
        const [, stream, slot, data] = frame;
        const { key, rules: spoken } = spokenFor(stream, "ephemeral");
        mayWrite(viewer);
        if (!listening.has(stream)) return;
        const passed = await spoken.ephemeral!(viewer, key, slot, data);
        if (passed !== null) needs.publishEphemeral(stream, slot, viewer.person_id, passed);
        return;
      }
      case "active":
        return presence.active(connection, viewer.person_id, frame[1]);
    }
  }

  /** What others see, or what stays, asks for as much as the same call over HTTP does. @throws Problem */
  function mayWrite(who: SignedIn): void {
    if (!who.scopes.includes("write")) throw new Problem(403, "token.scope", "This token may not write.");
  }

  async function send(who: SignedIn, stream: string, cid: string, data: Json): Promise<void> {
    try {
      mayWrite(who);
      const { key, rules: spoken } = spokenFor(stream, "send");
      const { id, seq, at, dup } = await spoken.send!(who, key, cid, data);
      outlet.say(frameOf(["sent", stream, cid, { id, seq, at: rfc3339(at), dup }]));
    } catch (error) {
      outlet.say(frameOf(["unsent", stream, cid, refusalOf(error)]));
    }
  }

  function keepCursor(who: SignedIn, frame: "ack" | "read", stream: string, seq: string): void {
    if (frame === "read") mayWrite(who);
    const what = frame === "read" ? "read" : "delivered";
    // For those who take it: a client may ack all that it hears.
    const { kind, key } = partsOf(stream)!;
    const spoken = rules.of(kind);
    if (!spoken?.[what] || !listening?.has(stream)) return;
    cursors?.set(`${frame} ${stream}`, Number(seq), (up_to) => spoken[what]!(who, key, String(up_to)));
  }

  /** What a caller may know of a failure. Ours are told to the log. */
  function refusalOf(error: unknown): Refusal {
    if (error instanceof Problem) {
      const { status, code, detail, extras } = error;
      return {
        status,
        code,
        detail,
        ...(extras.retry_after_s === undefined ? {} : { retry_after_s: extras.retry_after_s }),
        ...(extras.errors ? { errors: extras.errors } : {}),
      };
    }
    needs.onFailure(error);
    return {
      status: 503,
      code: "house.unavailable",
      detail: "A part of the house is away for a moment. Send it again: it is known by its cid.",
      retry_after_s: 2,
    };
  }

  async function drained(): Promise<void> {
    while (!closed && line.waiting() > b.LAG_BYTES) await clock.sleep(50);
  }

  /** Too many a second wait for their turn; whoever does not wait either is shown the door by the inbox's bound. */
  async function admitted(): Promise<void> {
    const key = viewer ? `line:${viewer.person_id}` : null;
    while (key !== null && !closed) {
      const { allowed, retry_after_ms } = await needs.limiter.take([{ key, rule: b.FRAMES_RULE, cost_tokens: 1 }]);
      if (allowed) return;
      await clock.sleep(Math.max(1, retry_after_ms));
    }
  }

  async function work(): Promise<void> {
    for (let text = inbox[0]; text !== undefined && !closed; text = inbox[0]) {
      let frame: ClientFrame | null = null;
      try {
        await admitted();
        frame = readFrame(text);
        await handle(frame);
      } catch (error) {
        if (closed) return;
        if (!frame) return close(CLOSE.broken, "realtime.broken_frame");
        const stream = typeof frame[1] === "string" && partsOf(frame[1]) ? { stream: frame[1] } : {};
        outlet.say(frameOf(["problem", { ...refusalOf(error), frame: frame[0], ...stream }]));
      }
      inbox.shift();
    }
  }

  function pump(): void {
    working ??= work().finally(() => {
      working = null;
      if (inbox.length > 0 && !closed) pump();
    });
  }

  const connection: Connection = {
    get viewer() {
      return viewer;
    },
    get token() {
      return token;
    },
    said(text) {
      if (closed) return;
      if (text.length > FRAME_BYTES_MAX) return close(CLOSE.broken, "a frame is too large");
      if (inbox.length >= b.INBOX_FRAMES_MAX) return close(CLOSE.too_many, "too many frames");
      inbox.push(text);
      pump();
    },
    ended: end,
    close,
    recheck: (stream) => listening?.recheck(stream),
    move: (wait_ms) => say(["move", wait_ms]),
    look(now_ms) {
      const bytes = line.waiting();
      if (bytes === 0 || bytes < stalled.bytes) stalled = { bytes, since_ms: now_ms };
      else if (stalled.bytes === 0) stalled = { bytes, since_ms: now_ms };
      else if (now_ms - stalled.since_ms >= b.STALLED_MS_MAX) close(CLOSE.slow, "does not read");
    },
    async idle() {
      await working;
    },
  };

  say([
    "hello",
    {
      version: LINE_VERSION,
      heartbeat_ms: b.HEARTBEAT_MS,
      frame_bytes_max: FRAME_BYTES_MAX,
      person_id: viewer?.person_id ?? null,
    },
  ]);
  if (viewer) settleIn(viewer);
  else
    void clock.sleep(b.IDENTIFY_MS_MAX).then(() => {
      if (!viewer) close(CLOSE.unauthorized, "identify first");
    });
  return connection;
}
