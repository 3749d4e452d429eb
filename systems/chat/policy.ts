import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { SpaceRole } from "#kernel/viewer.ts";

import type { ChannelKind, ChannelRole } from "./contract.ts";

/** What the rules know of a channel and of who asks. Pure: facts in, an answer with its reason out; denied by default. */
export interface Standing {
  kind: ChannelKind;
  space_id: SpaceId | null;
  archived: boolean;
  /** Of who asks; null where they are not in it. */
  role: ChannelRole | null;
  /** Of who asks, in the channel's space; null outside. */
  space_role: SpaceRole | null;
  suspended: boolean;
  /** Who asks is a program: it has what it was put into, and nothing for being of the space. */
  bot?: boolean;
  /** Of a direct channel. */
  other: { id: PersonId; gone: boolean; suspended: boolean; blocked: boolean } | null;
  members: number;
}

export interface Answer {
  ok: boolean;
  /** `chat.…` where it is told, or `hidden` where not even that there is such a channel. */
  code: string;
  sentence: string;
}

const YES: Answer = Object.freeze({ ok: true, code: "", sentence: "" });
const no = (code: string, sentence: string): Answer => Object.freeze({ ok: false, code, sentence });
const HIDDEN = no("hidden", "There is no such channel, or it is not for you.");
const SUSPENDED = no("person.suspended", "Your account is suspended.");
const JOIN = no("chat.join_first", "Join this channel first.");
const ARCHIVED = no("chat.archived", "This channel is archived: it can be read, and nothing is written in it.");
const ANNOUNCED = no("chat.moderators_only", "Only the space's moderators may do this.");
const BLOCKED = no("chat.blocked", "You block this person, or they block you.");
const AWAY = no("chat.direct_closed", "This person cannot be written to.");
const NOT_YOURS = no("chat.not_yours", "Only who looks after this channel may do this.");

const RANK: Record<SpaceRole, number> = { owner: 3, admin: 2, moderator: 1, member: 0 };
const isSpaceModerator = ({ space_role }: Standing) => space_role !== null && RANK[space_role] >= RANK.moderator;
const isSpaceAdmin = ({ space_role }: Standing) => space_role !== null && RANK[space_role] >= RANK.admin;
const looksAfter = ({ role }: Standing) => role === "owner" || role === "moderator";

/** A suspended person reads nothing here: what others write is not theirs. */
export function mayRead(s: Standing): Answer {
  if (s.suspended || (s.bot === true && s.role === null)) return HIDDEN;
  switch (s.kind) {
    case "direct":
    case "group":
      return s.role === null ? HIDDEN : YES;
    case "private":
      return s.role === null || s.space_role === null ? HIDDEN : YES;
    case "public":
    case "announcement":
      return s.space_role === null ? HIDDEN : YES;
    default:
      return HIDDEN;
  }
}

/** Whatever changes something that others see: sending, reacting. */
export function maySend(s: Standing): Answer {
  const read = mayRead(s);
  if (s.suspended) return SUSPENDED;
  if (!read.ok) return read;
  if (s.archived) return ARCHIVED;
  if (s.role === null) return JOIN;
  if (s.kind === "announcement" && !isSpaceModerator(s)) return ANNOUNCED;
  return s.kind === "direct" ? mayReach(s) : YES;
}

/** In an announcement channel everybody may react to what they may read. */
export function mayReact(s: Standing): Answer {
  const send = maySend(s);
  return send.ok || (send === ANNOUNCED && s.role !== null) ? YES : send;
}

function mayReach({ other }: Standing): Answer {
  if (other === null) return YES;
  if (other.blocked) return BLOCKED;
  return other.gone || other.suspended ? AWAY : YES;
}

/** Name, topic, slow mode, how long messages are kept, archiving. */
export function mayManage(s: Standing): Answer {
  if (!mayRead(s).ok) return HIDDEN;
  if (s.kind === "direct") return NOT_YOURS;
  if (s.kind === "group") return s.role === "owner" ? YES : NOT_YOURS;
  return isSpaceAdmin(s) || s.role === "owner" || (s.kind !== "private" && isSpaceModerator(s)) ? YES : NOT_YOURS;
}

/** Deleting what others wrote, pinning in announcements, putting people out, `@channel`, and no slow mode. */
export function mayModerate(s: Standing): Answer {
  if (!mayRead(s).ok) return HIDDEN;
  if (s.kind === "direct") return NOT_YOURS;
  return looksAfter(s) || (s.kind !== "group" && isSpaceModerator(s)) ? YES : NOT_YOURS;
}

export function mayPin(s: Standing): Answer {
  const send = maySend(s);
  return send.ok ? YES : send;
}

/** In a group anybody may call everybody: it is small and they know each other. */
export function mayMentionAll(s: Standing): Answer {
  if (!maySend(s).ok) return NOT_YOURS;
  return s.kind === "group" || mayModerate(s).ok ? YES : NOT_YOURS;
}

export function mayAdd(s: Standing): Answer {
  if (!mayRead(s).ok) return HIDDEN;
  if (s.kind === "direct" || s.archived || s.role === null) return NOT_YOURS;
  return s.kind === "group" || mayModerate(s).ok ? YES : NOT_YOURS;
}

/** Who looks after a channel puts out those below; nobody puts out its owner. */
export function mayPutOut(s: Standing, theirs: ChannelRole): Answer {
  const moderate = mayModerate(s);
  if (!moderate.ok) return moderate;
  if (theirs === "owner") return isSpaceAdmin(s) && s.kind !== "group" ? YES : NOT_YOURS;
  return theirs === "moderator" && s.role !== "owner" && !isSpaceAdmin(s) ? NOT_YOURS : YES;
}

/** Roles are given by the channel's owner, and in a space by its admins. */
export function mayGive(s: Standing, given: ChannelRole): Answer {
  if (!mayRead(s).ok) return HIDDEN;
  if (s.kind === "direct" || s.role === null) return NOT_YOURS;
  if (s.role === "owner") return YES;
  return s.kind !== "group" && isSpaceAdmin(s) && given !== "owner" ? YES : NOT_YOURS;
}

/** Public and announcement channels by the space's moderators, private ones by any member. */
export function mayCreateIn(space_role: SpaceRole | null, kind: "public" | "private" | "announcement"): Answer {
  if (space_role === null) return HIDDEN;
  return kind === "private" || RANK[space_role] >= RANK.moderator ? YES : ANNOUNCED;
}
