import { Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { isId } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { StoredEvent } from "#ports/log/index.ts";
import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";
import { SPACES_TOPIC, type SpacesEvent } from "#systems/spaces/index.ts";

import { PRESENCE_ASKED_MAX } from "./bounds.ts";
import { someMembers } from "./channels/store.ts";
import { zMessageAsked } from "./contract.ts";
import { type Ground, readable } from "./ground.ts";
import { sendMessage } from "./messages/send.ts";
import type { ChannelId } from "./needs.ts";
import { maySend } from "./policy.ts";
import type { Presences } from "./presence/presence.ts";
import type { Cursors } from "./reading/cursors.ts";

/** What chat says of its streams: `chat:<channel>` carries what happens, `bump:<channel>` only that something did. */
export function serveLine(ground: Ground, cursors: Cursors, presences: Pick<Presences, "of">): void {
  const channelOf = (key: string): ChannelId => {
    if (!isId(key)) throw new Problem(404, "channel.not_found", "There is no such channel, or it is not for you.");
    return key as ChannelId;
  };
  const mayRead = async (viewer: SignedIn, key: string): Promise<boolean> => {
    try {
      await readable(ground, viewer, channelOf(key));
      return true;
    } catch (error) {
      // What is only away for a moment is no answer: who is told no does not come back.
      if (error instanceof Problem && (error.status === 403 || error.status === 404)) return false;
      throw error;
    }
  };
  ground.line.streams("chat", {
    mayRead,
    async send(viewer, key, cid, data) {
      const asked = zMessageAsked.safeParse(data);
      if (!asked.success)
        throw new Problem(
          422,
          "request.invalid",
          `This is no message: ${asked.error.issues[0]?.message ?? "its shape"}`,
        );
      return sendMessage(ground, viewer, channelOf(key), cid, asked.data);
    },
    read: (viewer, key, seq) => cursors.read(viewer, channelOf(key), seq, false),
    delivered: (viewer, key, seq) => ground.deliveries.acked(viewer.person_id, channelOf(key), seq),
    /** Typing is passed on of who could send. Nothing else is. */
    async ephemeral(viewer, key, slot): Promise<Json | null> {
      if (slot !== "typing") return null;
      const { standing } = await readable(ground, viewer, channelOf(key));
      return maySend(standing).ok ? {} : null;
    },
    /** By name where there are few, as with receipts; and nobody who does not wish to be seen. */
    async here(viewer, key) {
      const { channel } = await readable(ground, viewer, channelOf(key));
      if (channel.members > PRESENCE_ASKED_MAX) return null;
      const members = await someMembers(ground.sql.pool, [channel.id], PRESENCE_ASKED_MAX);
      const said = await presences.of(viewer, members.get(channel.id) ?? []);
      return said.filter(({ state }) => state !== "offline").map(({ person_id }) => person_id);
    },
  });
  ground.line.streams("bump", { mayRead });
}

/** On every node: whom something happened to, is asked again whether they may still listen. */
export async function startRechecking({ log, line }: Pick<Ground, "log" | "line">): Promise<AsyncDisposable> {
  const again = (...ids: PersonId[]) => {
    for (const person_id of ids) line.recheck({ person_id });
  };
  const ofSpaces = (batch: StoredEvent[]) => {
    for (const stored of batch) {
      const event = stored as unknown as SpacesEvent;
      if (event.type === "spaces.left" || event.type === "spaces.banned" || event.type === "spaces.role_changed")
        again(event.data.person_id);
    }
  };
  const ofPeople = (batch: StoredEvent[]) => {
    for (const stored of batch) {
      const event = stored as unknown as PeopleEvent;
      if (event.type === "people.blocked") again(event.data.blocker_id, event.data.blocked_id);
      if (event.type === "people.suspended" || event.type === "people.deleted") again(event.data.person_id);
    }
  };
  await using opened = new AsyncDisposableStack();
  opened.use(await log.tail(SPACES_TOPIC, ofSpaces));
  opened.use(await log.tail(PEOPLE_TOPIC, ofPeople));
  return opened.move();
}
