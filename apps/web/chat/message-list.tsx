import { ArrowDown, ArrowUp, CircleAlert, Clock } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

import type { Channel } from "#systems/chat/contract.ts";

import { Avatar, type Face } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { Failed } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { useNowMs } from "../parts/time.tsx";
import { type Conversation, outbox, useHeld } from "./conversations.ts";
import { isBefore, rowsOf } from "./history.ts";
import type { Mark } from "./marks.ts";
import type { MessageDeeds } from "./message-deeds.tsx";
import { MessageRow } from "./message-row.tsx";
import { dayWords } from "./moments.ts";
import type { Unsent } from "./outbox.ts";

/** From so near the edge on more is asked for. */
const EDGE_PX = 600;
const BOTTOM_PX = 60;

export interface ListProps {
  talk: Conversation;
  channel: Channel;
  me: { id: string; handle: string } & Face;
  deeds: MessageDeeds;
  first_unread_seq: string | null;
  unsent: readonly Unsent[];
  /** A place to stand at when it opens; the end where there is none. */
  place: string | null;
  marked_seq?: string | null;
  in_thread?: boolean;
  /** How far one's own messages came, by `seq`. */
  marks?: ReadonlyMap<string, Mark>;
  above?: ReactNode;
  /** Marks everything read. */
  readAll?: () => void;
  /** The last message is on the screen. */
  atEnd?: (seq: string) => void;
}

/**
 * Messages from old to new. What is asked for above comes in without moving what is read; whoever is at the end stays there when
 * something new comes, and whoever is not is told.
 */
export function MessageList(props: ListProps) {
  const {
    talk,
    channel,
    me,
    deeds,
    first_unread_seq,
    unsent,
    place,
    marked_seq = null,
    in_thread = false,
    marks,
    above,
    atEnd,
    readAll,
  } = props;
  const held = useHeld(talk);
  const now_ms = useNowMs();
  const box = useRef<HTMLDivElement>(null);
  /** What was looked at, and how far below the top it was. */
  const anchor = useRef<{ seq: string; top: number } | null>(null);
  const sticks = useRef(place === null);
  const placed = useRef(false);
  const [away, setAway] = useState(false);
  const [fresh_above, setFreshAbove] = useState(false);
  const rows = rowsOf(held.items, first_unread_seq);
  const last_seq = held.items.at(-1)?.seq;

  const remember = useCallback(() => {
    const node = box.current;
    if (!node) return;
    const top = node.getBoundingClientRect().top;
    for (const row of node.querySelectorAll<HTMLElement>("[data-seq]")) {
      const at = row.getBoundingClientRect();
      if (at.bottom <= top) continue;
      anchor.current = { seq: row.dataset.seq!, top: at.top - top };
      return;
    }
    anchor.current = null;
  }, []);

  // What is looked at is measured when something is about to change: the last scroll may not have been told yet.
  useEffect(() => talk.subscribe(() => placed.current && remember()), [talk, remember]);

  const look = useCallback(() => {
    const node = box.current;
    if (!node || !placed.current) return;
    const from_end = node.scrollHeight - node.scrollTop - node.clientHeight;
    const { more_before, more_after } = talk.held();
    sticks.current = from_end < BOTTOM_PX && !more_after;
    setAway(!sticks.current);
    const divider = node.querySelector("[data-fresh]");
    const [first] = talk.held().items;
    setFreshAbove(
      divider
        ? divider.getBoundingClientRect().bottom < node.getBoundingClientRect().top
        : first_unread_seq !== null && first !== undefined && isBefore(first_unread_seq, first.seq),
    );
    remember();
    if (node.scrollTop < EDGE_PX && more_before) void talk.older();
    if (from_end < EDGE_PX && more_after) void talk.newer();
    const last = talk.held().items.at(-1);
    if (sticks.current && last && document.visibilityState === "visible") atEnd?.(last.seq);
  }, [talk, remember, atEnd, first_unread_seq]);

  useLayoutEffect(() => {
    const node = box.current;
    if (!node || !talk.loaded()) return;
    if (!placed.current) {
      placed.current = true;
      const target = place === null ? null : node.querySelector<HTMLElement>(`[data-seq="${place}"]`);
      if (target)
        node.scrollTop += target.getBoundingClientRect().top - node.getBoundingClientRect().top - node.clientHeight / 3;
      else node.scrollTop = node.scrollHeight;
    } else if (sticks.current) node.scrollTop = node.scrollHeight;
    else if (anchor.current) {
      const row = node.querySelector<HTMLElement>(`[data-seq="${anchor.current.seq}"]`);
      if (row)
        node.scrollTop += row.getBoundingClientRect().top - node.getBoundingClientRect().top - anchor.current.top;
    }
    look();
  }, [held, unsent.length, talk, place, look]);

  // Pictures and the keyboard of a phone change heights: whoever is at the end stays there.
  useEffect(() => {
    const node = box.current;
    const inside = node?.firstElementChild;
    if (!node || !inside) return;
    const watch = new ResizeObserver(() => {
      if (sticks.current) node.scrollTop = node.scrollHeight;
    });
    watch.observe(inside);
    watch.observe(node);
    return () => watch.disconnect();
  }, []);

  useEffect(() => {
    const seen = () => look();
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [look]);

  const toEnd = () => {
    sticks.current = true;
    if (held.more_after) void talk.newest();
    else if (box.current) box.current.scrollTop = box.current.scrollHeight;
    setAway(false);
  };

  const toFresh = () => {
    const node = box.current;
    const divider = node?.querySelector("[data-fresh]");
    sticks.current = false;
    if (node && divider)
      node.scrollTop += divider.getBoundingClientRect().top - node.getBoundingClientRect().top - node.clientHeight / 3;
    else if (first_unread_seq !== null) deeds.go(first_unread_seq);
  };

  const error = talk.error();
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={box}
        onScroll={look}
        // Scrolled with the keys too.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="region"
        aria-label={in_thread ? "Answers" : "Messages"}
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain outline-offset-[-3px] [overflow-anchor:none]"
      >
        <div className="flex min-h-full flex-col justify-end pt-4 pb-3">
          {talk.loaded() && !held.more_before && above}
          {held.more_before && <RowSkeleton />}
          {!talk.loaded() && error === null && [0, 1, 2, 3].map((n) => <RowSkeleton key={n} />)}
          {error !== null && (
            <Failed error={error} retry={() => void (held.items.length === 0 ? talk.newest() : talk.refresh())} />
          )}
          {rows.map((row) => (
            <div key={row.message.cid ?? row.message.id}>
              {row.day && <Divider>{dayWords(row.message.created_at, now_ms)}</Divider>}
              {row.fresh && <Divider fresh>New messages</Divider>}
              <MessageRow
                row={row}
                channel={channel}
                me={me}
                deeds={deeds}
                in_thread={in_thread}
                marked={row.message.seq === marked_seq}
                mark={marks?.get(row.message.seq)}
              />
            </div>
          ))}
          {held.more_after && <RowSkeleton />}
          {!held.more_after && unsent.map((one) => <UnsentRow key={one.cid} one={one} me={me} />)}
        </div>
      </div>
      {fresh_above && readAll && (
        <div className="rise absolute inset-x-3 top-2 z-10 mx-auto flex w-fit max-w-full items-center overflow-hidden rounded-full border border-line bg-raised text-sm font-semibold shadow-2">
          <button type="button" onClick={toFresh} className="flex h-11 items-center gap-2 pr-3 pl-4 hover:bg-sunken">
            <ArrowUp className="size-4 text-bad" aria-hidden="true" /> To the first unread
          </button>
          <button
            type="button"
            onClick={readAll}
            title="Esc"
            className="h-11 border-l border-line pr-4 pl-3 text-ink-2 hover:bg-sunken"
          >
            Mark read
          </button>
        </div>
      )}
      {away && (
        <button
          type="button"
          onClick={toEnd}
          className="absolute right-4 bottom-3 flex h-11 items-center gap-2 rounded-full border border-line bg-raised px-4 text-sm font-semibold shadow-2"
        >
          <ArrowDown className="size-4" aria-hidden="true" /> To the newest
        </button>
      )}
      <p role="status" className="sr-only">
        {last_seq !== undefined && !held.more_after && spoken(held.items.at(-1)!, me.id)}
      </p>
    </div>
  );
}

const spoken = (message: { author: { id: string; display_name: string } | null; body: string }, me_id: string) =>
  message.author && message.author.id !== me_id ? `${message.author.display_name}: ${message.body.slice(0, 200)}` : "";

const Divider = ({ children, fresh = false }: { children: ReactNode; fresh?: boolean }) => (
  <div
    role="separator"
    data-fresh={fresh || undefined}
    className={cx("my-2 flex items-center gap-3 px-4 text-xs font-semibold", fresh ? "text-bad" : "text-ink-3")}
  >
    <span className={cx("h-px flex-1", fresh ? "bg-bad" : "bg-line")} />
    {children}
    <span className={cx("h-px", fresh ? "w-4 bg-bad" : "flex-1 bg-line")} />
  </div>
);

function UnsentRow({ one, me }: { one: Unsent; me: Face }) {
  return (
    <div className="flex gap-3 px-4 py-1.5">
      <Avatar person={me} size="sm" className="opacity-60" />
      <div className="min-w-0 flex-1">
        <p className="text-sm leading-6 wrap-anywhere whitespace-pre-wrap text-ink-2">
          {one.body ||
            (one.forward_of_id !== undefined
              ? "A message passed on"
              : one.video_id !== undefined
                ? "A film"
                : one.sound_id !== undefined
                  ? "A voice note"
                  : one.image_ids.length === 1
                    ? "A picture"
                    : `${one.image_ids.length} pictures`)}
        </p>
        {one.state === "failed" ? (
          <p role="alert" className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs font-medium text-bad">
            <span className="flex items-center gap-1">
              <CircleAlert className="size-4 shrink-0" aria-hidden="true" /> Not sent. {one.problem}
            </span>
            <button type="button" className="font-bold underline" onClick={() => outbox.again(one.cid)}>
              Try again
            </button>
            <button type="button" className="font-bold underline" onClick={() => outbox.drop(one.cid)}>
              Throw away
            </button>
          </p>
        ) : (
          <p className="flex items-center gap-1 text-xs text-ink-3">
            <Clock className="size-3.5" aria-hidden="true" />
            {one.state === "sending" ? "Sending" : one.problem === null ? "Waiting" : `Waiting. ${one.problem}`}
          </p>
        )}
      </div>
    </div>
  );
}
