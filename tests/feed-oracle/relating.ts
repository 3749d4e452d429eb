import { anyOf } from "./dice.ts";
import type { Person } from "./model.ts";
import { type Act, expectDone } from "./stage.ts";

async function statusOf(work: Promise<unknown>): Promise<number> {
  try {
    await work;
    return 200;
  } catch (error) {
    const { status } = error as { status?: number };
    if (status === undefined) throw error;
    return status;
  }
}

export const follow: Act = async ({ world, node, who, other }) => {
  const status = await statusOf(node.people.rooms.relating.follow(world.viewerOf(who), other.handle));
  const allowed = !who.suspended && !other.suspended && !who.blocks.has(other) && !other.blocks.has(who);
  expectDone(world, `${who.handle} following ${other.handle}`, status, allowed);
  if (!allowed) return;
  if (other.private && !who.follows.has(other)) other.asked_by.add(who);
  else who.follows.add(other);
};

/** From private to public all who wait are let in; the other way nothing else changes. */
export const setPrivate: Act = async ({ world, node, who }) => {
  if (who.suspended) return;
  await node.people.rooms.profiles.editMe(world.viewerOf(who), { private: !who.private });
  who.private = !who.private;
  if (who.private) return;
  for (const asker of who.asked_by) asker.follows.add(who);
  who.asked_by.clear();
};

export const answer: Act = async ({ world, node }) => {
  const waiting = world.model.people.filter((person) => person.asked_by.size > 0 && !person.suspended);
  if (waiting.length === 0) return;
  const who = anyOf(world.dice, waiting);
  const asker = anyOf(world.dice, [...who.asked_by]);
  const { followers } = node.people.rooms;
  const accepts = world.dice(3) > 0;
  if (accepts) await followers.acceptFollower(world.viewerOf(who), asker.handle);
  else await followers.removeFollower(world.viewerOf(who), asker.handle);
  who.asked_by.delete(asker);
  if (accepts) asker.follows.add(who);
};

export const endFollow: Act = async ({ world, node, who, other }) => {
  if (who.suspended) return;
  await node.people.rooms.followers.removeFollower(world.viewerOf(who), other.handle);
  other.follows.delete(who);
  who.asked_by.delete(other);
};

const relate =
  (what: "unfollow" | "mute" | "unmute" | "block" | "unblock", change: (who: Person, other: Person) => void): Act =>
  async ({ world, node, who, other }) => {
    if (who.suspended) return;
    await node.people.rooms.relating[what](world.viewerOf(who), other.handle);
    change(who, other);
  };

export const unfollow = relate("unfollow", (who, other) => {
  who.follows.delete(other);
  other.asked_by.delete(who);
});
export const block = relate("block", (who, other) => {
  who.blocks.add(other);
  who.follows.delete(other);
  other.follows.delete(who);
  who.asked_by.delete(other);
  other.asked_by.delete(who);
});
export const unblock = relate("unblock", (who, other) => who.blocks.delete(other));
export const mute = relate("mute", (who, other) => who.mutes.add(other));
export const unmute = relate("unmute", (who, other) => who.mutes.delete(other));
