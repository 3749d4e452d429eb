import type { PollAsked } from "#kernel/polls.ts";

import { Away, Refusal } from "../client.ts";

/** What was written here and is not in the house yet. */
export interface Unsent {
  cid: string;
  channel_id: string;
  body: string;
  root_id: string | null;
  reply_to_id: string | null;
  also_in_channel: boolean;
  image_ids: string[];
  poll?: PollAsked;
  video_id?: string;
  sound_id?: string;
  forward_of_id?: string;
  /** `waiting`: goes by itself when it can. `failed`: the house said no, and the writer decides. */
  state: "waiting" | "sending" | "failed";
  problem: string | null;
}

export interface OutboxNeeds {
  send(one: Unsent): Promise<void>;
  after(ms: number, work: () => void): void;
  keep(all: readonly Unsent[]): void;
  changed(): void;
}

/** Sends each channel's messages one after the other, in the order in which they were written; each at most once, by its cid. */
export interface Outbox {
  add(one: Omit<Unsent, "state" | "problem">): void;
  all(): readonly Unsent[];
  again(cid: string): void;
  drop(cid: string): void;
  /** The house is there again. */
  wake(): void;
}

const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 20_000];

export function createOutbox(needs: OutboxNeeds, kept: readonly Unsent[] = []): Outbox {
  let all: Unsent[] = kept.map((one) => (one.state === "sending" ? { ...one, state: "waiting" } : one));
  let tries = 0;
  /** Chats whose first message rests before it is tried again. */
  const resting = new Set<string>();

  function set(next: Unsent[]) {
    all = next;
    needs.keep(all);
    needs.changed();
  }
  const change = (cid: string, to: Partial<Unsent>) =>
    set(all.map((one) => (one.cid === cid ? { ...one, ...to } : one)));

  function pump(): void {
    const busy = new Set(all.filter((one) => one.state === "sending").map((one) => one.channel_id));
    for (const one of all) {
      if (one.state !== "waiting" || busy.has(one.channel_id) || resting.has(one.channel_id)) continue;
      busy.add(one.channel_id);
      change(one.cid, { state: "sending", problem: null });
      void needs.send(one).then(
        () => {
          tries = 0;
          set(all.filter((other) => other.cid !== one.cid));
          pump();
        },
        (error: unknown) => refused(one, error),
      );
    }
  }

  function refused(one: Unsent, error: unknown): void {
    const wait_ms =
      error instanceof Away || (error instanceof Refusal && error.status >= 500)
        ? RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]!
        : error instanceof Refusal && error.status === 429
          ? (error.retry_after_s ?? 2) * 1_000
          : null;
    const problem = error instanceof Error ? error.message : "This did not work.";
    if (wait_ms === null) {
      change(one.cid, { state: "failed", problem });
      pump();
      return;
    }
    // Those behind it wait too: what was written first stands first.
    change(one.cid, { state: "waiting", problem });
    resting.add(one.channel_id);
    needs.after(wait_ms, () => {
      resting.delete(one.channel_id);
      pump();
    });
  }

  return {
    add(one) {
      set([...all, { ...one, state: "waiting", problem: null }]);
      pump();
    },
    all: () => all,
    again(cid) {
      change(cid, { state: "waiting", problem: null });
      pump();
    },
    drop: (cid) => set(all.filter((one) => one.cid !== cid)),
    wake() {
      tries = 0;
      resting.clear();
      pump();
    },
  };
}
