import { PULL_ITEMS_MAX, type PullAsked } from "./contract.ts";
import type { Hub } from "./hub.ts";
import { fitting } from "./recent.ts";
import type { PageText } from "./wire.ts";

/** A page of history, ascending, from what is at hand or from the database. */
export async function readPage(hub: Hub, stream: string, asked: PullAsked, items_max: number): Promise<PageText> {
  const limit = Math.min(items_max, PULL_ITEMS_MAX);
  const channel = hub.peek(stream);
  if (channel && "after" in asked) {
    const after = Number(asked.after);
    const here = after < channel.told ? channel.atHand(after, Math.min(channel.told, after + limit)) : null;
    // Nothing lies between, so the floor is below; where exactly, nobody who reads onwards needs to know.
    if (here && here.length > 0) {
      const items = fitting(here).map(({ text }) => text);
      return { epoch: channel.epoch, head: channel.told, floor: after + 1, first: after + 1, items };
    }
  }
  const { reader } = hub;
  // The head last: a page never has more than the head says.
  const portion =
    "after" in asked
      ? await reader.after(stream, Number(asked.after), limit)
      : await reader.before(stream, Number(asked.before), limit);
  const [floor, heads] = await Promise.all([reader.floor(stream), reader.heads([stream])]);
  const head = heads.get(stream)!;
  const items = fitting(portion.items, "after" in asked ? "start" : "end");
  const first = portion.first + ("after" in asked ? 0 : portion.items.length - items.length);
  return {
    epoch: head.epoch,
    head: head.seq,
    floor,
    first: items.length === 0 ? null : first,
    items: items.map(({ text }) => text),
  };
}
