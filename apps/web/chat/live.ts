import { useEffect, useRef, useState } from "react";

import type { PersonCard } from "#kernel/cards.ts";
import type { Json } from "#kernel/json.ts";
import { type Channel, chatRoutes as r, type Message } from "#systems/chat/contract.ts";

import { whisperSaid } from "../hooks/whisper.ts";
import type { LiveItem } from "../live/followed.ts";
import type { PageLine } from "../live/page-line.ts";
import { queries } from "../shell/house.ts";
import { applyEverywhere, chatsChanged, type Conversation, refreshMessage } from "./conversations.ts";
import { messageFrom } from "./from-line.ts";
import { cardSaid, told_cards } from "./link-cards.ts";
import { hasReceipts } from "./marks.ts";
import { pollSaid } from "./poll-live.ts";

/** Asks again for what may have changed while nobody looked: when the page is looked at again, and when the network is back. */
export function useFreshWhenSeen(talk: Conversation): void {
  useEffect(() => {
    const again = () => {
      if (document.visibilityState !== "visible") return;
      if (talk.loaded()) void talk.refresh();
      void chatsChanged();
    };
    window.addEventListener("focus", again);
    window.addEventListener("online", again);
    return () => {
      window.removeEventListener("focus", again);
      window.removeEventListener("online", again);
    };
  }, [talk]);
}

const LIST_REST_MS = 300;
/** The latest; a line follows 500 streams at most. */
const BUMPS_HEARD_MAX = 400;
let resting: ReturnType<typeof setTimeout> | undefined;

/** Several things at once ask for the list once. */
function listSoon(): void {
  resting ??= setTimeout(() => {
    resting = undefined;
    void chatsChanged();
  }, LIST_REST_MS);
}

/** What is read elsewhere, and that something new stands in a chat that is not open. */
export function useListLive(
  page: PageLine | null,
  me_id: string,
  channels: readonly Channel[],
  open_id: string | undefined,
): void {
  const ids = channels
    .map((channel) => channel.id)
    .filter((id) => id !== open_id)
    .slice(0, BUMPS_HEARD_MAX);
  const key = ids.join(",");
  useEffect(() => {
    if (!page) return;
    const ended = () => {};
    const ends = [
      page.hear(`person:${me_id}`, {
        items: listSoon,
        anew: listSoon,
        ended,
        ephemeral(slot, person_id, said) {
          if (slot === "thread") listSoon();
          else whisperSaid(slot, person_id, said);
        },
      }),
      // A bump may be lost with the line; so whatever is there is asked for when it is back.
      page.onState(() => page.state().connection === "open" && listSoon()),
      ...key
        .split(",")
        .filter((id) => id !== "")
        .map((id) => page.hear(`bump:${id}`, { items: listSoon, anew: () => {}, ephemeral: listSoon, ended })),
    ];
    return () => ends.forEach((end) => end());
  }, [page, me_id, key]);
}

const TYPING_SHOWN_MS = 5_000;
const TYPING_TOLD_MS = 3_000;

/** What happens in the open channel, as it happens. @returns who is writing, and what tells that one is oneself */
export function useChannelLive(page: PageLine | null, channel: Channel, talk: Conversation, me: PersonCard) {
  const [writing, setWriting] = useState<readonly { id: string; name: string; until: number }[]>([]);
  const told_at = useRef(-TYPING_TOLD_MS);
  const around = useRef({ channel, me });
  useEffect(() => {
    around.current = { channel, me };
  });
  useEffect(() => {
    if (!page) return;
    const apply = (item: LiveItem) => {
      const data = item.data as { [key: string]: Json } | null;
      if (item.kind === "message.created") {
        const found =
          data && messageFrom(item, data, around.current.channel, around.current.me, cardIn(talk, around.current));
        if (found) applyEverywhere(found);
        else ask(item.id);
        if (typeof data?.root_id === "string") ask(data.root_id);
        setWriting((before) => before.filter((one) => one.id !== item.sender_id));
        listSoon();
      } else if (typeof data?.message_id === "string") {
        // Other words, or a card that its author took away: what was told before does not count.
        if (item.kind === "message.link" || item.kind === "message.edited") told_cards.forget(data.message_id);
        ask(data.message_id);
        if (item.kind === "message.pinned" || item.kind === "message.unpinned")
          void queries.invalidateQueries({ queryKey: [r.pins.path] });
      } else {
        void queries.invalidateQueries({ queryKey: [r.channelMembers.path] });
        listSoon();
      }
    };
    return page.hear(`chat:${channel.id}`, {
      items(items) {
        for (const item of items) apply(item);
        const last = items.findLast((item) => item.sender_id !== around.current.me.id);
        if (last && hasReceipts(around.current.channel)) page.line.ack(`chat:${channel.id}`, String(last.seq));
      },
      anew() {
        receiptsChanged(channel.id);
        if (talk.loaded()) void talk.refresh();
      },
      ephemeral(slot, person_id, said) {
        if (slot.startsWith("link:")) return cardSaid(slot.slice(5), said);
        if (slot.startsWith("poll:")) return pollSaid(slot.slice(5), said);
        if (slot === "receipts") return receiptsChanged(channel.id);
        if (person_id === null || person_id === around.current.me.id) return;
        if (slot !== "typing") return;
        const name = cardIn(talk, around.current)(person_id)?.display_name ?? "Somebody";
        const until = performance.now() + TYPING_SHOWN_MS;
        setWriting((before) => [...before.filter((one) => one.id !== person_id), { id: person_id, name, until }]);
      },
      ended: listSoon,
    });
  }, [page, channel.id, talk]);
  useEffect(() => {
    if (writing.length === 0) return;
    const timer = setTimeout(
      () => setWriting((before) => before.filter((one) => one.until > performance.now())),
      TYPING_SHOWN_MS,
    );
    return () => clearTimeout(timer);
  }, [writing]);
  const typing = () => {
    if (performance.now() - told_at.current < TYPING_TOLD_MS) return;
    told_at.current = performance.now();
    page?.line.ephemeral(`chat:${channel.id}`, "typing", {});
  };
  return { writing: writing.map((one) => one.name), typing };
}

function receiptsChanged(id: string): void {
  for (const { path } of [r.receipts, r.readers]) void queries.invalidateQueries({ queryKey: [path, { id }] });
}

/** A message that cannot be had any more is not shown as it was. */
function ask(id: string): void {
  refreshMessage(id).catch(() => {});
}

/** People whom this page knows already: who wrote here, who is in it. */
const cardIn =
  (talk: Conversation, { channel, me }: { channel: Channel; me: PersonCard }) =>
  (id: string): PersonCard | undefined =>
    id === me.id
      ? me
      : (channel.people.find((person) => person.id === id) ??
        talk.held().items.findLast((message: Message) => message.author?.id === id)?.author ??
        undefined);
