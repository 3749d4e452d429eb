import type { PersonId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { Query, Tx } from "#ports/sql/index.ts";

import { ROWS_PER_PORTION_MAX, TOLD_PER_EVENT_MAX } from "../bounds.ts";
import { isMuted } from "../channels/present.ts";
import { type ChannelRow, findChannel, type MemberRow, membersAmong } from "../channels/store.ts";
import { type ChatEvent, tell } from "../events.ts";
import { type Ground, nowOf } from "../ground.ts";
import { findMessage, type NewMessage } from "../messages/store.ts";
import type { MessageId } from "../needs.ts";
import { followByAnswer } from "../threads/follow.ts";
import { audiencePortion, hearersOfAll } from "./store.ts";

export const CALL_ALL_JOB = "chat.call_all";

type Addressed = Extract<ChatEvent, { type: "chat.addressed" }>;
/** Whom a job tells: all of the channel, who is active, or who wishes to hear all that is written there. */
type Whom = "channel" | "here" | "hearers";
export type Why = Addressed["data"]["why"];

/** Whether somebody wishes to be told. Who muted the channel is told of nothing in it but their own name; `none` is none. */
export function wants(member: Pick<MemberRow, "level" | "muted_at" | "muted_until">, why: Why, now: Date): boolean {
  if (member.level === "none") return false;
  if (why === "mention") return true;
  if (isMuted(member, now)) return false;
  return why === "direct" || why === "message" ? member.level === "all" : true;
}

/** In the transaction that sends: who is to be told of it. A few at once; everybody of a channel by a job, in portions. An edit tells the newly named. */
export async function addressed(
  ground: Ground,
  tx: Tx,
  channel: ChannelRow,
  row: NewMessage,
  because: "sent" | "edit" = "sent",
): Promise<void> {
  const now = nowOf(ground);
  const told = new Set<PersonId>([row.author_id]);
  const send = async (why: Why, candidates: readonly PersonId[]) => {
    const fresh = candidates.filter((id) => !told.has(id));
    const members = await membersAmong(tx, channel.id, fresh);
    const to = members.filter((member) => wants(member, why, now)).map((member) => member.person_id);
    for (const id of to) told.add(id);
    if (to.length > 0) await tellAddressed(ground, tx, channel, row, why, to);
  };
  await send("mention", row.mention_ids);
  if (because === "edit") return;
  const byJob = (whom: Whom) =>
    ground.jobs.enqueue(
      tx,
      CALL_ALL_JOB,
      { message_id: row.id, whom },
      { tenant: row.author_id, unique_key: `${CALL_ALL_JOB}:${row.id}` },
    );
  if (row.mentions_all !== null) await byJob(row.mentions_all);
  if (row.root_id !== null) await send("thread", await followByAnswer(ground, tx, { ...row, root_id: row.root_id }));
  else if (channel.kind === "direct" || channel.kind === "group") {
    const { ids } = await audiencePortion(tx, channel.id, "0", ROWS_PER_PORTION_MAX);
    await send("direct", ids);
  }
  if (channel.space_id === null || !row.in_channel || row.mentions_all !== null) return;
  // Who wishes to hear all of it: few in most channels, everybody where things are announced.
  const hearers = await hearersOfAll(tx, channel.id, TOLD_PER_EVENT_MAX + 1);
  if (hearers.length > TOLD_PER_EVENT_MAX) await byJob("hearers");
  else await send("message", hearers);
}

async function tellAddressed(
  { log }: Pick<Ground, "log">,
  tx: Query,
  channel: ChannelRow,
  row: Pick<NewMessage, "id" | "seq" | "author_id">,
  why: Why,
  to: PersonId[],
): Promise<void> {
  const { id: channel_id, kind: channel_kind, space_id } = channel;
  for (let i = 0; i < to.length; i += TOLD_PER_EVENT_MAX)
    await tell(log, tx, {
      type: "chat.addressed",
      version: 1,
      data: {
        channel_id,
        channel_kind,
        space_id,
        message_id: row.id,
        seq: row.seq,
        author_id: row.author_id,
        why,
        to: to.slice(i, i + TOLD_PER_EVENT_MAX),
      },
    });
}

/** `@channel`, `@here` and what very many wish to hear: members in portions, each in a transaction with its place, so that a crash tells nobody twice nor leaves anybody out. */
export function defineCallAll(ground: Ground): void {
  ground.jobs.define({
    name: CALL_ALL_JOB,
    class: "batch",
    tries_max: 20,
    lease_ms: 60_000,
    run_ms_max: 10 * 60_000,
    concurrency_max: 2,
    async handle(payload: JsonObject, run) {
      const row = await findMessage(ground.sql.pool, payload.message_id as MessageId);
      let after = String(run.cursor?.after ?? "0");
      while (row && row.deleted_at === null) {
        run.signal.throwIfAborted();
        const next = await run.fenced((tx) => callPortion(ground, tx, row, String(payload.whom), after));
        if (next === null) return;
        after = next;
        await run.checkpoint({ after });
      }
    },
  });
}

async function callPortion(
  ground: Ground,
  tx: Query,
  row: NewMessage,
  whom: string,
  after: string,
): Promise<string | null> {
  const channel = await findChannel(tx, row.channel_id);
  if (!channel) return null;
  const { ids, members, last } = await audiencePortion(tx, row.channel_id, after, ROWS_PER_PORTION_MAX);
  if (last === null) return null;
  const here = whom === "here" ? await ground.line.active(ids) : null;
  const now = nowOf(ground);
  const others = members.filter(({ person_id }) => person_id !== row.author_id && !row.mention_ids.includes(person_id));
  const called = others.filter(
    (member) =>
      whom !== "hearers" && wants(member, "all", now) && (here === null || here.get(member.person_id)?.active === true),
  );
  const hear = others.filter((member) => !called.includes(member) && wants(member, "message", now));
  for (const [why, to] of [["all", called] as const, ["message", hear] as const])
    if (to.length > 0)
      await tellAddressed(
        ground,
        tx,
        channel,
        row,
        why,
        to.map(({ person_id }) => person_id),
      );
  return last;
}
