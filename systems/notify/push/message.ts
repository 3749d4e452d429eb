import { PUSH_BODY_CHARS_MAX } from "../bounds.ts";
import type { Notification } from "../contract.ts";
import { KIND_FACTS } from "../kinds-contract.ts";
import { pathOf } from "../paths.ts";
import { sentence } from "../words-contract.ts";
import type { PushShown } from "./contract.ts";

/** All that is too much to be told one by one. */
export const MANY_TAG = "many";
export const tagOf = (group_id: string): string => `g${group_id}`;

const URGENT = new Set(["words", "chat"]);

export function messageOf(one: Notification, house: string, unread: number): PushShown {
  const text = one.comment?.excerpt ?? one.thing?.text ?? one.post?.excerpt ?? "";
  const place = one.thing?.title ?? "";
  return {
    v: 1,
    tag: tagOf(one.id),
    title: place === "" ? sentence(one, house) : `${sentence(one, house)} ${place}`,
    body: cut(text === "" && one.post?.has_media ? "A picture or film" : text),
    path: pathOf(one),
    at: Date.parse(one.at),
    unread,
    urgent: URGENT.has(KIND_FACTS[one.kind].about),
  };
}

export const manyOf = (all: readonly Notification[], house: string, unread: number): PushShown => ({
  v: 1,
  tag: MANY_TAG,
  title: `${all.length} things happened while you were away`,
  body: cut(all.map((one) => sentence(one, house)).join("; ")),
  path: "/notifications",
  at: Math.max(...all.map((one) => Date.parse(one.at))),
  unread,
  urgent: all.some((one) => URGENT.has(KIND_FACTS[one.kind].about)),
});

const cut = (text: string): string =>
  text.length <= PUSH_BODY_CHARS_MAX
    ? text
    : `${text
        .slice(0, PUSH_BODY_CHARS_MAX - 1)
        .toWellFormed()
        .trimEnd()}…`;
