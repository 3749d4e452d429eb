import { createHmac } from "node:crypto";

import type { PersonId, VideoId } from "#kernel/ids.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import { addressKey } from "#ports/http/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { agentOf, isMachine } from "./agents.ts";
import type { Beacon } from "./contract.ts";
import { hourOf, type ToldBody } from "./fold.ts";
import { createTellWriter } from "./writer.ts";

/** The call, as far as it says who watches. */
export interface Caller {
  viewer: Viewer;
  address: string;
  header(name: string): string | null;
}

export interface Watched {
  id: VideoId;
  owner_id: PersonId;
  playable_at: Date | null;
}

export interface Tells {
  beacon(video: Watched, caller: Caller, beacon: Beacon): Promise<void>;
  /** @param watched_ms in this session so far; without it the caller says that it was enough */
  view(video: Watched, caller: Caller, said: { session: string; watched_ms?: number | undefined }): Promise<void>;
}

const HASH_CHARS = 22;

/** A name that stands for something and cannot be turned back into it. */
export const keyedHash = (secret: string, text: string): string =>
  createHmac("sha256", secret).update(text).digest("base64url").slice(0, HASH_CHARS);

/**
 * Takes what players and clients tell. Of machines, of the owner and of pages loaded ahead nothing is kept; nor is any
 * address or browser's name: hashes that are keyed and end with the hour, and one of a few families.
 */
export function createTells({ sql, clock, secret }: { sql: Sql; clock: Clock; secret: string }): Tells {
  const writer = createTellWriter({ sql });

  async function add(
    video: Watched,
    { viewer, address, header }: Caller,
    { session, seq }: { session: string; seq: number | null },
    body: Omit<ToldBody, "device" | "browser">,
  ): Promise<void> {
    const known = viewer.kind === "person";
    const agent = header("user-agent");
    if (video.playable_at === null || (known && viewer.person_id === video.owner_id)) return;
    if (isMachine(agent, known, header)) return;
    const now_ms = clock.now();
    const kind = agentOf(agent);
    const from = addressKey(address);
    await writer.add({
      video_id: video.id,
      session,
      seq,
      // Behind one address there are households: a phone and a desk are two of them.
      viewer: known
        ? `p${viewer.person_id}`
        : `a${keyedHash(secret, `view:${video.id}:${from}:${kind.device}:${kind.browser}`)}`,
      address: keyedHash(secret, `hour:${hourOf(now_ms)}:${video.id}:${from}`),
      at: new Date(now_ms),
      body: { ...body, ...kind },
    });
  }

  return {
    async beacon(video, caller, { session, seq, player: _, ...body }) {
      await add(video, caller, { session, seq }, body);
    },
    async view(video, caller, { session, watched_ms }) {
      const nothing = { played_ms: 0, rebuffers: 0, rebuffer_ms: 0, switches: 0, rungs: {}, watched: [], errors: [] };
      const told_ms = watched_ms ?? ("enough" as const);
      await add(video, caller, { session, seq: null }, { ...nothing, from: "other", autoplay: false, told_ms });
    },
  };
}
