import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";
import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";
import { SPACES_TOPIC, type SpacesEvent } from "#systems/spaces/index.ts";

import { ROWS_PER_PORTION_MAX } from "./bounds.ts";
import { inherit } from "./channels/members.ts";
import { channelsOfPerson, removeMembers } from "./channels/store.ts";
import { tell } from "./events.ts";
import { type Ground, nowOf, streamOf } from "./ground.ts";
import { releaseLink } from "./links/hold.ts";
import { carries, eraseMessage } from "./messages/store.ts";
import { takeBallotsBack } from "./polls/store.ts";
import * as upkeep from "./upkeep-store.ts";

const GROUP = "chat.leavers";
const SEE_OFF_JOB = "chat.see_off";
/** Longer than any request: what was under way when somebody left has ended. */
const SEE_OFF_DELAY_MS = 60_000;

/**
 * Who leaves a space leaves its channels, so that coming back opens no private one; who deletes their account leaves everything, and
 * their words go.
 */
export function startFollowing(ground: Ground): Disposable {
  const { log, jobs } = ground;
  const groups = [
    log.consume(SPACES_TOPIC, GROUP, async (batch: StoredEvent[], tx: Query) => {
      for (const stored of batch) {
        const event = stored as unknown as SpacesEvent;
        if (event.type === "spaces.left") await leaveAll(ground, tx, event.data.person_id, event.data.space_id);
      }
    }),
    log.consume(PEOPLE_TOPIC, GROUP, async (batch: StoredEvent[], tx: Query) => {
      for (const stored of batch) {
        const event = stored as unknown as PeopleEvent;
        if (event.type !== "people.deleted") continue;
        const { person_id } = event.data;
        await leaveAll(ground, tx, person_id, null);
        await upkeep.forgetWishes(tx, person_id);
        for (const delay_ms of [0, SEE_OFF_DELAY_MS])
          await jobs.enqueue(
            tx,
            SEE_OFF_JOB,
            { person_id },
            { delay_ms, unique_key: `${SEE_OFF_JOB}:${person_id}:${delay_ms}` },
          );
      }
    }),
  ];
  return {
    [Symbol.dispose]() {
      for (const group of groups) group[Symbol.dispose]();
    },
  };
}

/** At most 500 channels; in the order of their ids, so that two who leave never wait for each other in a ring. */
async function leaveAll(ground: Ground, tx: Query, person_id: PersonId, space_id: SpaceId | null): Promise<void> {
  const channels = await channelsOfPerson(tx, person_id, space_id);
  for (const { id } of channels.toSorted((a, b) => (streamOf(a.id) < streamOf(b.id) ? -1 : 1))) {
    await ground.line.append(tx, streamOf(id), [{ kind: "member.left", data: { person_id }, recheck: person_id }]);
    if ((await removeMembers(tx, id, [person_id])).length === 0) continue;
    await inherit(tx, id);
    await tell(ground.log, tx, { type: "chat.left", version: 1, data: { channel_id: id, person_id, by: person_id } });
  }
}

export function defineSeeingOff(ground: Ground): void {
  ground.jobs.define({
    name: SEE_OFF_JOB,
    class: "maintenance",
    tries_max: 20,
    lease_ms: 60_000,
    run_ms_max: 30 * 60_000,
    concurrency_max: 1,
    async handle(payload: JsonObject, run) {
      const person_id = payload.person_id as PersonId;
      for (;;) {
        run.signal.throwIfAborted();
        const gone = await run.fenced(async (tx) => {
          const rows = await upkeep.someOf(tx, person_id, ROWS_PER_PORTION_MAX);
          for (const row of rows) {
            await eraseMessage(tx, row, person_id, nowOf(ground));
            await ground.line.redact(tx, streamOf(row.channel_id), [row.seq]);
            if (carries(row)) await ground.media.releaseMessage(tx, row.id);
            await releaseLink(ground, tx, row);
          }
          return rows.length;
        });
        if (gone < ROWS_PER_PORTION_MAX) break;
      }
      await run.fenced((tx) => upkeep.forgetReactions(tx, person_id));
      for (;;) {
        run.signal.throwIfAborted();
        const gone = await run.fenced((tx) => takeBallotsBack(tx, person_id, nowOf(ground), ROWS_PER_PORTION_MAX));
        if (gone < ROWS_PER_PORTION_MAX) break;
      }
    },
  });
}
