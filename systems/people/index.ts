import { join } from "node:path";

import type { PersonCard } from "#kernel/cards.ts";
import type { Ids, PersonId } from "#kernel/ids.ts";
import type { HouseRole, Viewer } from "#kernel/viewer.ts";
import type { Caches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Authenticate } from "#ports/http/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { MigrationFolder, Sql } from "#ports/sql/index.ts";

import { type Account, createAccount } from "./account.ts";
import { createAuthenticate, createTokenEnd } from "./authenticate.ts";
import { type Bots, createBots } from "./bots.ts";
import { createCards } from "./cards.ts";
import { recount, startCounting } from "./counts.ts";
import { createDiscipline, type Discipline } from "./discipline.ts";
import { PEOPLE_TOPIC } from "./events.ts";
import { createFollowers, type Followers } from "./followers.ts";
import type { Ground, Pictures } from "./ground.ts";
import { createHouse, type HouseDefaults, type HouseNotes, type Houses } from "./house.ts";
import { createInvitations, type Invitations } from "./invitations.ts";
import type { Relations } from "./may.ts";
import { createMemory } from "./memory.ts";
import { createOffices, type Offices } from "./offices.ts";
import { createPasskeys, type Passkeys } from "./passkeys.ts";
import { createPasswords, type PasswordCost } from "./passwords.ts";
import { createProfiles, type Profiles } from "./profiles.ts";
import { createRelating, type Relating } from "./relations.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createSignUp, type SignUp, type SignUpGate } from "./sign-up.ts";
import { trimExpired } from "./store/credentials.ts";
import {
  followedByMany,
  followerCounts,
  followersAmong,
  type GraphNumbers,
  graphNumbers,
  requestsAround,
} from "./store/relations.ts";
import { createThrottle, PEOPLE_LIMITS, type PeopleLimits } from "./throttle.ts";
import { createTokenKeys, type TokenKeys } from "./token-keys.ts";
import { createTokens, type Tokens } from "./tokens.ts";

export const PEOPLE_FOLDER: MigrationFolder = { system: "people", folder: join(import.meta.dirname, "sql") };

export interface PeopleNeeds {
  sql: Sql;
  log: Log;
  clock: Clock;
  ids: Ids;
  caches: Caches;
  limiter: Limiter;
  pictures: Pictures;
  /** The house's name and sign-up mode until an admin sets others. */
  house: HouseDefaults;
  /** The house's own, the same in every process; keys that are made of tokens come from it. */
  secret: string;
  notes?: HouseNotes;
  /** Who may come in by the open door at this moment; everybody where nothing is said. */
  gate?: SignUpGate;
  limits?: PeopleLimits;
  password_cost?: PasswordCost;
}

/** What other systems ask of people, in this process. */
export interface People extends AsyncDisposable {
  /** Who holds this credential. Cheap enough for every request: memory, then two reads by key. */
  authenticate: Authenticate;
  /** When a token ends by itself; null for one that does not, for a session, and for nobody's. */
  tokenEnd(secret: string): Promise<Date | null>;
  /** One query for all that are not in memory; at most 1,000 ids. Whoever is deleted is not in the map. */
  cards(ids: Iterable<PersonId>): Promise<Map<PersonId, PersonCard>>;
  /** Goes up whenever any card here is forgotten: while it stays the same, cards that were read since are as they were. */
  cardsVersion(): number;
  byHandle(handle: string): Promise<PersonCard | null>;
  /** For mentions: keys are handles in lower case; handles of nobody are not in the map. */
  byHandles(handles: Iterable<string>): Promise<Map<string, PersonCard>>;
  /** Exact on the very next read in this process after a change here, and on other nodes once its event has arrived. */
  relations(id: PersonId): Promise<Relations>;
  /** The same for whoever asks; nobody has none. */
  relationsOf(viewer: Viewer): Promise<Relations>;
  /** Who holds a signing key that was made of a token. */
  keyHolder: TokenKeys["find"];
  followees(id: PersonId): Promise<ReadonlySet<PersonId>>;
  /** Those of `ids` who have more than so many followers. Counts lag by moments. */
  followedByMany(ids: readonly PersonId[], followers_max: number): Promise<PersonId[]>;
  followerCounts(ids: readonly PersonId[]): Promise<Map<PersonId, number>>;
  /** Reads every row of counts once: for somebody who asks how the house is doing, not for a page. */
  graphNumbers(followers_max: number, active_since: Date): Promise<GraphNumbers>;
  /** Which of these follow this person. */
  followersAmong(id: PersonId, ids: readonly PersonId[]): Promise<Set<PersonId>>;
  /** Whom of these this person asked to follow, and who of them asks to follow this person. */
  requestsAround(id: PersonId, ids: readonly PersonId[]): Promise<{ asked: Set<PersonId>; asking: Set<PersonId> }>;
  /** What profiles say beside the card, of many at once; says nothing of who may see whom. At most 1,000 ids. */
  profileFacts: Profiles["facts"];
  /** For doors that hand out tokens in another protocol. */
  tokens: Tokens;
  ensureSetupLink: Houses["ensureSetupLink"];
  createPerson: SignUp["createPerson"];
  setPassword: Account["setPassword"];
  /** For the command line. @throws Problem 409 `people.last_admin` */
  setRole(handle: string, role: HouseRole): Promise<void>;
  /** Keeps the counts and ends what deleted people left. Start it on nodes that work in the background. */
  work(): Disposable;
  /** @returns how many people's counts had drifted. Needs `work` running somewhere. */
  recount(): Promise<number>;
  /** Removes what is expired; once an hour is plenty. @returns rows removed */
  trim(): Promise<number>;
  /** For the system that lets programs in. */
  bots: Bots;
  /** For the system that moderates. */
  discipline: Discipline;
  /** For this system's own routes. */
  rooms: Rooms;
}

export interface Rooms {
  signUp: SignUp;
  sessions: Sessions;
  tokens: Tokens;
  tokenKeys: TokenKeys;
  account: Account;
  passkeys: Passkeys;
  profiles: Profiles;
  relating: Relating;
  followers: Followers;
  invitations: Invitations;
  offices: Offices;
  house: Houses;
}

const OPEN_GATE: SignUpGate = { signUp: async () => async () => {}, came: async () => {} };

/** Follows its own events from here on, so that what another node changes is forgotten here too. */
export async function createPeople(needs: PeopleNeeds): Promise<People> {
  const { sql, log, clock } = needs;
  const memory = createMemory(needs.caches);
  const ground: Ground = {
    sql,
    log,
    clock,
    ids: needs.ids,
    memory,
    passwords: createPasswords(needs.password_cost),
    throttle: createThrottle(needs.limiter, needs.limits ?? PEOPLE_LIMITS),
    pictures: needs.pictures,
  };
  const cards = createCards(ground);
  const relating = createRelating(ground);
  const profiles = createProfiles(ground, cards, relating);
  const sessions = createSessions(ground);
  const house = createHouse(ground, needs.house, needs.notes ?? (() => []));
  const signUp = createSignUp(ground, sessions, async () => (await house.settings()).sign_up, needs.gate ?? OPEN_GATE);
  const account = createAccount(ground, sessions, profiles.byHandle);
  const offices = createOffices(ground, profiles.byHandle);
  const rooms: Rooms = {
    signUp,
    sessions,
    tokens: createTokens(ground),
    tokenKeys: createTokenKeys(ground, needs.secret),
    account,
    passkeys: createPasskeys(ground, sessions, account, async () => (await house.settings()).name),
    profiles,
    relating,
    followers: createFollowers(ground),
    invitations: createInvitations(ground, cards),
    offices,
    house,
  };
  const tail = await log.tail(PEOPLE_TOPIC, memory.onEvents);
  return {
    authenticate: createAuthenticate(ground),
    tokenEnd: createTokenEnd(ground),
    cards: cards.cards,
    byHandle: cards.byHandle,
    byHandles: cards.byHandles,
    cardsVersion: memory.cardsForgotten,
    relations: relating.relations,
    relationsOf: relating.relationsOf,
    keyHolder: rooms.tokenKeys.find,
    followerCounts: (ids) => followerCounts(sql.pool, ids),
    graphNumbers: (followers_max, active_since) => graphNumbers(sql.pool, followers_max, active_since),
    followedByMany: (ids, followers_max) => followedByMany(sql.pool, ids, followers_max),
    followersAmong: (id, ids) => followersAmong(sql.pool, id, ids),
    requestsAround: (id, ids) => requestsAround(sql.pool, id, ids),
    profileFacts: profiles.facts,
    tokens: rooms.tokens,
    followees: async (id) => (await relating.relations(id)).follows,
    ensureSetupLink: house.ensureSetupLink,
    createPerson: signUp.createPerson,
    setPassword: account.setPassword,
    setRole: (handle, role) => offices.setRole(handle.toLowerCase(), role, null),
    work: () => startCounting(ground),
    recount: () => recount(ground),
    bots: createBots(ground),
    discipline: createDiscipline(ground),
    trim: () => trimExpired(sql.pool, new Date(clock.now())),
    rooms,
    [Symbol.asyncDispose]: () => tail[Symbol.asyncDispose](),
  };
}

export { type Me, type Person, peopleRoutes, SIGNUP_MODES, type SignupMode } from "./contract.ts";
export { PEOPLE_TOPIC, type PeopleEvent, type PeopleEventName, type PeopleEvents } from "./events.ts";
export type { Bots, BotScope, BotToken } from "./bots.ts";
export type { Discipline, Profile, Standing } from "./discipline.ts";
export type { SignUpGate } from "./sign-up.ts";
export type { Pictures } from "./ground.ts";
export {
  ACTIONS,
  may,
  NO_RELATIONS,
  NO_SPACES,
  type Action,
  type Because,
  type Decision,
  type Relations,
  type Resource,
  type ViewerFacts,
} from "./may.ts";
export type { ProfileFacts } from "./profiles.ts";
export type { PasswordCost } from "./passwords.ts";
export { servePeople } from "./routes.ts";
export { needSession, needStandingSession } from "./sessions.ts";
export type { GraphNumbers } from "./store/relations.ts";
export { hashSecret, isSecret, makeSecret } from "./secrets.ts";
export { PEOPLE_LIMITS, type PeopleLimits } from "./throttle.ts";
export type { PersonCard } from "#kernel/cards.ts";
