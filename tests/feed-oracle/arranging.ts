import type { Id } from "#kernel/ids.ts";
import { feedRoutes as r } from "#systems/feed/contract.ts";

import { anyOf } from "./dice.ts";
import { mayOpenProfile, type PeopleList, type Person } from "./model.ts";
import { TAGS } from "./reading.ts";
import { type Act, by, expectDone, type Stage, UNDO_MS } from "./stage.ts";
import type { World } from "./world.ts";

/** What readers arrange for themselves: lists of people, words that they mute, and how they read. */

const LISTS_EACH_MAX = 3;

/** One of theirs; now and then somebody else's, or one that has gone. */
function someList({ dice, model }: World, who: Person): PeopleList | null {
  const own = model.lists.filter((list) => list.owner === who && list.deleted_ms === null);
  if (own.length > 0 && dice(6) > 0) return anyOf(dice, own);
  return model.lists.length > 0 ? anyOf(dice, model.lists) : null;
}

const idOf = (list: PeopleList) => ({ id: list.id as Id<"list"> });
const isTheirs = (who: Person, list: PeopleList) => !who.suspended && list.owner === who && list.deleted_ms === null;

/** Whose time to be brought back is over goes for good whenever their owner begins or deletes a list. */
function purgeLists({ model, clock }: World, who: Person): void {
  model.lists = model.lists.filter(
    (list) => list.owner !== who || list.deleted_ms === null || list.deleted_ms > clock.now() - UNDO_MS,
  );
}

export const makeList: Act = async ({ world, node, who }) => {
  const { model, dice } = world;
  if (model.lists.filter((list) => list.owner === who && list.deleted_ms === null).length >= LISTS_EACH_MAX) return;
  const name = `list ${world.operations}`;
  const out_of_home = dice(3) === 0;
  const { status, body } = await node.client.call(r.createList, { ...by(world, who), body: { name, out_of_home } });
  expectDone(world, `a list of ${who.handle}`, status, !who.suspended);
  if (who.suspended) return;
  purgeLists(world, who);
  model.lists.push({ id: body.id, name, owner: who, people: new Set(), out_of_home, deleted_ms: null });
};

export const changeList: Act = async ({ world, node, who }) => {
  const list = someList(world, who);
  if (!list) return;
  const body = { out_of_home: !list.out_of_home };
  const { status } = await node.client.call(r.patchList, { ...by(world, who), params: idOf(list), body });
  expectDone(world, `a change of the list ${list.id}`, status, isTheirs(who, list));
  if (isTheirs(who, list)) list.out_of_home = body.out_of_home;
};

export const deleteList: Act = async ({ world, node, who }) => {
  const list = someList(world, who);
  if (!list) return;
  const { status } = await node.client.call(r.deleteList, { ...by(world, who), params: idOf(list) });
  const allowed = isTheirs(who, list);
  expectDone(world, `deleting the list ${list.id}`, status, allowed);
  if (!allowed) return;
  purgeLists(world, who);
  list.deleted_ms = world.clock.now();
};

export const restoreList: Act = async ({ world, node }) => {
  const gone = world.model.lists.filter((list) => list.deleted_ms !== null);
  if (gone.length === 0) return;
  const list = anyOf(world.dice, gone);
  const who = list.owner;
  const { status } = await node.client.call(r.restoreList, { ...by(world, who), params: idOf(list) });
  const allowed = !who.suspended && list.deleted_ms! > world.clock.now() - UNDO_MS;
  expectDone(world, `bringing the list ${list.id} back`, status, allowed);
  if (allowed) list.deleted_ms = null;
};

export const putInList: Act = async ({ world, node, who, other }) => {
  const list = someList(world, who);
  if (!list) return;
  const whom = world.dice(8) === 0 ? who : other;
  const params = { ...idOf(list), handle: whom.handle };
  const { status } = await node.client.call(r.addToList, { ...by(world, who), params });
  const allowed = isTheirs(who, list) && mayOpenProfile(who, whom);
  expectDone(world, `${whom.handle} into the list ${list.id} of ${list.owner.handle}`, status, allowed);
  if (allowed) list.people.add(whom);
};

export const takeFromList: Act = async ({ world, node, who, other }) => {
  const list = someList(world, who);
  if (!list) return;
  const whom = list.people.size > 0 ? anyOf(world.dice, [...list.people]) : other;
  const params = { ...idOf(list), handle: whom.handle };
  const { status } = await node.client.call(r.removeFromList, { ...by(world, who), params });
  const allowed = isTheirs(who, list);
  expectDone(world, `${whom.handle} out of the list ${list.id}`, status, allowed);
  if (allowed) list.people.delete(whom);
};

const WORDS = ["apple", "pear", "plum", "beware", ...TAGS, ...TAGS.map((tag) => `#${tag}`)];
const MINUTE_D = 1 / 1_440;
const MINUTE_MS = 60_000;

export const muteWord: Act = async ({ world, node, who }: Stage) => {
  const { dice } = world;
  const word = anyOf(dice, WORDS);
  const matches = anyOf(dice, ["word", "part"] as const);
  const kind = anyOf(dice, ["hide", "warn"] as const);
  const place = anyOf(dice, ["home", "everywhere"] as const);
  const ends = dice(3) === 0;
  const phrase = dice(2) === 0 ? word.toUpperCase() : word;
  const body = { phrase, matches, kind, place, ...(ends ? { expires_in_d: MINUTE_D } : {}) };
  const answer = await node.client.call(r.muteWord, { ...by(world, who), body });
  expectDone(world, `${who.handle} muting ${word}`, answer.status, !who.suspended);
  if (who.suspended) return;
  const now_ms = world.clock.now();
  for (const [known, { expires_ms }] of who.muted_words)
    if (expires_ms !== null && expires_ms <= now_ms) who.muted_words.delete(known);
  const muted = { id: answer.body.id, word, matches, kind, place };
  who.muted_words.set(word, { ...muted, expires_ms: ends ? now_ms + MINUTE_MS : null });
};

export const unmuteWord: Act = async ({ world, node, who }) => {
  if (who.muted_words.size === 0) return;
  const muted = anyOf(world.dice, [...who.muted_words.values()]);
  const params = { id: muted.id as Id<"muted_word"> };
  const { status } = await node.client.call(r.unmuteWord, { ...by(world, who), params });
  expectDone(world, `${who.handle} hearing ${muted.word} again`, status, !who.suspended);
  if (!who.suspended) who.muted_words.delete(muted.word);
};

export const prefer: Act = async ({ world, node, who }) => {
  const { dice } = world;
  const body =
    dice(2) === 0
      ? { sensitive_media: anyOf(dice, ["show", "warn", "hide"] as const) }
      : { home_reposts: anyOf(dice, ["show", "hide"] as const) };
  const { status } = await node.client.call(r.patchReadingPreferences, { ...by(world, who), body });
  expectDone(world, `how ${who.handle} reads`, status, !who.suspended);
  if (!who.suspended) Object.assign(who, body);
};
