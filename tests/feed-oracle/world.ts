import type { PersonId } from "#kernel/ids.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";
import { type Clock, createSystemClock } from "#ports/clock/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";
import { JOBS_FOLDER, LOG_FOLDER, SQL_FOLDER, type TestDatabase, testDatabase } from "#ports/sql/testing.ts";
import { FEED_FOLDER, type FeedNeeds } from "#systems/feed/index.ts";
import { PEOPLE_FOLDER } from "#systems/people/index.ts";
import { TEST_PASSWORD } from "#systems/people/testing.ts";
import { SPACES_FOLDER } from "#systems/spaces/index.ts";

import { createDice, type Dice } from "./dice.ts";
import type { Asked, Model, Person, Who } from "./model.ts";
import { type Node, openNode, TINY } from "./node.ts";

const HTTP_FOLDER: MigrationFolder = {
  system: "http",
  folder: new URL("../../ports/http/sql", import.meta.url).pathname,
};
const START_MS = 1_800_000_000_000;
const PEOPLE = 8;

/** A small house that is lived in at random, beside a model of what must be true of it. */
export interface World extends AsyncDisposable {
  seed: number;
  dice: Dice;
  model: Model;
  db: TestDatabase;
  nodes: Node[];
  /** The node that acts; the others hear of it. */
  at: number;
  /** Whether a node may not have heard yet of what another did. */
  behind: boolean[];
  tokens: Map<Person, string>;
  places: Map<string, Place>;
  admin: Person;
  viewerOf(person: Person): SignedIn;
  clock: { now(): number; step(ms: number): void };
  restart(node: number): Promise<void>;
  operations: number;
  checks: number;
}

/** Where somebody stopped reading a list. */
export interface Place {
  who: Who;
  asked: Asked;
  cursor: string;
  before: bigint;
}

export async function openWorld(seed: number, rooms?: "tiny" | "wide"): Promise<World> {
  const dice = createDice(seed);
  let wall_ms = START_MS;
  const clock: Clock = { ...createSystemClock(), now: () => wall_ms };
  await using opened = new AsyncDisposableStack();
  const db = opened.use(
    await testDatabase([SQL_FOLDER, LOG_FOLDER, JOBS_FOLDER, HTTP_FOLDER, PEOPLE_FOLDER, SPACES_FOLDER, FEED_FOLDER], {
      clock,
    }),
  );
  /** Every second world has room for everything, so that what memory says is read too. */
  const needs: Partial<FeedNeeds> = (dice(2) === 0 && rooms !== "wide") || rooms === "tiny" ? { bounds: TINY! } : {};
  /** A number that no other node had within reach of the clock's steps, as the lease gives them. */
  let numbers = 0;
  const open = () => openNode(db.target, clock, (numbers += 1) % 1_024, needs);
  const nodes = [await open(), await open()];
  const { people, spaces } = nodes[0]!;
  const model: Model = { people: [], spaces: [], posts: [], reposts: new Map() };
  const tokens = new Map<Person, string>();
  const sessions = new Map<Person, string>();
  for (let i = 0; i < PEOPLE; i++) {
    const handle = `p${i}`;
    const role = i === 0 ? "admin" : i === 1 ? "moderator" : "member";
    const { id } = await people.createPerson({ handle, password: TEST_PASSWORD, role });
    const person: Person = {
      id,
      handle,
      role,
      follows: new Set(),
      blocks: new Set(),
      mutes: new Set(),
      suspended: false,
      private: false,
      asked_by: new Set(),
    };
    model.people.push(person);
    const started = await db.sql.tx((tx) =>
      people.rooms.sessions.start(tx, id, { address: "192.0.2.1", user_agent: "oracle" }),
    );
    tokens.set(person, started.secret);
    sessions.set(person, started.id);
  }
  const viewerOf = (person: Person): SignedIn => ({
    kind: "person",
    person_id: person.id as PersonId,
    handle: person.handle,
    role: person.role,
    suspended: person.suspended,
    credential: { kind: "session", id: sessions.get(person)! },
    scopes: SCOPES,
  });
  for (const [slug, visibility] of [
    ["yard", "public"],
    ["attic", "private"],
  ] as const) {
    const owner = model.people[2]!;
    const made = await spaces.rooms.spaces.create(viewerOf(owner), {
      slug,
      name: slug,
      description: "",
      visibility,
      join_policy: "open",
      who_may_post: "members",
    });
    model.spaces.push({
      id: made.id,
      slug,
      is_private: visibility === "private",
      members: new Map([[owner, "owner"]]),
    });
  }
  opened.defer(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
  });
  const kept = opened.move();
  const world: World = {
    seed,
    dice,
    model,
    db,
    nodes,
    at: 0,
    behind: [false, true],
    tokens,
    places: new Map(),
    admin: model.people[0]!,
    viewerOf,
    clock: {
      now: () => wall_ms,
      step(ms) {
        wall_ms += ms;
      },
    },
    async restart(number) {
      const before = nodes[number]!;
      if (before.broken.length > 0) throw new Error(`broken: ${String(before.broken[0])}`, { cause: before.broken[0] });
      await before[Symbol.asyncDispose]();
      nodes[number] = await open();
      world.behind[number] = false;
    },
    operations: 0,
    checks: 0,
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
  return world;
}
