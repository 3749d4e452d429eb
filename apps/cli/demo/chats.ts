import { chatRoutes as r } from "#systems/chat/contract.ts";

import type { Caller } from "./caller.ts";
import type { DemoRecord } from "./record.ts";
import { type DemoMessage, type DemoRoom, type DemoTalk, STATUSES, TALKS } from "./talk.ts";

export interface ChatNeeds {
  record: DemoRecord;
  by: (handle: string) => Caller;
  say: (line: string) => void;
  /** Uploads a message's picture. @returns null where pictures cannot be made */
  hang: ((message: DemoMessage, name: string) => Promise<string>) | null;
}

/** The villagers' channels, groups and direct messages, with what they say in them. What is there already stays. */
export async function chats(needs: ChatNeeds): Promise<void> {
  for (const talk of TALKS) {
    if (needs.record.get(`talked:${talk.key}`)) continue;
    await fillTalk(needs, talk);
  }
  const { record, by } = needs;
  if (record.get("statuses")) return;
  for (const [handle, [status_emoji, status_text]] of Object.entries(STATUSES))
    await by(handle).call(r.setChatPreferences, { body: { status_emoji, status_text } });
  await record.set("statuses", "said");
}

async function fillTalk(needs: ChatNeeds, { key, room, messages, unread = {} }: DemoTalk): Promise<void> {
  const { record, by, say, hang } = needs;
  const id = record.get(`channel:${key}`) ?? (await open(needs, key, room));
  const here = peopleOf(room);
  for (const handle of here) if ("space" in room) await by(handle).call(r.joinChannel, { params: { id } });
  const ids: { id: string; seq: string }[] = [];
  let whole = true;
  for (const [n, message] of messages.entries()) {
    const { text, quotes, in_thread_of, reactions = {}, pinned_by, now } = message;
    if (message.picture && !hang) whole = false;
    const image_ids = message.picture && hang ? [await hang(message, `${key}-${n}`)] : [];
    // The same cid is the same message, also for a run after one that broke off.
    const { id: sent, seq } = await by(message.by).call(r.sendMessage, {
      params: { id },
      body: {
        cid: `demo-${key}-${n}`,
        body: text,
        reply_to_id: quotes === undefined ? null : ids[quotes]!.id,
        root_id: in_thread_of === undefined ? null : ids[in_thread_of]!.id,
        image_ids,
      },
    });
    ids.push({ id: sent, seq });
    const params = { id: sent };
    for (const [emoji, handles] of Object.entries(reactions))
      for (const handle of handles) await by(handle).call(r.addReaction, { params: { ...params, emoji } });
    if (pinned_by !== undefined) await by(pinned_by).call(r.pinMessage, { params });
    if (now !== undefined) await by(message.by).call(r.editMessage, { params, body: { body: now } });
  }
  for (const handle of here) {
    const read = ids[ids.length - 1 - (unread[handle] ?? 0)];
    if (read) await by(handle).call(r.readChannel, { params: { id }, body: { seq: read.seq } });
  }
  // Without ffmpeg there are the words; they stay, and no later run sends them again with a picture.
  await record.set(`talked:${key}`, whole ? "whole" : "words");
  say(`${messages.length} messages in ${nameOf(room)}`);
}

async function open({ record, by }: ChatNeeds, key: string, room: DemoRoom): Promise<string> {
  let id: string;
  if ("direct" in room) {
    const [one, other] = room.direct;
    ({ id } = await by(one).call(r.openDirect, { params: { handle: other } }));
  } else if ("group" in room) {
    const body = { handles: [...room.others], name: room.group };
    ({ id } = await by(room.by).call(r.createGroup, { key: `demo-channel-${key}`, body }));
  } else {
    const { name, kind, topic } = room;
    const params = { slug: room.space };
    ({ id } = await by(room.by).call(r.createChannel, {
      key: `demo-channel-${key}`,
      params,
      body: { name, kind, topic },
    }));
  }
  await record.set(`channel:${key}`, id);
  return id;
}

const peopleOf = (room: DemoRoom): readonly string[] => ("direct" in room ? room.direct : [room.by, ...room.others]);

const nameOf = (room: DemoRoom): string =>
  "direct" in room
    ? `a chat of @${room.direct.join(" and @")}`
    : "group" in room
      ? `the group "${room.group}"`
      : `the channel "${room.name}"`;
