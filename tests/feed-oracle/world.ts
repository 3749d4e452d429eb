import { REDIS_SERVER, type TestRedis, testRedis } from "#engines/redis/testing.ts";
import type { PersonId } from "#kernel/ids.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";
import { type Clock, createSystemClock } from "#ports/clock/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";
import { JOBS_FOLDER, LOG_FOLDER, SQL_FOLDER, type TestDatabase, testDatabase } from "#ports/sql/testing.ts";
import { FEED_FOLDER } from "#systems/feed/index.ts";
import { PEOPLE_FOLDER } from "#systems/people/index.ts";
import { TEST_PASSWORD } from "#systems/people/testing.ts";
import { SPACES_FOLDER } from "#systems/spaces/index.ts";

import { createDice, type Dice } from "./dice.ts";
import type { Asked, Model, Person, Who } from "./model.ts";
import { type Node, type NodeKind, openNode, TINY } from "./node.ts";

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
  /** Where homes lie that both nodes share; null in a world where each node has its own. */
  redis: { server: TestRedis; state: "well" | "dead" | "frozen" } | null;
  /** The act that is under way, how often each was tried, and how often it was refused, as it should be. */
  act: string;
  did: Map<string, { times: number; refused: number }>;
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

/** How much room memory has, and whether homes lie in Redis; drawn by the seed where it is left out. */
export interface WorldKind {
  room: "tiny" | "wide";
  shared: boolean;
}

/** Every second world has memory for nothing; of all, every third shares its homes. */
export function kindOf(seed: number): WorldKind {
  const dice = createDice(seed ^ 0x5bd1e995);
  return { room: dice(2) === 0 ? "tiny" : "wide", shared: dice(3) === 0 && REDIS_SERVER !== null };
}

export async function openWorld(seed: number, { room, shared } = kindOf(seed)): Promise<World> {
  const dice = createDice(seed);
  let wall_ms = START_MS;
  const clock: Clock = { ...createSystemClock(), now: () => wall_ms };
  await using opened = new AsyncDisposableStack();
  const db = opened.use(
    await testDatabase([SQL_FOLDER, LOG_FOLDER, JOBS_FOLDER, HTTP_FOLDER, PEOPLE_FOLDER, SPACES_FOLDER, FEED_FOLDER], {
      clock,
    }),
  );
  const redis: World["redis"] = shared ? { server: opened.use(await testRedis()), state: "well" } : null;
  const kind: NodeKind = { bounds: room === "tiny" ? TINY : {}, redis_url: redis?.server.url ?? null };
  /** A number that no other node had within reach of the clock's steps, as the lease gives them. */
  let numbers = 0;
  const open = () => openNode(db.target, clock, (numbers += 1) % 1_024, kind);
  const nodes = [await open(), await open()];
  const { people, spaces } = nodes[0]!;
  const model: Model = { people: [], spaces: [], posts: [], reposts: new Map(), lists: [], now: () => wall_ms };
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
      limited: false,
      muted_words: new Map(),
      sensitive_media: "warn",
      home_reposts: "show",
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
    redis,
    act: "",
    did: new Map(),
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
