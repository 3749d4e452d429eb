import { Problem } from "#kernel/errors.ts";
import type { Json } from "#kernel/json.ts";
import type { Turns } from "#kernel/turns.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { SocketLine } from "#ports/http/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";

import * as b from "./bounds.ts";
import { CLOSE, type PullAsked, type Refusal } from "./contract.ts";
import type { Conversation, Dialect, End, Known } from "./dialect.ts";
import type { Hub } from "./hub.ts";
import { createListening, type Listening } from "./listening.ts";
import type { Words } from "./news.ts";
import { readPage } from "./pages.ts";
import type { Here, Presence } from "./presence.ts";
import type { RulesBook, Sent, StreamRules } from "./rules.ts";
import { partsOf } from "./streams.ts";
import type { PageText } from "./wire.ts";

/** One client's line. What it says is handled in the order in which it came, one after the other. */
export interface Connection {
  readonly viewer: SignedIn | null;
  /** Who they are is asked again now and then. */
  readonly token: string | null;
  said(words: Words): void;
  /** The line is gone. */
  ended(): void;
  /** @param code one of `CLOSE` */
  close(code: number, reason: string): void;
  recheck(stream?: string): void;
  move(wait_ms: number): void;
  /** Looks after readers who do not read. @returns bytes that wait for this one */
  look(now_ms: number): number;
  /** Resolves when nothing that was said is being handled. */
  idle(): Promise<void>;
}

export interface ConnectionNeeds {
  clock: Clock;
  limiter: Limiter;
  hub: Hub;
  rules: RulesBook;
  presence: Presence;
  /** Whether somebody may is asked in turns. */
  asking: Turns;
  /** @returns null for a token of nobody */
  authenticate(token: string): Promise<SignedIn | null>;
  /** It is known whose it is. @throws Problem where they may not have one more line */
  identified(connection: Connection): void;
  publishEphemeral(stream: string, slot: string, from: string, data: Json): void;
  onFailure(error: unknown): void;
}

/**
 * A line, whatever is spoken over it. @returns it before a word was said; `begin` it once others know of it
 * @param needs the same for all lines of a node
 */
export const createConnection = <Said>(
  needs: ConnectionNeeds,
  line: SocketLine,
  dialect: Dialect<Said>,
): Connection & { begin(known: Known | null): void } => new LineConnection(needs, line, dialect);

/** A class, because there are tens of thousands: as closures, what a line does took 4 KiB of each. */
class LineConnection<Said> implements Connection, End {
  viewer: SignedIn | null = null;
  token: string | null = null;
  listening: Listening | null = null;
  closed = false;
  private readonly needs: ConnectionNeeds;
  private readonly line: SocketLine;
  private readonly dialect: Dialect<Said>;
  private readonly talk: Conversation<Said>;
  /** There while something waits: most lines only listen. */
  private inbox: Said[] | null = null;
  private working: Promise<void> | null = null;
  private here: Here | null = null;
  /** Bytes that waited at the last look, and since when nothing of them went. */
  private stalled_bytes = 0;
  private stalled_since_ms = 0;

  constructor(needs: ConnectionNeeds, line: SocketLine, dialect: Dialect<Said>) {
    this.needs = needs;
    this.line = line;
    this.dialect = dialect;
    this.talk = dialect.begin(this);
  }

  private write(words: Words): void {
    if (this.closed) return;
    const is_taken = typeof words === "string" ? this.line.send(words) : this.line.sendBytes!(words);
    if (!is_taken) this.close(CLOSE.slow, "too far behind");
  }
  say(words: Words): void {
    if (this.line.waiting() + words.length > b.CLOSE_BYTES) return this.close(CLOSE.slow, "too far behind");
    this.write(words);
  }
  push(words: Words): boolean {
    if (this.line.waiting() > b.LAG_BYTES) return false;
    this.write(words);
    return true;
  }
  pushLossy(words: Words): void {
    if (this.line.waiting() <= b.DROP_EPHEMERAL_BYTES) this.write(words);
  }

  ended(): void {
    if (this.closed) return;
    this.closed = true;
    this.inbox = null;
    this.listening?.end();
    this.here?.[Symbol.dispose]();
    this.talk.ended();
  }
  close(code: number, reason: string): void {
    if (this.closed) return;
    this.ended();
    const told = this.dialect.closing(code, reason);
    this.line.close(told.code, told.reason);
  }

  /** What a caller may know of a failure. Ours are told to the log. */
  refusalOf(error: unknown): Refusal {
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
    this.needs.onFailure(error);
    return {
      status: 503,
      code: "house.unavailable",
      detail: "A part of the house is away for a moment. Send it again: it is known by its cid.",
      retry_after_s: 2,
    };
  }

  /** Who they are now: a credential may be renewed. */
  whose(): SignedIn {
    if (!this.viewer) throw new Error("nobody's line was asked for somebody's things");
    return this.viewer;
  }

  authenticate(token: string): Promise<SignedIn | null> {
    return this.needs.authenticate(token);
  }

  enter(known: Known): boolean {
    const { viewer, token } = this;
    if (viewer !== null && viewer.person_id !== known.viewer.person_id)
      throw new Error("a line does not change its person; whoever asks for it must be refused before");
    this.viewer = known.viewer;
    this.token = known.token;
    try {
      this.needs.identified(this);
    } catch (error) {
      if (viewer !== null) {
        this.viewer = viewer;
        this.token = token;
      }
      const has_ended = error instanceof Problem && error.status === 401;
      this.close(has_ended ? CLOSE.unauthorized : CLOSE.too_many, has_ended ? "session.invalid" : "too many lines");
      return false;
    }
    if (viewer !== null) return true;
    this.listening = createListening(this.needs, this.talk, this);
    this.here = this.needs.presence.arrived(known.viewer.person_id);
    return true;
  }

  /** Too many a second wait for their turn; whoever does not wait either is shown the door by the inbox's bound. */
  async turn(): Promise<void> {
    const key = this.viewer ? `line:${this.viewer.person_id}` : null;
    while (key !== null && !this.closed) {
      const { allowed, retry_after_ms } = await this.needs.limiter.take([{ key, rule: b.FRAMES_RULE, cost_tokens: 1 }]);
      if (allowed) return;
      await this.needs.clock.sleep(Math.max(1, retry_after_ms));
    }
  }
  async drained(): Promise<void> {
    while (!this.closed && this.line.waiting() > b.LAG_BYTES) await this.needs.clock.sleep(50);
  }

  /** @throws Problem where the stream's system has nobody who takes this */
  spokenFor<N extends keyof StreamRules>(stream: string, what: N): { key: string; rules: StreamRules } {
    const parts = partsOf(stream);
    const spoken = parts && this.needs.rules.of(parts.kind);
    if (!parts || !spoken?.[what])
      throw new Problem(404, "realtime.unknown_stream", "There is no such stream, or it does not take this.");
    return { key: parts.key, rules: spoken };
  }
  /** What others see, or what stays, asks for as much as the same call over HTTP does. */
  mayWrite(): void {
    if (!this.whose().scopes.includes("write")) throw new Problem(403, "token.scope", "This token may not write.");
  }
  async mayRead(stream: string): Promise<void> {
    const { key, rules: spoken } = this.spokenFor(stream, "mayRead");
    if (!(await spoken.mayRead(this.whose(), key)))
      throw new Problem(403, "realtime.not_yours", "This stream is not for you.");
  }
  async send(stream: string, cid: string, data: Json): Promise<Sent> {
    this.mayWrite();
    const { key, rules: spoken } = this.spokenFor(stream, "send");
    return spoken.send!(this.whose(), key, cid, data);
  }
  page(stream: string, asked: PullAsked, items_max: number): Promise<PageText> {
    return readPage(this.needs.hub, stream, asked, items_max);
  }
  ephemeral(stream: string, slot: string, data: Json): void {
    this.needs.publishEphemeral(stream, slot, this.whose().person_id, data);
  }
  active(active: boolean): void {
    this.here?.active(active);
  }

  private async work(): Promise<void> {
    for (let inbox = this.inbox; inbox && inbox.length > 0 && !this.closed; inbox = this.inbox) {
      const portion = inbox.slice(0, this.talk.together(inbox));
      try {
        await this.talk.handle(portion);
      } catch (error) {
        this.needs.onFailure(error);
        return this.close(CLOSE.internal, "something broke");
      }
      this.inbox?.splice(0, portion.length);
    }
  }
  private pump(): void {
    this.working ??= this.work().finally(() => {
      this.working = null;
      if (this.inbox?.length === 0) this.inbox = null;
      else if (this.inbox && !this.closed) this.pump();
    });
  }

  begin(known: Known | null): void {
    this.talk.opened(known);
  }
  said(words: Words): void {
    if (this.closed) return;
    const { bounds } = this.dialect;
    if (words.length > bounds.message_chars_max) return this.close(CLOSE.broken, "a frame is too large");
    let said: Said[];
    try {
      said = this.talk.read(words);
    } catch {
      return this.close(CLOSE.broken, "realtime.broken_frame");
    }
    this.inbox ??= [];
    if (this.inbox.length + said.length > bounds.waiting_max) return this.close(CLOSE.too_many, "too many frames");
    for (const one of said) this.inbox.push(one);
    this.pump();
  }
  recheck(stream?: string): void {
    this.listening?.recheck(stream);
  }
  move(wait_ms: number): void {
    this.talk.move(wait_ms);
  }
  look(now_ms: number): number {
    const bytes = this.line.waiting();
    if (bytes === 0 || bytes < this.stalled_bytes || this.stalled_bytes === 0) {
      this.stalled_bytes = bytes;
      this.stalled_since_ms = now_ms;
    } else if (now_ms - this.stalled_since_ms >= b.STALLED_MS_MAX) this.close(CLOSE.slow, "does not read");
    if (!this.closed) this.talk.look?.(now_ms);
    return bytes;
  }
  async idle(): Promise<void> {
    await this.working;
  }
}
