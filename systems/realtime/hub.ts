import type { Bus } from "#ports/bus/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { HEADS_EVERY_MS, HEADS_PER_READ_MAX } from "./bounds.ts";
import { type Channel, openChannel } from "./channel.ts";
import type { Reader } from "./reader.ts";
import type { RecentBudget } from "./recent.ts";

/** All streams that somebody on this node listens to. */
export interface Hub extends AsyncDisposable {
  /** The one that is there, or a new one. Wait for `opened`. */
  channel(stream: string): Channel;
  /** The one that is there. */
  peek(stream: string): Channel | null;
  channels(): Iterable<Channel>;
  /** Asks the database where it is, together with all others that are asked for in this turn. @throws what reading threw */
  look(stream: string): Promise<void>;
  reader: Reader;
  stats(): { channels: number; kept_bytes: number; heads_read: number };
}

export interface HubNeeds {
  clock: Clock;
  bus: Bus;
  reader: Reader;
  /** Runs work at the end of this turn of the loop. */
  soon: (work: () => void) => void;
  onFailure: (error: unknown) => void;
}

export function createHub(needs: HubNeeds): Hub {
  const { clock, reader, soon } = needs;
  const channels = new Map<string, Channel>();
  const dirty = new Set<Channel>();
  const budget: RecentBudget = { bytes: 0 };
  let flush_due = false;
  let looks: { streams: Set<string>; done: Promise<void> } | null = null;
  /** One look at a time: who asks meanwhile is in the next one, so that a thousand who come back are few reads. */
  let looking: Promise<void> = Promise.resolve();
  let heads_read = 0;
  let closed = false;

  function flush(): void {
    flush_due = false;
    const due = [...dirty];
    dirty.clear();
    for (const channel of due) channel.flush();
  }

  async function readHeads(streams: readonly string[]): Promise<void> {
    for (let from = 0; from < streams.length && !closed; from += HEADS_PER_READ_MAX) {
      const some = streams.slice(from, from + HEADS_PER_READ_MAX);
      const before = new Map(some.map((stream) => [stream, channels.get(stream)?.head ?? 0]));
      heads_read += 1;
      const heads = await reader.heads(some);
      for (const [stream, head] of heads) channels.get(stream)?.isAt(head, before.get(stream)!);
    }
  }

  function look(stream: string): Promise<void> {
    if (!looks) {
      const asked = { streams: new Set<string>(), done: Promise.resolve() };
      asked.done = looking
        .catch(() => {})
        .then(() => new Promise<void>((resolve) => soon(resolve)))
        .then(() => {
          if (looks === asked) looks = null;
          return readHeads([...asked.streams]);
        });
      looking = asked.done;
      looks = asked;
    }
    looks.streams.add(stream);
    return looks.done;
  }

  /** A last item that nobody was told of is found here. Streams that nobody listens to any more go. */
  const idle = new Set<Channel>();
  const sweep = clock.every(HEADS_EVERY_MS, async () => {
    for (const channel of channels.values()) {
      if (channel.ears.size > 0) idle.delete(channel);
      else if (idle.has(channel)) close(channel);
      else idle.add(channel);
    }
    try {
      await readHeads([...channels.keys()]);
    } catch (error) {
      needs.onFailure(error);
    }
  });
  function close(channel: Channel): void {
    idle.delete(channel);
    dirty.delete(channel);
    if (channels.get(channel.stream) === channel) channels.delete(channel.stream);
    channel[Symbol.dispose]();
  }

  return {
    reader,
    look,
    peek: (stream) => channels.get(stream) ?? null,
    channels: () => channels.values(),
    channel(stream) {
      const there = channels.get(stream);
      if (there) {
        idle.delete(there);
        return there;
      }
      const channel = openChannel(stream, {
        ...needs,
        budget,
        look: (name) => look(name).catch(needs.onFailure),
        dirty(one) {
          dirty.add(one);
          if (flush_due) return;
          flush_due = true;
          soon(flush);
        },
      });
      channels.set(stream, channel);
      channel.opened = look(stream).catch((error: unknown) => {
        close(channel);
        throw error;
      });
      // Whoever opened it waits for it; where they left meanwhile, nobody does.
      channel.opened.catch(() => {});
      return channel;
    },
    stats: () => ({ channels: channels.size, kept_bytes: budget.bytes, heads_read }),
    async [Symbol.asyncDispose]() {
      closed = true;
      sweep[Symbol.dispose]();
      for (const channel of channels.values()) close(channel);
    },
  };
}
