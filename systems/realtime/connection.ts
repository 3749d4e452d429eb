import { Problem } from "#kernel/errors.ts";
import type { Json } from "#kernel/json.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { SocketLine } from "#ports/http/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";

import * as b from "./bounds.ts";
import { CLOSE, type Refusal } from "./contract.ts";
import type { Dialect, End, Known } from "./dialect.ts";
import type { Hub } from "./hub.ts";
import { createListening, type Listening } from "./listening.ts";
import { readPage } from "./pages.ts";
import type { Presence } from "./presence.ts";
import type { RulesBook, StreamRules } from "./rules.ts";
import { partsOf } from "./streams.ts";

/** One client's line. What it says is handled in the order in which it came, one after the other. */
export interface Connection {
  readonly viewer: SignedIn | null;
  /** Who they are is asked again now and then. */
  readonly token: string | null;
  said(text: string): void;
  /** The line is gone. */
  ended(): void;
  /** @param code one of `CLOSE` */
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
  /** It is known whose it is. @throws Problem where they may not have one more line */
  identified(connection: Connection): void;
  publishEphemeral(stream: string, slot: string, from: string, data: Json): void;
  onFailure(error: unknown): void;
}

/** A line, whatever is spoken over it. @returns it before a word was said; `begin` it once others know of it */
export function createConnection<Said>(
  needs: ConnectionNeeds,
  line: SocketLine,
  dialect: Dialect<Said>,
): Connection & { begin(known: Known | null): void } {
  const { clock, hub, rules, presence } = needs;
  let viewer: SignedIn | null = null;
  let token: string | null = null;
  let listening: Listening | null = null;
  let here: Disposable | null = null;
  let closed = false;
  const inbox: Said[] = [];
  let working: Promise<void> | null = null;
  /** Bytes that waited at the last look, and since when nothing of them went. */
  let stalled = { bytes: 0, since_ms: 0 };

  function write(text: string): void {
    if (!closed && !line.send(text)) close(CLOSE.slow, "too far behind");
  }
  function finish(): void {
    if (closed) return;
    closed = true;
    inbox.length = 0;
    listening?.end();
    here?.[Symbol.dispose]();
    talk.ended();
  }
  function close(code: number, reason: string): void {
    if (closed) return;
    finish();
    const told = dialect.closing(code, reason);
    line.close(told.code, told.reason);
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

  const whose = (): SignedIn => {
    if (!viewer) throw new Error("nobody's line was asked for somebody's things");
    return viewer;
  };

  const end: End = {
    get viewer() {
      return viewer;
    },
    get closed() {
      return closed;
    },
    get listening() {
      return listening;
    },
    say(text) {
      if (line.waiting() + text.length > b.CLOSE_BYTES) return close(CLOSE.slow, "too far behind");
      write(text);
    },
    push(text) {
      if (line.waiting() > b.LAG_BYTES) return false;
      write(text);
      return true;
    },
    pushLossy(text) {
      if (line.waiting() <= b.DROP_EPHEMERAL_BYTES) write(text);
    },
    close,
    authenticate: needs.authenticate,
    enter(known) {
      const first = viewer === null;
      if (!first && viewer!.person_id !== known.viewer.person_id)
        throw new Error("a line does not change its person; whoever asks for it must be refused before");
      const before = { viewer, token };
      ({ viewer, token } = known);
      try {
        needs.identified(connection);
      } catch (error) {
        if (!first) ({ viewer, token } = before);
        const ended = error instanceof Problem && error.status === 401;
        close(ended ? CLOSE.unauthorized : CLOSE.too_many, ended ? "session.invalid" : "too many lines");
        return false;
      }
      if (!first) return true;
      listening = createListening({ hub, rules, voice: talk, viewer: whose, onFailure: needs.onFailure });
      here = presence.arrived(connection, known.viewer.person_id);
      return true;
    },
    /** Too many a second wait for their turn; whoever does not wait either is shown the door by the inbox's bound. */
    async turn() {
      const key = viewer ? `line:${viewer.person_id}` : null;
      while (key !== null && !closed) {
        const { allowed, retry_after_ms } = await needs.limiter.take([{ key, rule: b.FRAMES_RULE, cost_tokens: 1 }]);
        if (allowed) return;
        await clock.sleep(Math.max(1, retry_after_ms));
      }
    },
    async drained() {
      while (!closed && line.waiting() > b.LAG_BYTES) await clock.sleep(50);
    },
    spokenFor,
    /** What others see, or what stays, asks for as much as the same call over HTTP does. */
    mayWrite() {
      if (!whose().scopes.includes("write")) throw new Problem(403, "token.scope", "This token may not write.");
    },
    async mayRead(stream) {
      const { key, rules: spoken } = spokenFor(stream, "mayRead");
      if (!(await spoken.mayRead(whose(), key)))
        throw new Problem(403, "realtime.not_yours", "This stream is not for you.");
    },
    async send(stream, cid, data) {
      end.mayWrite();
      const { key, rules: spoken } = spokenFor(stream, "send");
      return spoken.send!(whose(), key, cid, data);
    },
    page: (stream, asked, items_max) => readPage(hub, stream, asked, items_max),
    ephemeral: (stream, slot, data) => needs.publishEphemeral(stream, slot, whose().person_id, data),
    refusalOf,
    active: (active) => presence.active(connection, whose().person_id, active),
  };

  /** @throws Problem where the stream's system has nobody who takes this */
  function spokenFor<N extends keyof StreamRules>(stream: string, what: N): { key: string; rules: StreamRules } {
    const parts = partsOf(stream);
    const spoken = parts && rules.of(parts.kind);
    if (!parts || !spoken?.[what])
      throw new Problem(404, "realtime.unknown_stream", "There is no such stream, or it does not take this.");
    return { key: parts.key, rules: spoken };
  }

  async function work(): Promise<void> {
    while (inbox.length > 0 && !closed) {
      const portion = inbox.slice(0, talk.together(inbox));
      try {
        await talk.handle(portion);
      } catch (error) {
        needs.onFailure(error);
        return close(CLOSE.internal, "something broke");
      }
      inbox.splice(0, portion.length);
    }
  }

  function pump(): void {
    working ??= work().finally(() => {
      working = null;
      if (inbox.length > 0 && !closed) pump();
    });
  }

  const connection: Connection & { begin(known: Known | null): void } = {
    get viewer() {
      return viewer;
    },
    get token() {
      return token;
    },
    begin: (known) => talk.opened(known),
    said(text) {
      if (closed) return;
      if (text.length > dialect.bounds.message_chars_max) return close(CLOSE.broken, "a frame is too large");
      let said: Said[];
      try {
        said = talk.read(text);
      } catch {
        return close(CLOSE.broken, "realtime.broken_frame");
      }
      if (inbox.length + said.length > dialect.bounds.waiting_max) return close(CLOSE.too_many, "too many frames");
      for (const one of said) inbox.push(one);
      pump();
    },
    ended: finish,
    close,
    recheck: (stream) => listening?.recheck(stream),
    move: (wait_ms) => talk.move(wait_ms),
    look(now_ms) {
      const bytes = line.waiting();
      if (bytes === 0 || bytes < stalled.bytes) stalled = { bytes, since_ms: now_ms };
      else if (stalled.bytes === 0) stalled = { bytes, since_ms: now_ms };
      else if (now_ms - stalled.since_ms >= b.STALLED_MS_MAX) return close(CLOSE.slow, "does not read");
      talk.look?.(now_ms);
    },
    async idle() {
      await working;
    },
  };
  const talk = dialect.begin(end);
  return connection;
}
