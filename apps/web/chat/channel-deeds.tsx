import { Bell, BellOff, CheckCheck, CircleDot, LogOut, Star, StarOff } from "lucide-react";

import type { BodyIn } from "#kernel/contract.ts";
import { type Channel, chatRoutes as r, type Level, LEVELS } from "#systems/chat/contract.ts";

import type { MenuEntry } from "../parts/menu-entry.ts";
import { call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { chatsChanged } from "./conversations.ts";

export const LEVEL_WORDS: Record<Level, string> = {
  all: "Everything",
  mentions: "My name and answers",
  none: "Nothing",
};

/** Everything in it is read, and a mark that was put by hand goes. */
export async function readWhole(channel: Pick<Channel, "id" | "last_seq">): Promise<void> {
  await call(r.readChannel, { params: { id: channel.id }, body: { seq: channel.last_seq, unmark: true } });
  await chatsChanged();
}

/** What somebody does with a whole chat, from the list. */
export function channelDeeds(channel: Channel, left: () => void): MenuEntry[] {
  const { mine } = channel;
  if (!mine) return [];
  const params = { id: channel.id };
  const wish = (body: BodyIn<typeof r.setWishes>, words: string, undo?: BodyIn<typeof r.setWishes>) => () => {
    call(r.setWishes, { params, body })
      .then(async () => {
        say(words, undo && wish(undo, "As it was."));
        await chatsChanged();
      })
      .catch(sorry);
  };
  const waits = mine.unread > 0 || mine.marked_seq !== null;
  return [
    waits
      ? { label: "Mark read", icon: <CheckCheck />, run: () => void readWhole(channel).catch(sorry) }
      : {
          label: "Mark unread",
          icon: <CircleDot />,
          disabled: channel.last_seq === "0",
          run: () =>
            void call(r.markUnread, { params, body: { seq: channel.last_seq } })
              .then(chatsChanged)
              .catch(sorry),
        },
    mine.favoured
      ? { label: "No favourite any more", icon: <StarOff />, run: wish({ favoured: false }, "No favourite any more.") }
      : { label: "Make it a favourite", icon: <Star />, run: wish({ favoured: true }, "It stands above now.") },
    "line",
    ...(mine.muted
      ? [{ label: "Hear it again", icon: <Bell />, run: wish({ muted: false }, "You hear it again.") }]
      : [
          {
            label: "Mute for an hour",
            icon: <BellOff />,
            run: wish({ muted: true, muted_for_s: 3_600 }, "Muted for an hour.", { muted: false }),
          },
          { label: "Mute", icon: <BellOff />, run: wish({ muted: true }, "Muted.", { muted: false }) },
        ]),
    ...LEVELS.map((level) => ({
      label: `Tell me of: ${LEVEL_WORDS[level].toLowerCase()}`,
      checked: mine.level === level,
      run: wish({ level }, `You are told of ${LEVEL_WORDS[level].toLowerCase()}.`, { level: mine.level }),
    })),
    "line",
    {
      label: channel.kind === "direct" ? "Out of my list" : "Leave",
      icon: <LogOut />,
      danger: true,
      run: () =>
        void call(r.leaveChannel, { params })
          .then(async () => {
            left();
            await chatsChanged();
            say(channel.kind === "direct" ? "It comes back when one of you writes." : "You left.");
          })
          .catch(sorry),
    },
  ];
}
