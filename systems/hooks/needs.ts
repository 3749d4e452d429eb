import type { Id, Ids, PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Outside } from "#ports/outside/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { Chat } from "#systems/chat/index.ts";
import type { Post } from "#systems/feed/index.ts";
import type { People } from "#systems/people/index.ts";
import type { Realtime } from "#systems/realtime/index.ts";
import type { Spaces } from "#systems/spaces/index.ts";

export type HookId = Id<"hook">;
export type DeliveryId = Id<"delivery">;
export type CommandId = Id<"command">;

/** What this system stands on. */
export interface HooksNeeds {
  sql: Sql;
  log: Log;
  jobs: Jobs;
  clock: Clock;
  ids: Ids;
  limiter: Limiter;
  people: Pick<People, "bots" | "cards" | "byHandle">;
  spaces: Pick<Spaces, "cards" | "membershipsOf" | "find" | "rooms">;
  chat: Pick<Chat, "send" | "watch" | "reading" | "channels" | "members" | "presences" | "writing">;
  line: Pick<Realtime, "ephemeral">;
  /** What this viewer may see of these posts. */
  posts(viewer: SignedIn, ids: readonly PostId[]): Promise<ReadonlyMap<PostId, Post>>;
  outside: Outside;
  /** The house's own; signing secrets are made of it. */
  secret: string;
  /** Where people reach the house; null where nobody said. */
  public_url: string | null;
  /** Plain http too: for tests, whose receivers have no certificates. */
  test_plain_http?: true;
}

export type Ground = HooksNeeds;

/** The space to which something belongs; null for the whole house. */
export type Home = SpaceId | null;

export const nowOf = ({ clock }: Pick<Ground, "clock">): Date => new Date(clock.now());

/** Somebody who is away, as a member who reads: whatever an office would show goes to no program. */
export const readerOf = (card: { id: PersonId; handle: string; suspended: boolean }): SignedIn => ({
  kind: "person",
  person_id: card.id,
  handle: card.handle,
  role: "member",
  suspended: card.suspended,
  credential: { kind: "token", id: "0" },
  scopes: ["read"],
});
