import { Link } from "@tanstack/react-router";
import { CornerUpLeft, Ellipsis, MessageSquareText, Pin, Reply } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import type { Channel, Message } from "#systems/chat/contract.ts";

import { bestVariant } from "../media/variants.ts";
import { Avatar } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { wholeTime } from "../parts/time.tsx";
import { useLongPress } from "../parts/use-long-press.ts";
import type { Row } from "./history.ts";
import type { Mark } from "./marks.ts";
import { MessageBody } from "./message-body.tsx";
import { deedsOf, type MessageDeeds } from "./message-deeds.tsx";
import { MessageExtras } from "./message-extras.tsx";
import { StatusSign } from "./presence-mark.tsx";
import { EmojiButton, QUICK, react, Reactions } from "./reactions.tsx";
import { ReceiptMark } from "./receipts.tsx";
import { DeedsSheet } from "./sheet-doors.ts";

const Viewer = lazy(() => import("../media/image-viewer.tsx"));
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export interface RowProps {
  row: Row;
  channel: Channel;
  me: { id: string; handle: string };
  deeds: MessageDeeds;
  /** In a thread: no way into a thread, nor a line for its answers. */
  in_thread?: boolean;
  marked?: boolean;
  /** Of one's own: how far it came. */
  mark?: Mark | undefined;
}

export function MessageRow({
  row: { message, follows },
  channel,
  me,
  deeds,
  in_thread = false,
  marked = false,
  mark,
}: RowProps) {
  const [unfolded, setUnfolded] = useState(false);
  const [holding, setHolding] = useState(false);
  // A mouse has the buttons beside the message, and its other button the browser's own menu.
  const press = useLongPress(
    !message.deleted && matchMedia("(pointer: coarse)").matches ? () => setHolding(true) : undefined,
  );
  const name = message.guise?.name ?? message.author?.display_name ?? "Somebody who left";
  const time = CLOCK.format(new Date(message.created_at));
  if (message.folded && !unfolded && !message.deleted)
    return (
      <div data-seq={message.seq} className="px-4 py-1 pl-16">
        <button type="button" onClick={() => setUnfolded(true)} className="text-xs text-ink-3 hover:underline">
          A message by somebody you muted or blocked. Show it
        </button>
      </div>
    );
  return (
    <article
      {...press}
      data-seq={message.seq}
      data-message={message.id}
      tabIndex={-1}
      aria-label={`${name}, ${time}${message.edited_at === null ? "" : ", edited"}`}
      className={cx(
        "group/row relative flex gap-3 px-4 outline-none hover:bg-sunken/60 focus-within:bg-sunken/60",
        follows ? "py-0.5" : "pt-2.5 pb-0.5",
        message.mentions_me && "bg-warn-tint/50 hover:bg-warn-tint/70",
        marked && "bg-accent-tint",
      )}
    >
      <div className="w-9 shrink-0">
        {follows ? (
          <time
            dateTime={message.created_at}
            title={wholeTime(message.created_at)}
            className="absolute left-0 w-13 overflow-hidden pt-1 text-right text-[0.625rem] leading-4 whitespace-nowrap text-ink-3 opacity-0 group-hover/row:opacity-100"
          >
            {time}
          </time>
        ) : message.author ? (
          <Link to="/@{$handle}" params={{ handle: message.author.handle }} tabIndex={-1} aria-hidden="true">
            <Avatar person={message.author} size="sm" />
          </Link>
        ) : null}
      </div>
      <div className="max-w-3xl min-w-0 flex-1">
        {!follows && (
          <div className="flex items-baseline gap-2">
            {message.author ? (
              <Link
                to="/@{$handle}"
                params={{ handle: message.author.handle }}
                className="min-h-6 truncate text-sm leading-6 font-bold hover:underline"
              >
                {name}
              </Link>
            ) : (
              <span className="text-sm font-bold text-ink-3">{name}</span>
            )}
            {message.author && <StatusSign id={message.author.id} className="self-center" />}
            {message.author?.bot && (
              <span
                title={`A program: @${message.author.handle}`}
                className="shrink-0 rounded-md bg-sunken px-1.5 text-[0.625rem] leading-4 font-semibold text-ink-2"
              >
                {message.guise?.emoji} bot
              </span>
            )}
            <time
              dateTime={message.created_at}
              title={wholeTime(message.created_at)}
              className="shrink-0 text-xs text-ink-3"
            >
              {time}
            </time>
            {message.pinned && <Pin className="size-3.5 shrink-0 text-accent-ink" aria-label="Pinned" />}
          </div>
        )}
        {message.root_id !== null && !in_thread && (
          <button
            type="button"
            onClick={() => deeds.thread(message.root_id!)}
            className="flex items-center gap-1 text-xs text-ink-3 hover:underline"
          >
            <MessageSquareText className="size-3.5" aria-hidden="true" /> From a thread
          </button>
        )}
        {message.reply_to && <Answered to={message.reply_to} go={deeds.go} />}
        {message.deleted ? (
          <p className="text-sm text-ink-3 italic">This message was deleted.</p>
        ) : (
          <>
            <MessageBody message={message} me_handle={me.handle} />
            <Pictures message={message} />
            <MessageExtras message={message} channel={channel} me={me} />
            {message.edited_at !== null && (
              <button
                type="button"
                onClick={() => deeds.edits(message)}
                title={wholeTime(message.edited_at)}
                className="text-xs text-ink-3 hover:underline"
              >
                edited
              </button>
            )}
            <Reactions message={message} />
          </>
        )}
        {message.replies > 0 && !in_thread && (
          <button
            type="button"
            onClick={() => deeds.thread(message.id)}
            className="mt-1 inline-flex h-8 items-center gap-1.5 rounded-full bg-accent-tint px-3 text-xs font-semibold text-accent-ink hover:underline"
          >
            <MessageSquareText className="size-4" aria-hidden="true" />
            {message.replies === 1 ? "1 answer" : `${message.replies} answers`}
          </button>
        )}
      </div>
      {mark && <ReceiptMark mark={mark} />}
      {!message.deleted && (
        <div className="absolute -top-4 right-3 z-10 flex rounded-full border border-line bg-raised p-0.5 shadow-1 transition-opacity pointer-events-none opacity-0 group-focus-within/row:pointer-events-auto group-focus-within/row:opacity-100 group-hover/row:pointer-events-auto group-hover/row:opacity-100 has-data-popup-open:pointer-events-auto has-data-popup-open:opacity-100">
          {channel.mine !== null &&
            QUICK.slice(0, 2).map((emoji) => (
              <button
                key={emoji}
                type="button"
                aria-label={`React with ${emoji}`}
                onClick={() => react(message, emoji)}
                className="grid size-9 place-items-center rounded-full text-base hover:bg-sunken max-sm:hidden"
              >
                {emoji}
              </button>
            ))}
          {channel.mine !== null && <EmojiButton label="React" choose={(emoji) => react(message, emoji)} />}
          {!in_thread && message.root_id === null && channel.may.send && (
            <button
              type="button"
              aria-label="Answer in a thread"
              title="Answer in a thread"
              onClick={() => deeds.thread(message.id)}
              className="grid size-9 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink"
            >
              <Reply className="size-4.5" aria-hidden="true" />
            </button>
          )}
          <LazyMenu
            entries={() => deedsOf(message, channel, me, deeds, in_thread)}
            trigger={
              <button
                type="button"
                aria-label={`More about the message by ${name}, ${time}`}
                className="grid size-9 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink"
              >
                <Ellipsis className="size-4.5" aria-hidden="true" />
              </button>
            }
          />
        </div>
      )}
      {holding && (
        <Suspense fallback={null}>
          <DeedsSheet
            title={`Message by ${name}`}
            above={
              channel.mine !== null && (
                <div role="group" aria-label="React" className="flex justify-between px-5 pt-1 pb-3">
                  {QUICK.map((emoji) => (
                    <button
                      key={emoji}
                      type="button"
                      aria-label={`React with ${emoji}`}
                      onClick={() => {
                        setHolding(false);
                        react(message, emoji);
                      }}
                      className="grid size-13 place-items-center rounded-full bg-sunken text-2xl"
                    >
                      {emoji}
                    </button>
                  ))}
                </div>
              )
            }
            entries={deedsOf(message, channel, me, deeds, in_thread)}
            close={() => setHolding(false)}
          />
        </Suspense>
      )}
    </article>
  );
}

function Answered({ to, go }: { to: NonNullable<Message["reply_to"]>; go: (seq: string) => void }) {
  return (
    <button
      type="button"
      onClick={() => go(to.seq)}
      className="flex min-h-6 max-w-full items-center gap-1.5 text-left text-xs text-ink-3 hover:text-ink-2"
    >
      <CornerUpLeft className="size-3.5 shrink-0" aria-hidden="true" />
      <span className="shrink-0 font-semibold">{to.author?.display_name ?? "Somebody"}</span>
      <span className="truncate">{to.deleted ? "deleted" : to.excerpt || "a picture"}</span>
    </button>
  );
}

function Pictures({ message }: { message: Message }) {
  const [at, setAt] = useState<number | null>(null);
  if (message.images.length === 0) return null;
  return (
    <div className="mt-1 flex flex-wrap gap-1.5">
      {message.images.map((image, index) => {
        const variant = bestVariant(image.variants, 480);
        const ratio = image.width && image.height ? image.width / image.height : 1;
        const height = message.images.length === 1 ? 240 : 144;
        return (
          <button
            key={image.id}
            type="button"
            onClick={() => setAt(index)}
            aria-label={image.alt === "" ? "Open the picture" : `Open the picture: ${image.alt}`}
            className="overflow-hidden rounded-xl border border-line bg-sunken"
            style={{ height, aspectRatio: Math.min(2.2, Math.max(0.6, ratio)), maxWidth: "100%" }}
          >
            {variant ? (
              <img src={variant.url} alt={image.alt} className="size-full object-cover" />
            ) : (
              <span className="px-3 text-xs text-ink-3">
                {image.status === "failed" ? "Unreadable" : "In the making"}
              </span>
            )}
          </button>
        );
      })}
      {at !== null && (
        <Suspense fallback={null}>
          <Viewer images={message.images} at={at} onAt={setAt} close={() => setAt(null)} />
        </Suspense>
      )}
    </div>
  );
}
