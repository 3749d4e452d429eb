import type { PersonId } from "#kernel/ids.ts";
import type { StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { type Act, type Reading, READINGS, type Settling } from "./acts.ts";
import { PUSH_AGAIN_MS, PUSH_WAIT_MS } from "./bounds.ts";
import { planDigests } from "./digests/plan.ts";
import { tellArrivals, tellSettled } from "./events.ts";
import type { Channel } from "./kinds-contract.ts";
import type { Ground } from "./needs.ts";
import { lookLater } from "./push/jobs.ts";
import * as pushes from "./push/store.ts";
import * as wishes from "./settings/store.ts";
import * as store from "./store.ts";

export const groupOf = (topic: string) => `notify.${topic}`;

/** What taking in needs; the rest of what a notification becomes is planned in the same transaction. */
export type IntakeGround = Pick<Ground, "log" | "clock" | "people" | "jobs">;

/** From what happens in the house to inboxes: a group of the log for each topic; effect and position commit together. */
export function startIntake(ground: IntakeGround & Pick<Ground, "sources">): Disposable {
  const readings = new Map<string, Reading[]>();
  for (const { readings: some } of [{ readings: READINGS }, ...ground.sources.all()])
    for (const [topic, read] of Object.entries(some)) readings.set(topic, [...(readings.get(topic) ?? []), read]);
  const groups = Array.from(readings, ([topic, reads]) =>
    ground.log.consume(topic, groupOf(topic), async (batch: StoredEvent[], tx) => {
      await take(
        ground,
        tx,
        batch.flatMap((event) => reads.flatMap((read) => read(event))),
      );
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

export async function take(ground: IntakeGround, tx: Query, told: readonly (Act | Settling)[]): Promise<void> {
  const settlings = told.filter((one) => "settled_up_to" in one);
  const acts = lastOfEach(told.filter((one) => "act_key" in one && one.actor_id !== one.person_id) as Act[]);
  if (acts.length === 0 && settlings.length === 0) return;
  const at = new Date(ground.clock.now());
  await store.lockInboxes(
    tx,
    [...acts, ...settlings].map((one) => one.person_id),
  );
  await store.setGone(
    tx,
    acts.filter((act) => act.taken_back),
    at,
  );
  const wanted = await wished(
    tx,
    await welcome(
      ground,
      acts.filter((act) => !act.taken_back),
    ),
  );
  if (wanted.length > 0) await bring(ground, tx, wanted, at);
  // Last: what came and was read within one batch is read.
  await settleAll(ground, tx, settlings, at);
}

async function bring(ground: IntakeGround, tx: Query, wanted: readonly Act[], at: Date): Promise<void> {
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

/** Of kinds that somebody switched off nothing comes in. */
async function wished(tx: Query, acts: readonly Act[]): Promise<Act[]> {
  if (acts.length === 0) return [];
  const switches = await wishes.switches(tx, [...new Set(acts.map((act) => act.person_id))]);
  return acts.filter((act) => switches(act.person_id)(act.kind, "inbox"));
}

/** What was read in its own system: gone from the inbox and from devices. */
async function settleAll(ground: IntakeGround, tx: Query, settlings: readonly Settling[], at: Date): Promise<void> {
  const settled = await store.settle(
    tx,
    settlings.map(({ settled_up_to: up_to, ...one }) => ({ ...one, up_to })),
    at,
  );
  for (const [person_id, groups] of Map.groupBy(settled, (row) => row.person_id)) {
    const group_ids = groups.map((row) => row.group_id);
    if (await pushes.callOff(tx, person_id, { group_ids }, at)) await lookLater(ground, tx, 0);
    await tellSettled(ground.log, tx, person_id);
  }
}

/** Where it goes from here: to browsers soon, to a letter at the end of its window. */
async function plan(ground: IntakeGround, tx: Query, items: readonly store.NewItem[], at: Date): Promise<void> {
  const people = [...new Set(items.map(({ act }) => act.person_id))];
  const [switches, pushable] = [await wishes.switches(tx, people), await pushes.pushable(tx, people)];
  const going = (channel: Channel) => items.filter(({ act }) => switches(act.person_id)(act.kind, channel));
  const groups = going("push")
    .filter(({ act }) => pushable.has(act.person_id))
    .map(({ act: { person_id }, group_id, seq }) => ({ person_id, group_id, seq }));
  if (groups.length > 0) {
    const due_at = new Date(at.getTime() + PUSH_WAIT_MS);
    await pushes.putPushes(tx, groups, { at, due_at, again_ms: PUSH_AGAIN_MS });
    await lookLater(ground, tx, PUSH_WAIT_MS);
  }
  await planDigests(ground, tx, [...new Set(going("email").map(({ act }) => act.person_id))]);
}

async function add(ground: IntakeGround, tx: Query, acts: readonly Act[], at: Date): Promise<void> {
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
  await plan(ground, tx, items, at);
  await tellArrivals(
    ground.log,
    tx,
    items.map(({ act, seq }) => [act.person_id, seq, act.kind]),
  );
}
