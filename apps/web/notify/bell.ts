import type { PageLine } from "../live/page-line.ts";

export interface BellNeeds {
  line: Pick<PageLine, "state" | "onState" | "hear">;
  person_id: string;
  /** Asks the house how things stand now. */
  ask(): void;
  /** Whether the line tells what happens; where not, somebody has to look now and then. */
  live(is: boolean): void;
  /** @returns what calls it off */
  after(ms: number, work: () => void): () => void;
}

/** Several come together: asked once. */
export const HEARD_MS = 250;

/**
 * The bell hears by its person's own stream what arrived, was read or was settled, on whichever device. What lacked while the
 * line was away comes with the stream, so coming back asks once where there was something and not at all where not.
 */
export function startBell({ line, person_id, ask, live, after }: BellNeeds): () => void {
  let waiting: (() => void) | null = null;
  let followed = true;
  const again = () => {
    waiting ??= after(HEARD_MS, () => {
      waiting = null;
      ask();
    });
  };
  const look = () => live(followed && line.state().connection === "open");
  const leave = line.onState(look);
  const end = line.hear(`person:${person_id}`, {
    items(items) {
      if (items.some(({ kind }) => kind.startsWith("notify."))) again();
    },
    anew: again,
    ended() {
      followed = false;
      look();
    },
  });
  look();
  return () => {
    waiting?.();
    leave();
    end();
    live(false);
  };
}
