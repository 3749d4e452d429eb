import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Api } from "#ports/http/index.ts";

import { chatRoutes as r } from "./contract.ts";
import type { Chat } from "./index.ts";
import type { MessageId } from "./needs.ts";

/** Parse → may they? → do → present. No SQL, no rules. */
export function serveChat(api: Api, chat: Chat): void {
  serveChannels(api, chat);
  serveMembers(api, chat);
  serveMessages(api, chat);
  servePolls(api, chat);
  serveThreads(api, chat);
  serveReading(api, chat);
  serveWriting(api, chat);
  servePresence(api, chat);
}

const done = { status: 204 } as const;
const ok = <B>(body: B) => ({ status: 200, body }) as const;

function serveChannels(api: Api, { channels }: Chat): void {
  api.serve(r.listChannels, async ({ viewer }) => ok({ items: await channels.list(viewer) }));
  api.serve(r.unreadChats, async ({ viewer }) => ok(await channels.unread(viewer)));
  api.serve(r.openDirect, async ({ viewer, params }) => ok(await channels.openDirect(viewer, params.handle)));
  api.serve(r.createGroup, async ({ viewer, body }) => ({
    status: 201,
    body: await channels.createGroup(viewer, body.handles, body.name),
  }));
  api.serve(r.createChannel, async ({ viewer, params, body }) => ({
    status: 201,
    body: await channels.createIn(viewer, params.slug, body),
  }));
  api.serve(r.spaceChannels, async ({ viewer, params }) => ok({ items: await channels.ofSpace(viewer, params.slug) }));
  api.serve(r.channel, async ({ viewer, params }) => ok(await channels.get(viewer, params.id)));
  api.serve(r.changeChannel, async ({ viewer, params, body }) => ok(await channels.change(viewer, params.id, body)));
}

function serveMembers(api: Api, { channels, members }: Chat): void {
  api.serve(r.joinChannel, async ({ viewer, params }) => {
    await members.join(viewer, params.id);
    return ok(await channels.get(viewer, params.id));
  });
  api.serve(r.leaveChannel, async ({ viewer, params }) => (await members.leave(viewer, params.id), done));
  api.serve(r.channelMembers, async ({ viewer, params, query }) => ok(await members.list(viewer, params.id, query)));
  api.serve(r.addMembers, async ({ viewer, params, body }) => {
    await members.add(viewer, params.id, body.handles);
    return done;
  });
  api.serve(r.removeMember, async ({ viewer, params }) => {
    await members.putOut(viewer, params.id, params.handle);
    return done;
  });
  api.serve(r.giveRole, async ({ viewer, params, body }) => {
    await members.give(viewer, params.id, params.handle, body.role);
    return done;
  });
  api.serve(r.setWishes, async ({ viewer, params, body }) => {
    await members.wish(viewer, params.id, body);
    return ok(await channels.get(viewer, params.id));
  });
}

function serveMessages(api: Api, chat: Chat): void {
  const { reading, changing } = chat;
  api.serve(r.history, async ({ viewer, params, query }) => ok(await reading.history(viewer, params.id, query)));
  api.serve(r.sendMessage, async ({ viewer, params, body: { cid, ...asked } }) => {
    const { id, dup } = await chat.send(viewer, params.id, cid, asked);
    return { status: dup ? 200 : 201, body: await reading.message(viewer, id) };
  });
  api.serve(r.message, async ({ viewer, params }) => ok(await reading.message(viewer, params.id)));
  api.serve(r.thread, async ({ viewer, params, query }) => ok(await reading.thread(viewer, params.id, query)));
  api.serve(r.editMessage, async ({ viewer, params, body }) => {
    await changing.edit(viewer, params.id, body.body, body.version);
    return ok(await reading.message(viewer, params.id));
  });
  api.serve(r.messageEdits, async ({ viewer, params }) => {
    const edits = await reading.edits(viewer, params.id);
    return ok({ items: edits.map(({ at, ...edit }) => ({ ...edit, at: rfc3339(at) })) });
  });
  api.serve(r.deleteMessage, async ({ viewer, params }) => (await changing.remove(viewer, params.id), done));
  api.serve(r.addReaction, async ({ viewer, params }) => {
    await changing.react(viewer, params.id, params.emoji, true);
    return ok(await reading.message(viewer, params.id));
  });
  api.serve(r.removeReaction, async ({ viewer, params }) => {
    await changing.react(viewer, params.id, params.emoji, false);
    return ok(await reading.message(viewer, params.id));
  });
  api.serve(r.pinMessage, async ({ viewer, params }) => (await changing.pin(viewer, params.id, true), done));
  api.serve(r.unpinMessage, async ({ viewer, params }) => (await changing.pin(viewer, params.id, false), done));
  api.serve(r.pins, async ({ viewer, params }) => ok({ items: await reading.pins(viewer, params.id) }));
  api.serve(r.exportChannel, async ({ viewer, params }) => ({ response: await chat.export(viewer, params.id) }));
  api.serve(r.searchMessages, async ({ viewer, query, deadline }) =>
    ok(await chat.search.find(viewer, query, deadline)),
  );
}

function serveThreads(api: Api, { threads }: Chat): void {
  api.serve(r.followedThreads, async ({ viewer, query }) => ok(await threads.list(viewer, query)));
  api.serve(r.threadState, async ({ viewer, params }) => ok(await threads.state(viewer, params.id)));
  api.serve(r.followThread, async ({ viewer, params }) => ok(await threads.follow(viewer, params.id, true)));
  api.serve(r.leaveThread, async ({ viewer, params }) => ok(await threads.follow(viewer, params.id, false)));
  api.serve(r.readThread, async ({ viewer, params, body }) => ok(await threads.read(viewer, params.id, body.seq)));
}

function servePolls(api: Api, { polls, links, reading }: Chat): void {
  api.serve(r.voteInMessage, async ({ viewer, params, body }) => ok(await polls.vote(viewer, params.id, body.choices)));
  const serveCard = (shown: boolean) => async (asked: { viewer: SignedIn; params: { id: MessageId } }) => {
    await links.show(asked.viewer, asked.params.id, shown);
    return ok(await reading.message(asked.viewer, asked.params.id));
  };
  api.serve(r.hideMessageLink, serveCard(false));
  api.serve(r.showMessageLink, serveCard(true));
  api.serve(r.endMessagePoll, async ({ viewer, params }) => ok(await polls.end(viewer, params.id)));
}

function serveReading(api: Api, { cursors }: Chat): void {
  api.serve(r.readState, async ({ viewer, params }) => ok(await cursors.state(viewer, params.id)));
  api.serve(r.readChannel, async ({ viewer, params, body }) => {
    await cursors.read(viewer, params.id, body.seq, body.unmark);
    return ok(await cursors.state(viewer, params.id));
  });
  api.serve(r.markUnread, async ({ viewer, params, body }) => {
    await cursors.mark(viewer, params.id, body.seq);
    return ok(await cursors.state(viewer, params.id));
  });
  api.serve(r.readEverything, async ({ viewer }) => (await cursors.readAll(viewer), done));
  api.serve(r.readers, async ({ viewer, params, query }) => {
    const { count, people } = await cursors.readers(viewer, params.id, query.seq);
    return ok({ count, people });
  });
  api.serve(r.receipts, async ({ viewer, params }) => ok({ items: await cursors.receipts(viewer, params.id) }));
}

function serveWriting(api: Api, { writing }: Chat): void {
  api.serve(r.listChatDrafts, async ({ viewer }) => ok({ items: await writing.drafts(viewer) }));
  api.serve(r.saveChatDraft, async ({ viewer, params, body }) => (await writing.save(viewer, params.id, body), done));
  api.serve(r.scheduleMessage, async ({ viewer, params, body }) => ({
    status: 201,
    body: await writing.schedule(viewer, params.id, body),
  }));
  api.serve(r.listScheduledMessages, async ({ viewer }) => ok({ items: await writing.scheduled(viewer) }));
  api.serve(r.changeScheduledMessage, async ({ viewer, params, body }) =>
    ok(await writing.change(viewer, params.id, body)),
  );
  api.serve(r.cancelScheduledMessage, async ({ viewer, params }) => (await writing.cancel(viewer, params.id), done));
}

function servePresence(api: Api, { presences }: Chat): void {
  api.serve(r.presence, async ({ viewer, query }) => ok({ items: await presences.of(viewer, query.ids) }));
  api.serve(r.chatPreferences, async ({ viewer }) => ok(await presences.preferences(viewer)));
  api.serve(r.setChatPreferences, async ({ viewer, body }) => ok(await presences.set(viewer, body)));
}
