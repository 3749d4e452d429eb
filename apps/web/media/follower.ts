/** Follows things one at a time by calls that answer when there is news. */
export interface Follower {
  /** @returns what ends it */
  follow(id: string): () => void;
}

export interface FollowerNeeds {
  /** Resolves when there is news of it, or when it was waited long enough. */
  wait(id: string, signal: AbortSignal): Promise<void>;
  /** Nobody waits for what nobody looks at. */
  isSeen(): boolean;
  onSeen(run: () => void): void;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** News may come with every segment; more often nobody needs to draw them. */
const PAUSE_MS = 300;
const TROUBLE_MS_FIRST = 1_000;
const TROUBLE_MS_MAX = 15_000;

export function createFollower({ wait, isSeen, onSeen, sleep }: FollowerNeeds): Follower {
  const wanted: string[] = [];
  let running = false;
  let now = new AbortController();
  onSeen(() => {
    if (isSeen()) void run();
    else now.abort();
  });

  /** Never rejects: what fails is tried again for as long as somebody looks. */
  async function run(): Promise<void> {
    if (running) return;
    running = true;
    let trouble_ms = TROUBLE_MS_FIRST;
    for (let id = wanted.at(-1); id !== undefined && isSeen(); id = wanted.at(-1)) {
      now = new AbortController();
      const { signal } = now;
      try {
        await wait(id, signal);
        trouble_ms = TROUBLE_MS_FIRST;
        await sleep(PAUSE_MS, signal);
      } catch {
        if (signal.aborted) continue;
        await sleep(trouble_ms, signal);
        trouble_ms = Math.min(TROUBLE_MS_MAX, trouble_ms * 2);
      }
    }
    running = false;
  }

  return {
    follow(id) {
      wanted.push(id);
      // Whoever came last is waited for.
      now.abort();
      void run();
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        wanted.splice(wanted.lastIndexOf(id), 1);
        now.abort();
      };
    },
  };
}
