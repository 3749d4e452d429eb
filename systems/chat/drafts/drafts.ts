import { conflict, natureOf, notFound, Problem } from "#kernel/errors.ts";
import type { Id, PersonId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";
import type { Tx } from "#ports/sql/index.ts";

import {
  DRAFTS_PER_PERSON_MAX,
  SCHEDULE_AHEAD_MS_MAX,
  SCHEDULED_CHANGE_MS_MIN,
  SCHEDULED_PER_PERSON_MAX,
} from "../bounds.ts";
import type { ChatDraft, ChatScheduled } from "../contract.ts";
import { type Ground, must, nowOf, readable } from "../ground.ts";
import { readableMessage } from "../messages/history.ts";
import { sendMessage } from "../messages/send.ts";
import type { ChannelId, MessageId } from "../needs.ts";
import { maySend } from "../policy.ts";
import * as store from "./store.ts";

const SEND_JOB = "chat.send_scheduled";

/** What somebody is writing, and what they have sent later. */
export interface Writing {
  drafts(viewer: SignedIn): Promise<ChatDraft[]>;
  save(viewer: SignedIn, id: ChannelId, draft: { body: string; root_id: MessageId | null }): Promise<void>;
  scheduled(viewer: SignedIn): Promise<ChatScheduled[]>;
  schedule(
    viewer: SignedIn,
    id: ChannelId,
    asked: { body: string; root_id: MessageId | null; send_at: string },
  ): Promise<ChatScheduled>;
  change(
    viewer: SignedIn,
    id: Id<"scheduled">,
    asked: { body?: string | undefined; send_at?: string | undefined },
  ): Promise<ChatScheduled>;
  cancel(viewer: SignedIn, id: Id<"scheduled">): Promise<void>;
}

export function createWriting(ground: Ground): Writing {
  const { sql, jobs, ids, clock } = ground;

  const presentScheduled = (row: store.ScheduledRow): ChatScheduled => ({
    id: row.id,
    channel_id: row.channel_id,
    root_id: row.root_id,
    body: row.body,
    send_at: rfc3339(row.send_at),
    failed: row.failed_code === null ? null : { code: row.failed_code, detail: row.failed_detail ?? "" },
  });

  const sendAt = (tx: Tx, { id, author_id, send_at }: store.ScheduledRow, delay_ms: number) =>
    jobs.enqueue(tx, SEND_JOB, { scheduled_id: id, at: rfc3339(send_at) }, { delay_ms, tenant: author_id });
  const notAhead = () => new Problem(422, "chat.not_ahead", "Choose a time that is to come, within a year.");
  function ahead(send_at: string): Date {
    const at = new Date(send_at);
    const delay_ms = at.getTime() - clock.now();
    if (delay_ms <= 0 || delay_ms > SCHEDULE_AHEAD_MS_MAX) throw notAhead();
    return at;
  }

  return {
    async drafts(viewer) {
      const rows = await store.draftsOf(sql.pool, viewer.person_id, DRAFTS_PER_PERSON_MAX);
      return rows.map(({ channel_id, root_id, body, updated_at }) => ({
        channel_id,
        root_id: root_id === "0" ? null : root_id,
        body,
        updated_at: rfc3339(updated_at),
      }));
    },

    async save(viewer, id, { body, root_id }) {
      await readable(ground, viewer, id);
      const draft = { channel_id: id, root_id: root_id ?? "0", body, updated_at: nowOf(ground) };
      if (!(await sql.tx((tx) => store.saveDraft(tx, viewer.person_id, draft, DRAFTS_PER_PERSON_MAX))))
        throw conflict("chat.too_many_drafts", `${DRAFTS_PER_PERSON_MAX} drafts are kept at most. Send or empty some.`);
    },

    scheduled: async (viewer) => (await store.scheduledOf(sql.pool, viewer.person_id)).map(presentScheduled),

    async schedule(viewer, channel_id, { body, root_id, send_at }) {
      must(maySend((await readable(ground, viewer, channel_id)).standing));
      if (root_id !== null && (await readableMessage(ground, viewer, root_id)).row.channel_id !== channel_id)
        throw notFound("message");
      const at = ahead(send_at);
      const delay_ms = at.getTime() - clock.now();
      const row: store.ScheduledRow = {
        id: ids.next<"scheduled">(),
        channel_id,
        author_id: viewer.person_id,
        root_id,
        body,
        send_at: at,
        created_at: nowOf(ground),
        failed_code: null,
        failed_detail: null,
      };
      await sql.tx(async (tx) => {
        if ((await store.scheduledOf(tx, viewer.person_id)).length >= SCHEDULED_PER_PERSON_MAX)
          throw conflict("chat.too_many_scheduled", `${SCHEDULED_PER_PERSON_MAX} messages wait at most.`);
        await store.insertScheduled(tx, row);
        await sendAt(tx, row, delay_ms);
      });
      return presentScheduled(row);
    },

    async change(viewer, id, { body, send_at }) {
      const now_ms = clock.now();
      return sql.tx(async (tx) => {
        const row = await store.findScheduled(tx, id, true);
        if (!row || row.author_id !== viewer.person_id) throw notFound("scheduled");
        // Its job may have read it already: what is answered here must be what is sent.
        if (row.failed_code === null && row.send_at.getTime() - now_ms < SCHEDULED_CHANGE_MS_MIN)
          throw conflict("chat.being_sent", "It is being sent. Edit the message in the chat.");
        const at = send_at === undefined ? row.send_at : ahead(send_at);
        if (at.getTime() <= now_ms) throw notAhead();
        const next = { ...row, body: body ?? row.body, send_at: at, failed_code: null, failed_detail: null };
        await store.changeScheduled(tx, next);
        if (send_at !== undefined || row.failed_code !== null) await sendAt(tx, next, at.getTime() - now_ms);
        return presentScheduled(next);
      });
    },

    async cancel(viewer, id) {
      if (!(await sql.tx((tx) => store.removeScheduled(tx, id, viewer.person_id)))) throw notFound("scheduled");
    },
  };
}

/** Sent once: the message's `cid` is made of the row's id, so a second try meets the first one's message. */
export function defineSending(ground: Ground): void {
  const { sql, jobs, clock } = ground;
  jobs.define({
    name: SEND_JOB,
    class: "interactive",
    tries_max: 10,
    lease_ms: 30_000,
    run_ms_max: 60_000,
    concurrency_max: 4,
    backoff: { base_ms: 1_000, delay_ms_max: 5 * 60_000 },
    async handle(payload, run) {
      const id = payload.scheduled_id as Id<"scheduled">;
      const row = await store.findScheduled(sql.pool, id);
      if (!row || row.failed_code !== null) return;
      // It was given another time since, which has a job of its own.
      if (payload.at !== undefined && payload.at !== rfc3339(row.send_at)) return;
      const left_ms = row.send_at.getTime() - clock.now();
      if (left_ms > 0) {
        // A clock was set back.
        await run.fenced((tx) =>
          jobs.enqueue(tx, SEND_JOB, { ...payload }, { delay_ms: left_ms, tenant: row.author_id }),
        );
        return;
      }
      try {
        const viewer = await authorOf(ground, row.author_id);
        await sendMessage(ground, viewer, row.channel_id, `scheduled-${id}`, {
          body: row.body,
          root_id: row.root_id,
          reply_to_id: null,
          also_in_channel: false,
          image_ids: [],
          video_id: null,
        });
        await run.fenced((tx) => store.removeScheduled(tx, id, row.author_id));
      } catch (error) {
        if (!(error instanceof Problem) || natureOf(error) !== "permanent") throw error;
        await run.fenced((tx) => store.failScheduled(tx, id, error.code, error.detail));
      }
    },
    onDead: (tx, payload) =>
      store.failScheduled(
        tx,
        payload.scheduled_id as Id<"scheduled">,
        "chat.gave_up",
        "It could not be sent, several times. Try it by hand.",
      ),
  });
}

/** The author as they stand now, not as they stood when they wrote it. @throws Problem where they may not write any more */
async function authorOf({ people }: Ground, person_id: PersonId): Promise<SignedIn> {
  const card = (await people.cards([person_id])).get(person_id);
  if (!card) throw new Problem(410, "person.gone", "There is no such person any more.");
  return {
    kind: "person",
    person_id,
    handle: card.handle,
    role: "member",
    suspended: card.suspended,
    credential: { kind: "session", id: "0" },
    scopes: SCOPES,
  };
}
