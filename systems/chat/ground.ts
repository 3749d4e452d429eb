import type { PersonCard } from "#kernel/cards.ts";
import { notFound, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Bumps } from "./bumps.ts";
import { type ChannelRow, findChannel, findMember, type MemberRow } from "./channels/store.ts";
import type { ChannelId, ChatNeeds } from "./needs.ts";
import { type Answer, mayRead, type Standing } from "./policy.ts";
import type { Deliveries } from "./reading/delivered.ts";

/** What chat's capabilities stand on. */
export interface Ground extends ChatNeeds {
  bumps: Bumps;
  deliveries: Deliveries;
}

/** A channel and how somebody stands in it, as it is now. */
export interface Stand {
  channel: ChannelRow;
  member: MemberRow | null;
  standing: Standing;
}

export const streamOf = (id: ChannelId): string => `chat:${id}`;

/** The other one of a direct channel; oneself for notes to oneself. */
export const otherOf = ({ low_id, high_id }: ChannelRow, me: PersonId): PersonId =>
  low_id === me ? high_id! : low_id!;

/** What the rules must know. Members and blocks are asked now, not when somebody came in. */
export async function standIn(
  { people, spaces }: Pick<Ground, "people" | "spaces">,
  viewer: SignedIn,
  channel: ChannelRow,
  member: MemberRow | null,
): Promise<Stand> {
  const me = viewer.person_id;
  const space_role =
    channel.space_id === null ? null : ((await spaces.membershipsOf(me)).get(channel.space_id) ?? null);
  let other: Standing["other"] = null;
  if (channel.kind === "direct") {
    const id = otherOf(channel, me);
    if (id !== me) {
      const [relations, cards] = await Promise.all([people.relations(me), people.cards([id])]);
      const card = cards.get(id);
      other = {
        id,
        gone: card === undefined,
        suspended: card?.suspended ?? false,
        blocked: relations.blocks.has(id) || relations.blocked_by.has(id),
      };
    }
  }
  const standing: Standing = {
    kind: channel.kind,
    space_id: channel.space_id,
    archived: channel.archived_at !== null,
    role: member?.role ?? null,
    space_role,
    suspended: viewer.suspended,
    bot: viewer.bot === true,
    other,
    members: channel.members,
  };
  return { channel, member, standing };
}

/** @throws Problem 404 `channel.not_found` where it is not for them */
export async function readable(ground: Ground, viewer: SignedIn, id: ChannelId, q?: Query): Promise<Stand> {
  const db = q ?? ground.sql.pool;
  const [channel, member] = [await findChannel(db, id), await findMember(db, id, viewer.person_id)];
  if (!channel) throw notFound("channel");
  const stand = await standIn(ground, viewer, channel, member);
  must(mayRead(stand.standing));
  return stand;
}

/** @throws Problem where the answer is no */
export function must(answer: Answer): void {
  if (answer.ok) return;
  if (answer.code === "hidden") throw notFound("channel");
  throw new Problem(403, answer.code, answer.sentence);
}

/** @throws Problem 404 `person.not_found`; who is suspended is not found either */
export async function personOf(ground: Pick<Ground, "people">, handle: string): Promise<PersonCard> {
  const card = await ground.people.byHandle(handle.toLowerCase().replace(/^@/, ""));
  if (!card || card.suspended) throw notFound("person");
  return card;
}

export const nowOf = ({ clock }: Pick<Ground, "clock">): Date => new Date(clock.now());
