import type { Channel, Message, Receipt } from "#systems/chat/contract.ts";

import { isBefore } from "./history.ts";

/** How far one's own message came, and in words whose devices it reached. */
export interface Mark {
  state: "sent" | "delivered" | "read";
  words: string;
}

/** In channels of spaces it is not told how far messages arrived. */
export const hasReceipts = ({ kind, mine }: Channel): boolean =>
  mine !== null && (kind === "direct" || kind === "group");

/** By its `seq`, the newest of one's own messages that was read by all, that arrived at all, and that stands in the house. */
export function marksOf(
  items: readonly Message[],
  me_id: string,
  receipts: readonly Receipt[],
): ReadonlyMap<string, Mark> {
  const marks = new Map<string, Mark>();
  let above: Mark["state"] | null = null;
  for (const message of items.toReversed()) {
    if (message.author?.id !== me_id || message.deleted || !message.in_channel) continue;
    const mark = markOf(message.seq, receipts);
    if (mark.state !== above) marks.set(message.seq, mark);
    above = mark.state;
    if (mark.state === "read") break;
  }
  return marks;
}

function markOf(seq: string, receipts: readonly Receipt[]): Mark {
  const reached = (at: string) => !isBefore(at, seq);
  const of = receipts.length;
  const read = receipts.filter((one) => reached(one.read_seq)).length;
  const delivered = receipts.filter((one) => reached(one.delivered_seq)).length;
  if (of > 0 && read === of) return { state: "read", words: "Read" };
  if (of > 0 && delivered === of)
    return { state: "delivered", words: read === 0 ? "Delivered" : `Delivered. Read by ${read} of ${of}` };
  return { state: "sent", words: delivered === 0 ? "Sent" : `Sent. Delivered to ${delivered} of ${of}` };
}
