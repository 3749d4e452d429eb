import { Transient } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import * as b from "./bounds.ts";
import type { Channel, Ear } from "./channel.ts";
import type { Cursor, Readiness } from "./contract.ts";
import type { Hub } from "./hub.ts";
import { type News, newsOf } from "./news.ts";
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

/** One stream of one connection. */
interface Sub extends Ear {
  channel: Channel;
  left: boolean;
  /** Being asked about; the number says how often it was asked for. */
  held: boolean;
  checks: number;
  /** What `checks` was when the answer was last yes. */
  let_at: number;
  /** It was told that it is pushed no more; it comes back with `resume`. */
  lagged: boolean;
  /** It was told where it stands. */
  ready: boolean;
  catching: Promise<void> | null;
}

export interface ListeningNeeds {
  hub: Hub;
  rules: RulesBook;
  voice: Voice;
  /** Who they are now: a credential may be renewed. */
  viewer: () => SignedIn;
  onFailure(error: unknown): void;
}

export function createListening({ hub, rules, voice, viewer, onFailure }: ListeningNeeds): Listening {
  const subs = new Map<string, Sub>();

  async function mayRead(stream: string): Promise<boolean> {
    const parts = partsOf(stream)!;
    const spoken = rules.of(parts.kind);
    return spoken !== null && (await spoken.mayRead(viewer(), parts.key));
  }

  function leave(stream: string): void {
    const sub = subs.get(stream);
    if (!sub) return;
    sub.left = true;
    sub.live = false;
    sub.channel.ears.delete(sub);
    subs.delete(stream);
  }

  function join(stream: string): Sub {
    leave(stream);
    const channel = hub.channel(stream);
    const sub: Sub = {
      channel,
      person_id: viewer().person_id,
      pos: 0,
      live: false,
      left: false,
      held: true,
      checks: 0,
      let_at: -1,
      lagged: false,
      ready: false,
      catching: null,
      hear(news) {
        if (!voice.items(news)) lag(stream, sub);
        return !sub.lagged;
      },
      hold() {
        sub.checks += 1;
        sub.live = false;
        if (sub.held) return;
        sub.held = true;
        settled(check(stream, sub));
      },
      renewed({ epoch, seq }) {
        if (!sub.ready) return;
        voice.ready({ [stream]: ["reset", epoch, String(seq)] });
        if (!sub.lagged) return;
        sub.lagged = false;
        settled(catchUp(stream, sub));
      },
      hearEphemeral(message) {
        if (sub.live) voice.ephemeral(stream, message);
      },
    };
    // Before anybody is asked: whatever changes meanwhile is heard, and asks again.
    channel.ears.add(sub);
    subs.set(stream, sub);
    return sub;
  }

  function lag(stream: string, sub: Sub): void {
    sub.lagged = true;
    sub.live = false;
    voice.lag(stream, sub.channel.head);
  }

  const settled = (work: Promise<void>) => void work.catch(onFailure);

  /** Until the answer is one that was asked for after the last change. */
  async function isLet(stream: string, sub: Sub): Promise<boolean> {
    for (;;) {
      const { checks } = sub;
      if (!(await mayRead(stream))) return false;
      if (checks !== sub.checks) continue;
      sub.let_at = checks;
      return true;
    }
  }

  async function check(stream: string, sub: Sub): Promise<void> {
    let let_in = false;
    try {
      let_in = await isLet(stream, sub);
    } catch (error) {
      // Not known is no. The client asks again when it comes back to the stream.
      onFailure(error);
    }
    if (sub.left) return;
    if (!let_in) {
      leave(stream);
      return voice.gone(stream, "realtime.not_yours");
    }
    await sub.catching;
    if (sub.left) return;
    // Asked for once more while the last of the catching up came to its end.
    if (sub.checks !== sub.let_at) return check(stream, sub);
    sub.held = false;
    await catchUp(stream, sub);
  }

  function catchUp(stream: string, sub: Sub): Promise<void> {
    return (sub.catching ??= follow(stream, sub).finally(() => (sub.catching = null)));
  }

  /** From where it is to where all others are, and live from there. */
  async function follow(stream: string, sub: Sub): Promise<void> {
    const { channel } = sub;
    while (!sub.left && !sub.held && !sub.lagged) {
      if (sub.pos === channel.told) {
        sub.live = true;
        return;
      }
      const { turn } = channel;
      const taken = channel.told - sub.pos > b.RECENT_ITEMS_MAX ? null : await takeFrom(channel, sub.pos);
      if (sub.left || sub.held) return;
      if (turn !== channel.turn) continue;
      if (!taken || taken.length === 0) return lag(stream, sub);
      const items = fitting(taken);
      if (!sub.hear(newsOf(stream, channel.epoch, sub.pos + 1, items))) return;
      sub.pos += items.length;
    }
  }

  async function takeFrom(channel: Channel, after: number) {
    try {
      return await channel.take(after);
    } catch (error) {
      onFailure(error);
      return null;
    }
  }

  /** Where somebody with this cursor stands. */
  function readinessOf({ channel }: Sub, cursor: Cursor | null): { pos: number; ready: Readiness } {
    const { epoch, told } = channel;
    const at = (state: "ok" | "gap" | "reset"): Readiness => [state, epoch, String(told)];
    if (cursor === null) return { pos: told, ready: at("ok") };
    const seq = Number(cursor[1]);
    if (cursor[0] !== epoch || seq > told) return { pos: told, ready: at("reset") };
    return told - seq > b.RECENT_ITEMS_MAX ? { pos: told, ready: at("gap") } : { pos: seq, ready: at("ok") };
  }

  /** @returns null where they may listen, and everything is known that must be */
  async function open(stream: string, sub: Sub, cursor: Cursor | null): Promise<string | null> {
    const { channel } = sub;
    const was_open = channel.is_open;
    if (!(await isLet(stream, sub))) return "realtime.not_yours";
    await channel.opened;
    // What took the right away may lie below the head that was found only now. From here on it comes by, and holds.
    if (!was_open && !(await isLet(stream, sub))) return "realtime.not_yours";
    // Further than this node has heard: it was told elsewhere a moment ago, or the database is an older one.
    const isBeyond = () => cursor !== null && cursor[0] === channel.epoch && Number(cursor[1]) > channel.head;
    if (isBeyond()) {
      await hub.look(stream);
      await channel.filled();
    }
    if (isBeyond()) {
      const head = (await hub.reader.heads([stream])).get(stream)!;
      // It is there, and could not be read just now. To say that it never was would make them throw away what they have.
      if (head.epoch === channel.epoch && head.seq >= Number(cursor![1])) throw new Transient("the gap was not read");
    }
    return null;
  }

  async function resume(streams: ReadonlyMap<string, Cursor | null>): Promise<void> {
    const answer: { [stream: string]: Readiness } = {};
    const joined = new Map<string, Sub>();
    for (const stream of streams.keys()) {
      if (!rules.of(partsOf(stream)!.kind)) answer[stream] = ["refused", "realtime.unknown_stream"];
      else if (subs.size >= b.STREAMS_PER_CONNECTION_MAX && !subs.has(stream))
        answer[stream] = ["refused", "realtime.too_many_streams"];
      else joined.set(stream, join(stream));
    }
    const all = [...joined];
    for (let from = 0; from < all.length; from += b.ASKED_AT_ONCE_MAX) {
      await Promise.all(
        all.slice(from, from + b.ASKED_AT_ONCE_MAX).map(async ([stream, sub]) => {
          let code: string | null;
          try {
            code = await open(stream, sub, streams.get(stream) ?? null);
          } catch (error) {
            onFailure(error);
            code = "realtime.unavailable";
          }
          if (code === null || sub.left) return;
          leave(stream);
          answer[stream] = ["refused", code];
        }),
      );
    }
    // From here to the end nothing is awaited: what is said holds when it is said.
    const standing = all.filter(([, sub]) => !sub.left);
    for (const [stream, sub] of standing) {
      sub.channel.flush();
      const { pos, ready } = readinessOf(sub, streams.get(stream) ?? null);
      sub.pos = pos;
      answer[stream] = ready;
    }
    voice.ready(answer);
    for (const [stream, sub] of standing) {
      sub.ready = true;
      // Something changed since they were asked about.
      if (sub.checks !== sub.let_at) settled(check(stream, sub));
      else {
        sub.held = false;
        settled(catchUp(stream, sub));
      }
    }
  }

  return {
    resume,
    leave: (streams) => streams.forEach(leave),
    recheck(stream) {
      for (const [name, sub] of subs) if (stream === undefined || name === stream) sub.hold();
    },
    has: (stream) => subs.has(stream),
    get size() {
      return subs.size;
    },
    end() {
      for (const stream of subs.keys()) leave(stream);
    },
  };
}
