import { BUMP_GAP_MS } from "./bounds.ts";
import type { ChannelId, ChatNeeds } from "./needs.ts";

/** For who does not look at a channel. */
export const bumpStreamOf = (id: ChannelId): string => `bump:${id}`;

/**
 * That something new stands in a channel, at most every so often for each: for who is in a big channel and looks elsewhere. One
 * message a node, whoever listens; no row of a member is touched by a message.
 */
export interface Bumps {
  happened(channel_id: ChannelId, seq: string): void;
}

export function createBumps({ line, clock }: Pick<ChatNeeds, "line" | "clock">): Bumps {
  /** The newest number that was not sent yet; null while nothing came since the last bump. */
  const quiet = new Map<ChannelId, string | null>();
  const send = (channel_id: ChannelId, seq: string) => line.ephemeral(bumpStreamOf(channel_id), "head", null, { seq });

  async function afterGap(channel_id: ChannelId): Promise<void> {
    for (;;) {
      await clock.sleep(BUMP_GAP_MS);
      const seq = quiet.get(channel_id) ?? null;
      if (seq === null) break;
      quiet.set(channel_id, null);
      send(channel_id, seq);
    }
    quiet.delete(channel_id);
  }

  return {
    happened(channel_id, seq) {
      if (quiet.has(channel_id)) {
        quiet.set(channel_id, seq);
        return;
      }
      quiet.set(channel_id, null);
      send(channel_id, seq);
      // Owned by the map: it ends by itself one gap after the last message.
      void afterGap(channel_id);
    },
  };
}
