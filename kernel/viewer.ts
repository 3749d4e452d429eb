import type { PersonId } from "./ids.ts";

/** What a credential may do. A session holds all of them; a personal access token holds those that it was made with. */
export const SCOPES = ["read", "write", "people:admin", "account", "limits"] as const;
export type Scope = (typeof SCOPES)[number];

export type HouseRole = "admin" | "moderator" | "member";

/** Roles within a space, the highest first. */
export const SPACE_ROLES = ["owner", "admin", "moderator", "member"] as const;
export type SpaceRole = (typeof SPACE_ROLES)[number];

/** Who is asking. It comes from the credential alone; there is no ambient user anywhere. */
export type Viewer = Nobody | SignedIn;

export interface Nobody {
  kind: "nobody";
}

export interface SignedIn {
  kind: "person";
  person_id: PersonId;
  handle: string;
  role: HouseRole;
  /** A suspended person may read and export what is theirs, sign out, and nothing else. */
  suspended: boolean;
  /** `program`: a token in the hands of a program of others, which has no scopes but those that its own door gives it. */
  credential: { kind: "session" | "token"; id: string; program?: true };
  scopes: readonly Scope[];
  /** A program that its owner made a member of its own: it comes in only where a route says that bots may. */
  bot?: true;
}

export const NOBODY: Nobody = { kind: "nobody" };
