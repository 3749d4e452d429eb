import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { Poll } from "#kernel/polls.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { afterCommit, type Query } from "#ports/sql/index.ts";

import { type Ground, must, nowOf, readable, streamOf } from "../ground.ts";
import { readableMessage } from "../messages/history.ts";
import { findMessages, type MessageRow } from "../messages/store.ts";
import type { ChannelId, MessageId } from "../needs.ts";
import { mayModerate, mayReact } from "../policy.ts";
import { END_JOB, endLater, presentPolls } from "./present.ts";
import * as store from "./store.ts";

/** What is asked in a message. Everybody who may react may vote, its author too; each once. */
export interface Polls {
  vote(viewer: SignedIn, id: MessageId, choices: readonly number[]): Promise<Poll>;
  /** Before its time, by its author or who looks after the channel. */
  end(viewer: SignedIn, id: MessageId): Promise<Poll>;
}

export function createPolls(ground: Ground): Polls {
  const { sql, line } = ground;

  async function living(viewer: SignedIn, id: MessageId) {
    const found = await readableMessage(ground, viewer, id);
    if (found.row.deleted_at !== null) throw notFound("message");
    return found;
  }

  async function present(viewer: SignedIn, row: MessageRow, q?: Query): Promise<Poll> {
    const poll = (await presentPolls(ground, viewer, [row], q)).get(row.id);
    if (!poll) throw notFound("poll");
    return poll;
  }

  return {
    async vote(viewer, id, asked) {
      const { row, stand } = await living(viewer, id);
      must(mayReact(stand.standing));
      const choices = [...new Set(asked)].toSorted((a, b) => a - b);
      const me = viewer.person_id;
      return sql.tx(async (tx) => {
        const poll = await store.lockPoll(tx, id);
        if (!poll) throw notFound("poll");
        must(mayReact((await readable(ground, viewer, row.channel_id, tx)).standing));
        if (choices.some((choice) => choice >= poll.options.length) || (choices.length > 1 && !poll.multiple))
          throw new Problem(
            422,
            "poll.choices",
            poll.multiple ? "Choose among the options that there are." : "Choose one of the options.",
          );
        const before = (await store.choicesOf(tx, me, [id])).get(id);
        if (before) {
          if (before.join() === choices.join()) return present(viewer, row, tx);
          throw conflict("poll.voted", "You voted in this poll already. A vote stands as it was given.");
        }
        const now = nowOf(ground);
        if (poll.ended_at !== null || now >= poll.ends_at) throw conflict("poll.ended", "This poll has ended.");
        await store.addBallot(tx, id, me, choices, now);
        const counted = (await store.findPolls(tx, [id]))[0]!;
        afterCommit(tx, `poll:${id}`, () => tellSums(ground, row.channel_id, counted));
        return present(viewer, row, tx);
      });
    },

    async end(viewer, id) {
      const { row, stand } = await living(viewer, id);
      const [poll] = await store.findPolls(sql.pool, [id]);
      if (!poll) throw notFound("poll");
      if (row.author_id !== viewer.person_id && !mayModerate(stand.standing).ok)
        throw new Problem(403, "chat.not_yours", "Only its author, or who looks after the channel, may do this.");
      // What changes nothing takes no number.
      if (poll.ended_at === null)
        await sql.tx(async (tx) => {
          await line.append(tx, streamOf(row.channel_id), [
            { kind: "message.poll_ended", data: { message_id: id }, sender_id: viewer.person_id },
          ]);
          const locked = await store.lockPoll(tx, id);
          if (!locked) throw notFound("poll");
          if (locked.ended_at === null) await store.markEnded(tx, id, nowOf(ground), viewer.person_id);
        });
      return present(viewer, row);
    },
  };
}

/**
 * To who looks at the channel: how many voted for what, and not who. Latest wins and a lost one does no harm, for the next has it
 * all. Hidden results are not in it: who may see them asks.
 */
function tellSums({ line }: Ground, channel_id: ChannelId, poll: store.PollRow): void {
  const { message_id, voters } = poll;
  const told: JsonObject = poll.hides_results ? { message_id } : { message_id, voters, votes: [...poll.votes] };
  line.ephemeral(streamOf(channel_id), `poll:${message_id}`, null, told);
}

/** At its time a poll is over for everybody at once; that it is, is told by the channel's stream. */
export function definePollEnd(ground: Ground): void {
  const { sql, line } = ground;
  ground.jobs.define({
    name: END_JOB,
    class: "batch",
    tries_max: 20,
    lease_ms: 60_000,
    run_ms_max: 60_000,
    concurrency_max: 2,
    async handle(payload, run) {
      const id = payload.message_id as MessageId;
      const [poll] = await store.findPolls(sql.pool, [id]);
      if (!poll || poll.ended_at !== null) return;
      await run.fenced(async (tx) => {
        const channel = await channelOf(tx, id);
        if (!channel) return;
        const left_ms = poll.ends_at.getTime() - ground.clock.now();
        // A clock was set back. The key of this very job is taken by itself.
        if (left_ms > 0) return void (await endLater(ground, tx, id, channel.author_id, left_ms, ":again"));
        await line.append(tx, streamOf(channel.channel_id), [{ kind: "message.poll_ended", data: { message_id: id } }]);
        const locked = await store.lockPoll(tx, id);
        if (locked && locked.ended_at === null) await store.markEnded(tx, id, nowOf(ground), null);
      });
    },
  });
}

async function channelOf(tx: Query, id: MessageId): Promise<Pick<MessageRow, "channel_id" | "author_id"> | null> {
  const [row] = await findMessages(tx, [id]);
  return row && row.deleted_at === null ? row : null;
}
