import type { Person } from "./model.ts";
import { OracleFault, readAll } from "./reading.ts";
import type { World } from "./world.ts";

/**
 * Waits until a node's tails have told it all that others did. From then on it must know of it: of relations, memberships,
 * suspensions and posts, and every home read to its end; and it must know at once what it does itself.
 */
export async function settle(world: World, number: number): Promise<void> {
  await world.nodes[number]!.heard();
  world.behind[number] = false;
  const missing = await unheard(world, number);
  if (missing !== null)
    throw new OracleFault(
      `world ${world.seed}, operation ${world.operations}: node ${number} was told and does not know of ${missing}`,
    );
  await readAll(world, number, "homes");
}

const differ = (is: Iterable<string>, should: Iterable<Person>) => {
  const [a, b] = [new Set(is), new Set([...should].map((person) => person.id as string))];
  return a.size !== b.size || [...a].some((id) => !b.has(id));
};

async function unheard(world: World, number: number): Promise<string | null> {
  const { people, spaces, feed } = world.nodes[number]!;
  const { model } = world;
  const cards = await people.cards(model.people.map((person) => person.id));
  const recent = model.posts.slice(-80);
  for (const person of model.people) {
    if (cards.get(person.id)!.suspended !== person.suspended) return `the suspension of ${person.handle}`;
    if ((await people.authenticate(world.tokens.get(person)!))?.suspended !== person.suspended)
      return `the suspension of ${person.handle}, who is signed in`;
    if (cards.get(person.id)!.private !== person.private) return `how private ${person.handle} is`;
    const relations = await people.relations(person.id);
    if (differ(relations.follows, person.follows)) return `whom ${person.handle} follows`;
    if (differ(relations.mutes, person.mutes)) return `whom ${person.handle} mutes`;
    if (differ(relations.blocks, person.blocks)) return `whom ${person.handle} blocks`;
    const blockers = model.people.filter((other) => other.blocks.has(person));
    if (differ(relations.blocked_by, blockers)) return `who blocks ${person.handle}`;
    const memberships = await spaces.membershipsOf(person.id);
    for (const space of model.spaces)
      if (memberships.has(space.id) !== space.members.has(person)) return `${person.handle} in ${space.slug}`;
    const own = recent.filter((post) => post.author === person);
    const found = await feed.posts(
      { ...world.viewerOf(person), suspended: false },
      own.map((post) => post.id),
    );
    for (const post of own) {
      const shown = found.get(post.id);
      if ((shown === undefined) !== (post.deleted !== null)) return `post ${post.id}`;
      if (shown && (shown.audience !== post.audience || shown.hidden !== post.hidden))
        return `what became of ${post.id}`;
    }
  }
  return null;
}
