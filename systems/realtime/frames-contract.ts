import type { Json } from "#kernel/json.ts";

/** The line's frames as PROTOCOL.md has them. Numbers of streams are decimal strings. */

export type Cursor = [epoch: string, seq: string];

export interface WireItem {
  id: string;
  kind: string;
  at: string;
  sender_id?: string;
  cid?: string;
  /** null where it was redacted. */
  data: Json;
}

export interface Refusal {
  status: number;
  code: string;
  detail: string;
  retry_after_s?: number;
  errors?: { pointer: string; detail: string }[];
}

export interface Hello {
  version: number;
  heartbeat_ms: number;
  frame_bytes_max: number;
  /** Who this line belongs to already, by a cookie or a bearer token; null: `identify`. */
  person_id: string | null;
}

export interface Page {
  /** As it was asked. */
  asked: PullAsked;
  epoch: string;
  head: string;
  /** The first number that is still kept. */
  floor: string;
  /** Of `items[0]`; null where there are none. */
  first_seq: string | null;
  items: WireItem[];
}

export type PullAsked = { after: string } | { before: string };

export type Readiness = [state: "ok" | "gap" | "reset", epoch: string, head: string] | [state: "refused", code: string];

/** What the house says. */
export type HouseFrame =
  | ["hello", Hello]
  | ["identified", string]
  | ["ready", { [stream: string]: Readiness }]
  | ["items", stream: string, epoch: string, first_seq: string, items: WireItem[]]
  | ["sent", stream: string, cid: string, { id: string; seq: string; at: string; dup: boolean }]
  | ["unsent", stream: string, cid: string, Refusal]
  | ["page", stream: string, Page]
  | ["eph", stream: string, slot: string, person_id: string | null, data: Json]
  | ["lag", stream: string, head: string]
  | ["gone", stream: string, code: string]
  | ["problem", Refusal & { frame: string; stream?: string }]
  | ["pong", Json]
  | ["move", wait_ms: number];

/** What a client says. */
export type ClientFrame =
  | ["identify", token: string]
  | ["resume", { [stream: string]: Cursor | null }]
  | ["leave", string[]]
  | ["send", stream: string, cid: string, data: Json]
  | ["pull", stream: string, PullAsked, limit: number]
  | ["ack", stream: string, seq: string]
  | ["read", stream: string, seq: string]
  | ["eph", stream: string, slot: string, data: Json]
  | ["active", boolean]
  | ["ping", Json];

/** Why a line was closed. A client comes back after all of them but those that say that it must not. */
export const CLOSE = {
  /** The house closes or moves; come back soon. */
  going_away: 1001,
  /** Unknown, expired or revoked: sign in again first. */
  unauthorized: 4001,
  /** Suspended, or this line may not be: do not come back by yourself. */
  forbidden: 4003,
  /** Did not read what was said. */
  slow: 4008,
  /** Not a frame of this protocol. */
  broken: 4002,
  /** Too many frames, or too many lines. */
  too_many: 4029,
  /** Something broke on our side. */
  internal: 4011,
} as const;
