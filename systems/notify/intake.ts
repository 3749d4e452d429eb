import type { PersonId } from "#kernel/ids.ts";
import type { StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { type Act, READINGS } from "./acts.ts";
import { tellArrivals } from "./events.ts";
import type { Ground } from "./needs.ts";
import * as store from "./store.ts";

export const groupOf = (topic: string) => `notify.${topic}`;

/** From what happens in the house to inboxes: a group of the log for each topic; effect and position commit together. */
export function startIntake(ground: Pick<Ground, "log" | "clock" | "people">): Disposable {
  const groups = Object.entries(READINGS).map(([topic, read]) =>
    ground.log.consume(topic, groupOf(topic), async (batch: StoredEvent[], tx) => {
      await take(ground, tx, batch.flatMap(read));
    }),
  );
  return {
    [Symbol.dispose]() {
      for (const group of groups) group[Symbol.dispose]();
    },
  };
}

/** Of several acts with one name the last says how it stands. */
function lastOfEach(acts: readonly Act[]): Act[] {
  const last = new Map<string, Act>();
  for (const act of acts) {
    const key = nameOf(act);
    // Where it is said again, its place in the order is that of the last time.
    last.delete(key);
    last.set(key, act);
  }
  return [...last.values()];
}

const nameOf = (act: Act) => `${act.person_id} ${act.act_key}`;

export async function take(
  ground: Pick<Ground, "log" | "clock" | "people">,
  tx: Query,
  told: readonly Act[],
): Promise<void> {
  const acts = lastOfEach(told.filter((act) => act.actor_id !== act.person_id));
  if (acts.length === 0) return;
  const at = new Date(ground.clock.now());
  await store.lockInboxes(
    tx,
    acts.map((act) => act.person_id),
  );
  await store.setGone(
    tx,
    acts.filter((act) => act.taken_back),
    at,
  );
  const wanted = await welcome(
    ground,
    acts.filter((act) => !act.taken_back),
  );
  if (wanted.length === 0) return;
  const known = await store.known(tx, wanted);
  await store.setGone(
    tx,
    wanted.filter((act) => known.has(nameOf(act))),
    null,
  );
  await add(
    ground,
    tx,
    wanted.filter((act) => !known.has(nameOf(act))),
    at,
  );
}

/** Whom a person muted or blocked does not reach their inbox at all. What changes later is seen to at read time. */
async function welcome({ people }: Pick<Ground, "people">, acts: readonly Act[]): Promise<Act[]> {
  const ids = [...new Set(acts.map((act) => act.person_id))];
  const known = new Map(await Promise.all(ids.map(async (id) => [id, await people.relations(id)] as const)));
  return acts.filter((act) => {
    const { mutes, blocks } = known.get(act.person_id)!;
    return act.actor_id === null || (!mutes.has(act.actor_id) && !blocks.has(act.actor_id));
  });
}

async function add(ground: Pick<Ground, "log">, tx: Query, acts: readonly Act[], at: Date): Promise<void> {
  if (acts.length === 0) return;
  const counts = new Map<PersonId, number>();
  for (const { person_id } of acts) counts.set(person_id, (counts.get(person_id) ?? 0) + 1);
  const seqs = await store.takeSeqs(tx, counts);
  const groups = await store.openGroups(tx, acts);
  const items = acts.map((act): store.NewItem => {
    const inbox = seqs.get(act.person_id)!;
    inbox.before += 1n;
    const seq = inbox.before.toString();
    const key = `${act.person_id} ${act.group_key}`;
    const group_id = groups.get(key) ?? seq;
    groups.set(key, group_id);
    return { act, seq, group_id };
  });
  await store.insertItems(tx, items, at);
  await tellArrivals(
    ground.log,
    tx,
    items.map(({ act, seq }) => [act.person_id, seq, act.kind]),
  );
}
