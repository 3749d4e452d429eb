import type { Kept } from "./recent.ts";

/** What goes over a line: most protocols are text. */
export type Words = string | Uint8Array;

/** How a protocol puts items into words. They are made once for all lines on a node that speak so. */
export interface Wording {
  items(stream: string, epoch: string, first_seq: number, items: readonly string[]): Words;
}

/** Items that came, for whoever listens. */
export interface News {
  stream: string;
  epoch: string;
  /** The number of the first; the others follow it. */
  first_seq: number;
  items: readonly Kept[];
  /** Made at the first asking. */
  in(wording: Wording): Words;
}

export function newsOf(stream: string, epoch: string, first_seq: number, items: readonly Kept[]): News {
  const said = new Map<Wording, Words>();
  // Nearly everybody in a row speaks the same.
  let last: Wording | null = null;
  let last_words: Words = "";
  return {
    stream,
    epoch,
    first_seq,
    items,
    in(wording) {
      if (wording === last) return last_words;
      last = wording;
      last_words =
        said.get(wording) ??
        wording.items(
          stream,
          epoch,
          first_seq,
          items.map(({ text }) => text),
        );
      said.set(wording, last_words);
      return last_words;
    },
  };
}
