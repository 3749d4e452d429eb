import { Transient } from "#kernel/errors.ts";
import type { Turns } from "#kernel/turns.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import * as b from "./bounds.ts";
import type { Channel, Ear } from "./channel.ts";
import type { Cursor, Readiness } from "./contract.ts";
import type { Hub } from "./hub.ts";
import { type News, newsOf } from "./news.ts";
import type { Head } from "./reader.ts";
import { fitting } from "./recent.ts";
import type { RulesBook } from "./rules.ts";
import { partsOf } from "./streams.ts";
import type { PushedEphemeral } from "./wire.ts";

/** What one connection is told of the streams that it follows, in the words of its protocol. */
export interface Voice {
  /** Where it stands: what `resume` found of all that it asked for, or a `reset` by itself. */
  ready(answers: { [stream: string]: Readiness }): void;
  /** @returns false where the reader is too far behind for them */
  items(news: News): boolean;
  /** It is pushed no more, until it is resumed. */
  lag(stream: string, head: number): void;
  gone(stream: string, code: string): void;
  /** It may be lost. */
  ephemeral(stream: string, message: PushedEphemeral): void;
}

/** What one connection listens to. */
export interface Listening {
  resume(streams: ReadonlyMap<string, Cursor | null>): Promise<void>;
  leave(streams: readonly string[]): void;
  /** Asks again whether they may. */
  recheck(stream?: string): void;
  has(stream: string): boolean;
  readonly size: number;
  end(): void;
}

export interface ListeningNeeds {
  hub: Hub;
  rules: RulesBook;
  /** Of all lines of this node. */
  asking: Turns;
  onFailure(error: unknown): void;
}

/** One stream of one connection. A class, as the one below: closures for each would cost a line more memory than its socket. */
class Sub implements Ear {
  readonly person_id: string;
  pos = 0;
  live = false;
  left = false;
  /** Being asked about; `checks` says how often it was asked for, and `let_at` what that was when the answer was last yes. */
  held = true;
  checks = 0;
  let_at = -1;
  /** It was told that it is pushed no more; it comes back with `resume`. */
  lagged = false;
  /** It was told where it stands. */
  ready = false;
  catching: Promise<void> | null = null;
  readonly channel: Channel;
  private readonly of: LineListening;

  constructor(of: LineListening, channel: Channel) {
    this.of = of;
    this.channel = channel;
    this.person_id = of.who.whose().person_id;
  }
  hear(news: News): boolean {
    if (!this.of.voice.items(news)) this.of.lag(this);
    return !this.lagged;
  }
  hold(): void {
    this.checks += 1;
    this.live = false;
    if (this.held) return;
    this.held = true;
    this.of.settled(this.of.check(this));
  }
  renewed({ epoch, seq }: Head): void {
    if (!this.ready) return;
    this.of.voice.ready({ [this.channel.stream]: ["reset", epoch, String(seq)] });
    if (!this.lagged) return;
    this.lagged = false;
    this.of.settled(this.of.catchUp(this));
  }
  hearEphemeral(message: PushedEphemeral): void {
    if (this.live) this.of.voice.ephemeral(this.channel.stream, message);
  }
}

/** Who they are now: a credential may be renewed. */
export interface Whose {
  whose(): SignedIn;
}

/** @param needs the same for all lines of a node */
export const createListening = (needs: ListeningNeeds, voice: Voice, who: Whose): Listening =>
  new LineListening(needs, voice, who);

class LineListening implements Listening {
  readonly voice: Voice;
  readonly who: Whose;
  private readonly needs: ListeningNeeds;
  private readonly subs = new Map<string, Sub>();

  constructor(needs: ListeningNeeds, voice: Voice, who: Whose) {
    this.needs = needs;
    this.voice = voice;
    this.who = who;
  }

  settled(work: Promise<void>): void {
    void work.catch(this.needs.onFailure);
  }

  private async mayRead(stream: string): Promise<boolean> {
    const parts = partsOf(stream)!;
    const spoken = this.needs.rules.of(parts.kind);
    return spoken !== null && this.needs.asking.take(() => spoken.mayRead(this.who.whose(), parts.key));
  }

  private leaveOne(stream: string): void {
    const sub = this.subs.get(stream);
    if (!sub) return;
    sub.left = true;
    sub.live = false;
    sub.channel.ears.delete(sub);
    this.subs.delete(stream);
  }

  private join(stream: string): Sub {
    this.leaveOne(stream);
    const sub = new Sub(this, this.needs.hub.channel(stream));
    // Before anybody is asked: whatever changes meanwhile is heard, and asks again.
    sub.channel.ears.add(sub);
    this.subs.set(stream, sub);
    return sub;
  }

  lag(sub: Sub): void {
    sub.lagged = true;
    sub.live = false;
    this.voice.lag(sub.channel.stream, sub.channel.head);
  }

  /** Until the answer is one that was asked for after the last change. */
  private async isLet(sub: Sub): Promise<boolean> {
    for (;;) {
      const { checks } = sub;
      if (!(await this.mayRead(sub.channel.stream))) return false;
      if (checks !== sub.checks) continue;
      sub.let_at = checks;
      return true;
    }
  }

  async check(sub: Sub): Promise<void> {
    let let_in = false;
    try {
      let_in = await this.isLet(sub);
    } catch (error) {
      // Not known is no. The client asks again when it comes back to the stream.
      this.needs.onFailure(error);
    }
    if (sub.left) return;
    if (!let_in) {
      this.leaveOne(sub.channel.stream);
      return this.voice.gone(sub.channel.stream, "realtime.not_yours");
    }
    await sub.catching;
    if (sub.left) return;
    // Asked for once more while the last of the catching up came to its end.
    if (sub.checks !== sub.let_at) return this.check(sub);
    sub.held = false;
    await this.catchUp(sub);
  }

  catchUp(sub: Sub): Promise<void> {
    return (sub.catching ??= this.follow(sub).finally(() => (sub.catching = null)));
  }

  /** From where it is to where all others are, and live from there. */
  private async follow(sub: Sub): Promise<void> {
    const { channel } = sub;
    while (!sub.left && !sub.held && !sub.lagged) {
      if (sub.pos === channel.told) {
        sub.live = true;
        return;
      }
      const { turn } = channel;
      const taken = channel.told - sub.pos > b.RECENT_ITEMS_MAX ? null : await this.takeFrom(channel, sub.pos);
      if (sub.left || sub.held) return;
      if (turn !== channel.turn) continue;
      if (!taken || taken.length === 0) return this.lag(sub);
      const items = fitting(taken);
      if (!sub.hear(newsOf(channel.stream, channel.epoch, sub.pos + 1, items))) return;
      sub.pos += items.length;
    }
  }

  private async takeFrom(channel: Channel, after: number) {
    try {
      return await channel.take(after);
    } catch (error) {
      this.needs.onFailure(error);
      return null;
    }
  }

  /** @returns null where they may listen, and everything is known that must be */
  private async open(sub: Sub, cursor: Cursor | null): Promise<string | null> {
    const { channel } = sub;
    const { hub } = this.needs;
    const was_open = channel.is_open;
    if (!(await this.isLet(sub))) return "realtime.not_yours";
    await channel.opened;
    // What took the right away may lie below the head that was found only now. From here on it comes by, and holds.
    if (!was_open && !(await this.isLet(sub))) return "realtime.not_yours";
    // Further than this node has heard: it was told elsewhere a moment ago, or the database is an older one.
    const isBeyond = () => cursor !== null && cursor[0] === channel.epoch && Number(cursor[1]) > channel.head;
    if (isBeyond()) {
      await hub.look(channel.stream);
      await channel.filled();
    }
    if (isBeyond()) {
      const head = (await hub.reader.heads([channel.stream])).get(channel.stream)!;
      // It is there, and could not be read just now. To say that it never was would make them throw away what they have.
      if (head.epoch === channel.epoch && head.seq >= Number(cursor![1])) throw new Transient("the gap was not read");
    }
    return null;
  }

  async resume(streams: ReadonlyMap<string, Cursor | null>): Promise<void> {
    const { rules, onFailure } = this.needs;
    const answer: { [stream: string]: Readiness } = {};
    const joined: Sub[] = [];
    for (const stream of streams.keys()) {
      if (!rules.of(partsOf(stream)!.kind)) answer[stream] = ["refused", "realtime.unknown_stream"];
      else if (this.subs.size >= b.STREAMS_PER_CONNECTION_MAX && !this.subs.has(stream))
        answer[stream] = ["refused", "realtime.too_many_streams"];
      else joined.push(this.join(stream));
    }
    for (let from = 0; from < joined.length; from += b.ASKED_AT_ONCE_MAX) {
      await Promise.all(
        joined.slice(from, from + b.ASKED_AT_ONCE_MAX).map(async (sub) => {
          const { stream } = sub.channel;
          let code: string | null;
          try {
            code = await this.open(sub, streams.get(stream) ?? null);
          } catch (error) {
            onFailure(error);
            code = "realtime.unavailable";
          }
          if (code === null || sub.left) return;
          this.leaveOne(stream);
          answer[stream] = ["refused", code];
        }),
      );
    }
    // From here to the end nothing is awaited: what is said holds when it is said.
    const standing = joined.filter((sub) => !sub.left);
    for (const sub of standing) {
      sub.channel.flush();
      const { pos, ready } = readinessOf(sub.channel, streams.get(sub.channel.stream) ?? null);
      sub.pos = pos;
      answer[sub.channel.stream] = ready;
    }
    this.voice.ready(answer);
    for (const sub of standing) {
      sub.ready = true;
      // Something changed since they were asked about.
      if (sub.checks !== sub.let_at) this.settled(this.check(sub));
      else {
        sub.held = false;
        this.settled(this.catchUp(sub));
      }
    }
  }

  leave(streams: readonly string[]): void {
    for (const stream of streams) this.leaveOne(stream);
  }

  recheck(stream?: string): void {
    for (const [name, sub] of this.subs) if (stream === undefined || name === stream) sub.hold();
  }

  has(stream: string): boolean {
    return this.subs.has(stream);
  }

  get size(): number {
    return this.subs.size;
  }

  end(): void {
    for (const stream of this.subs.keys()) this.leaveOne(stream);
  }
}

/** Where somebody with this cursor stands. */
function readinessOf({ epoch, told }: Channel, cursor: Cursor | null): { pos: number; ready: Readiness } {
  const at = (state: "ok" | "gap" | "reset"): Readiness => [state, epoch, String(told)];
  if (cursor === null) return { pos: told, ready: at("ok") };
  const seq = Number(cursor[1]);
  if (cursor[0] !== epoch || seq > told) return { pos: told, ready: at("reset") };
  return told - seq > b.RECENT_ITEMS_MAX ? { pos: told, ready: at("gap") } : { pos: seq, ready: at("ok") };
}
