import type { Route } from "#kernel/contract.ts";

/**
 * What each route is, for the matrix. A class says how every kind of caller must be answered; a row says how to call it so
 * that nothing but who is asking can be the reason of a refusal.
 */
export type Class =
  /** Anyone, signed in or not. */
  | "open"
  /** Acts on what is the caller's own, whoever that is. */
  | "self"
  /** Acts on something of the owner: everybody else is refused. */
  | "owner"
  /** Reads or reacts within a private space: members only. */
  | "members"
  /** For the house's moderators and admins. */
  | "moderator"
  /** For the house's admins. */
  | "admin";

export const ROLES = [
  "nobody",
  "stranger",
  "ex_member",
  "suspended",
  "other_admin",
  "moderator",
  "owner",
  "root",
] as const;
export type Role = (typeof ROLES)[number];

/** How a caller of this role must be answered. `refused` is 403 or, where it must not be told that the thing exists, 404. */
export type Verdict = "served" | "no_session" | "refused" | "either";

export function verdict(kind: Class, role: Role, route: Route): Verdict {
  const needs_session = route.access.who !== "anyone";
  if (role === "nobody") return kind === "open" ? "served" : needs_session ? "no_session" : "refused";
  if (role === "suspended") {
    if (kind === "open") return "served";
    // A suspended person still gets at their own; of a space they see no more than any stranger.
    return kind === "self" && route.access.suspended_too === true ? "served" : "refused";
  }
  switch (kind) {
    case "open":
    case "self":
      return "served";
    case "owner":
    case "members":
      if (role === "owner") return "served";
      // What the house's own officers see of a private space is people's SPEC, not the matrix's business.
      return role === "moderator" || role === "root" ? "either" : "refused";
    case "moderator":
      return role === "moderator" || role === "root" ? "served" : "refused";
    case "admin":
      return role === "root" ? "served" : "refused";
  }
}

export interface Ask {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Things of the owner, made anew for each call that would use them up. */
export interface Fixture {
  /** The caller's own token, for rows that need something of the caller. */
  caller: string | null;
  root: string;
  owner: string;
  /** A private space of the owner, its post and a comment under it. */
  space: string;
  space_id: string;
  /** A space that is open to everybody; nobody has joined it. */
  opened: string;
  /** Of that space: a webhook, or a delivery of one. */
  hook: (kind: "incoming" | "outgoing" | "delivery") => Promise<string>;
  bot: () => Promise<string>;
  command: () => Promise<string>;
  botToken: (bot_id: string) => Promise<string>;
  post: () => Promise<string>;
  comment: () => Promise<string>;
  deletedPost: () => Promise<string>;
  draft: () => Promise<string>;
  scheduled: () => Promise<string>;
  /** An upload with no part yet, and one that is whole. */
  upload: (token: string) => Promise<string>;
  wholeUpload: (token: string, kind: "image" | "video" | "sound") => Promise<UploadedWhole>;
  /** A picture and a video that only the owner may see. */
  image: () => Promise<string>;
  video: () => Promise<string>;
  /** A sound of the owner; the same one for all who ask. */
  sound: () => Promise<string>;
  failedVideo: () => Promise<string>;
  /** A playlist that only the owner may see, with that video in it. */
  collection: () => Promise<string>;
  /** What somebody wrote whom nobody here knows, for everybody to read. */
  strangersPost: () => Promise<string>;
  /** A case of such a post, in nobody's hands. */
  moderationCase: () => Promise<string>;
  /** What an admin did to such a post, and its writer appealed. */
  appealedAct: () => Promise<string>;
  /** The handle of somebody whom nobody here knows. */
  neighbour: string;
  /** A new person with a session. */
  person: () => Promise<{ handle: string; token: string }>;
  spaceInvitation: () => Promise<{ id: string; secret: string }>;
  houseInvitation: () => Promise<{ id: string; secret: string }>;
  resetLink: () => Promise<string>;
  freshSpace: (token: string) => Promise<string>;
  /** A public channel of the owner's private space; a group of the owner and somebody; a message of the owner in such a one. */
  channel: () => Promise<string>;
  group: (handle: string) => Promise<string>;
  message: (channel_id: string) => Promise<string>;
  scheduledMessage: () => Promise<string>;
  /** Joins the owner's space, so that there is somebody to act on. */
  member: () => Promise<string>;
  sessionOf: (token: string) => Promise<string>;
  tokenOf: (token: string) => Promise<string>;
}

export interface UploadedWhole {
  id: string;
  parts: { part_number: number; etag: string }[];
  /** True when it was completed already. */
  completed: boolean;
}
