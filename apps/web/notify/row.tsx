import { Link } from "@tanstack/react-router";
import {
  AtSign,
  CalendarX,
  ChartBar,
  Flag,
  Hash,
  Heart,
  type LucideIcon,
  Megaphone,
  MessageCircle,
  MessagesSquare,
  Quote,
  Repeat2,
  Reply,
  Scale,
  UserCheck,
  UserPlus,
  WebhookOff,
} from "lucide-react";

import type { Kind, Notification } from "#systems/notify/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { Ago } from "../parts/time.tsx";
import { AnswerRequest } from "./answer-request.tsx";
import { didWords, othersWords } from "./sentence.ts";

const LOOKS: Record<Kind, [icon: LucideIcon, className: string]> = {
  mention: [AtSign, "bg-accent-tint text-accent-ink"],
  comment: [MessageCircle, "bg-accent-tint text-accent-ink"],
  reply: [Reply, "bg-accent-tint text-accent-ink"],
  comment_mention: [AtSign, "bg-accent-tint text-accent-ink"],
  like: [Heart, "bg-sunken text-bad"],
  comment_like: [Heart, "bg-sunken text-bad"],
  repost: [Repeat2, "bg-sunken text-good"],
  direct_message: [MessagesSquare, "bg-accent-tint text-accent-ink"],
  chat_mention: [AtSign, "bg-accent-tint text-accent-ink"],
  chat_reply: [Reply, "bg-accent-tint text-accent-ink"],
  chat_call: [Megaphone, "bg-warn-tint text-warn"],
  announcement: [Megaphone, "bg-accent-tint text-accent-ink"],
  channel_message: [Hash, "bg-sunken text-ink-2"],
  follow: [UserPlus, "bg-sunken text-ink-2"],
  follow_request: [UserPlus, "bg-warn-tint text-warn"],
  follow_accepted: [UserCheck, "bg-sunken text-good"],
  quote: [Quote, "bg-accent-tint text-accent-ink"],
  poll_ended: [ChartBar, "bg-sunken text-ink-2"],
  schedule_failed: [CalendarX, "bg-warn-tint text-warn"],
  moderated: [Scale, "bg-warn-tint text-warn"],
  appeal_decided: [Scale, "bg-sunken text-ink-2"],
  report_answered: [Flag, "bg-sunken text-ink-2"],
  webhook_off: [WebhookOff, "bg-warn-tint text-warn"],
};

/** What moderators decided; where it can be read and answered. */
const TO_STANDING: ReadonlySet<Kind> = new Set(["moderated", "appeal_decided", "report_answered"]);
const BY_HOUSE: ReadonlySet<Kind> = new Set(["schedule_failed", "webhook_off", ...TO_STANDING]);

/** An address of another system's thing, as the router takes it. */
function inHouse(path: string) {
  const { pathname, searchParams } = new URL(path, location.origin);
  return { to: pathname as "/", search: Object.fromEntries(searchParams) as never };
}

/** One line of the inbox. The whole of it leads to what it is about; names lead to people. */
export function NotificationRow({ one }: { one: Notification }) {
  const [Icon, look] = LOOKS[one.kind];
  const [first, second] = one.actors;
  const others = othersWords(one);
  const target = TO_STANDING.has(one.kind)
    ? ({ to: "/settings/$section", params: { section: "standing" } } as const)
    : one.thing
      ? inHouse(one.thing.path)
      : one.post
        ? ({ to: "/posts/$id", params: { id: one.post.id } } as const)
        : first
          ? ({ to: "/@{$handle}", params: { handle: first.handle } } as const)
          : ({ to: "/" } as const);
  const words = one.comment?.excerpt ?? one.thing?.text ?? one.post?.excerpt ?? "";
  return (
    <article
      role="listitem"
      className={cx(
        "relative flex gap-3 px-4 py-3.5 transition-colors hover:bg-sunken/60 sm:px-3",
        !one.read && "bg-accent-tint/45",
      )}
    >
      <span className={cx("mt-0.5 grid size-9 shrink-0 place-items-center rounded-full", look)}>
        <Icon className="size-4.5" aria-hidden="true" />
      </span>
      <div className="min-w-0 flex-1">
        {one.actors.length > 0 && (
          <div className="relative z-10 mb-1.5 flex w-fit -space-x-2">
            {one.actors.map((person) => (
              <Link
                key={person.id}
                to="/@{$handle}"
                params={{ handle: person.handle }}
                aria-label={person.display_name}
                className="rounded-full ring-2 ring-birch"
              >
                <Avatar person={person} size="xs" />
              </Link>
            ))}
          </div>
        )}
        <p className="text-[0.9375rem] leading-5.5">
          {/* The link of the sentence covers the row, so that all of it can be pressed. */}
          <Link {...target} className="after:absolute after:inset-0">
            {!one.read && <span className="sr-only">New: </span>}
            {first ? <b className="font-semibold">{first.display_name}</b> : BY_HOUSE.has(one.kind) && "The house"}
            {second && (
              <>
                {others === "" ? " and " : ", "}
                <b className="font-semibold">{second.display_name}</b>
              </>
            )}
            {others !== "" && <> and {others}</>} {didWords(one)}
            {one.thing && one.thing.title !== "" && ` ${one.thing.title}`}
          </Link>
          <span className="text-ink-3" aria-hidden="true">
            {" · "}
          </span>
          <Ago at={one.at} className="text-sm whitespace-nowrap text-ink-3" />
        </p>
        {(words !== "" || one.post?.has_media) && (
          <p dir="auto" className="mt-1 line-clamp-2 text-sm break-words text-ink-2">
            {words || "A picture or film"}
          </p>
        )}
        {one.kind === "follow_request" && first && (
          <div className="relative z-10 mt-2.5">
            <AnswerRequest person={first} />
          </div>
        )}
      </div>
      {!one.read && <span className="mt-2 size-2 shrink-0 rounded-full bg-accent" aria-hidden="true" />}
    </article>
  );
}
