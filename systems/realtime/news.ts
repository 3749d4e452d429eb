import type { Kept } from "./recent.ts";

/** How a protocol puts items into text. One text serves all lines on a node that speak so. */
export interface Wording {
  items(stream: string, epoch: string, first_seq: number, items: readonly string[]): string;
}

/** Items that came, for whoever listens. */
export interface News {
  stream: string;
  epoch: string;
  /** The number of the first; the others follow it. */
  first_seq: number;
  items: readonly Kept[];
  /** Made at the first asking. */
  in(wording: Wording): string;
}

export function newsOf(stream: string, epoch: string, first_seq: number, items: readonly Kept[]): News {
  const texts = new Map<Wording, string>();
  // Nearly everybody in a row speaks the same.
  let last: Wording | null = null;
  let last_text = "";
  return {
    stream,
    epoch,
    first_seq,
    items,
    in(wording) {
      if (wording === last) return last_text;
      last = wording;
      last_text =
        texts.get(wording) ??
        wording.items(
          stream,
          epoch,
          first_seq,
          items.map(({ text }) => text),
        );
      texts.set(wording, last_text);
      return last_text;
    },
  };
}
