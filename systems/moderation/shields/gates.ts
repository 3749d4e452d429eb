import { Problem } from "#kernel/errors.ts";
import { idTimeMs, type PersonId } from "#kernel/ids.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import { addressKey } from "#ports/http/index.ts";
import type { LimitClaim, Limiter } from "#ports/limiter/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";
import type { People } from "#systems/people/index.ts";

import type { ShieldKind } from "./contract.ts";
import { perHour } from "./rules.ts";
import type { Shields } from "./shields.ts";
import {
  CALM_MS,
  NEWCOMER_MS,
  normalOf,
  POSTS_PER_NEWCOMER_H,
  roomOf,
  signUpsPerNetworkH,
  UPLOADS_PER_NEWCOMER_H,
} from "./steps.ts";
import * as store from "./store.ts";

/** Where shields hold. Each is asked by the system whose act it is, and touches nobody but strangers and newcomers. */
export interface Gates {
  /**
   * Before somebody comes in by the open door; who has an invitation is never asked. @throws Problem 403, 429
   * @returns how to take it back, where they did not come in after all
   */
  signUp(address: string): Promise<TakeBack>;
  /** They come in, in the transaction that makes their account: asked again, and counted. @throws Problem 403, 429 */
  came(tx: Query, address: string): Promise<void>;
  /** Before a post or a comment. @throws Problem 429 `shield.posting` */
  write(viewer: SignedIn): Promise<void>;
  /** Before an upload begins, at whatever door. @throws Problem 429 `shield.uploading`. @returns null for whom it does not concern */
  upload(person_id: PersonId): Promise<TakeBack | null>;
  /** Bytes of this person's room; null for as much as anybody has. */
  room(person_id: PersonId): Promise<number | null>;
}

/** What was asked for did not come about, so it does not count. */
export type TakeBack = () => Promise<void>;

const MINUTES_OF_AN_HOUR = 60;
const COUNTED_IN_ALL_FROM_STEP = 2;
const EVERYBODY = "all";
/** Sanctions count against somebody for so long. */
const SANCTION_MS = 30 * DAY_MS;

/** An IPv4 network of 256, an IPv6 network as a customer gets it: who floods has many addresses, and few networks. */
export function networkKey(address: string): string {
  const key = addressKey(address);
  if (key.includes(":")) return `${key.split(":").slice(0, 3).join(":")}::/48`;
  return `${key.split(".").slice(0, 3).join(".")}.0/24`;
}

export function createGates(needs: {
  sql: Sql;
  clock: Clock;
  limiter: Limiter;
  shields: Shields;
  people: Pick<People, "discipline">;
}): Gates {
  const { sql, clock, limiter, shields, people } = needs;

  /** @param db also where a transaction is open: nothing here asks for another connection */
  async function mayCome(db: Query, network: string, { step, normal_per_h }: store.ShieldRow): Promise<void> {
    const usual = normalOf("sign_up", normal_per_h);
    const per_h = signUpsPerNetworkH(step, usual);
    if (per_h === 0)
      throw new Problem(
        403,
        "people.invitation_needed",
        "Many sign up at this moment, so that for a while people come in by invitation only. Ask someone inside, or try again later.",
      );
    const since = (ms: number) => new Date(clock.now() - ms);
    if ((await store.cameFrom(db, network, since(HOUR_MS))) >= per_h) throw crowded(HOUR_MS);
    if (step < COUNTED_IN_ALL_FROM_STEP || (await store.cameFrom(db, null, since(HOUR_MS))) < usual) return;
    // Enough came already in this hour: from here on they come evenly.
    if ((await store.cameFrom(db, null, since(MINUTE_MS))) >= Math.ceil(usual / MINUTES_OF_AN_HOUR))
      throw crowded(MINUTE_MS);
  }

  const claimOf = (kind: ShieldKind, whose: string, per_h: number): LimitClaim => ({
    key: `shield:${kind}:${whose}:${per_h}`,
    rule: perHour(kind, per_h),
    cost_tokens: 1,
  });

  /** All or nothing. @throws Problem 429 */
  async function take(claims: LimitClaim[], refusal: (retry_ms: number) => Problem): Promise<TakeBack> {
    const decision = await limiter.take(claims);
    if (!decision.allowed) throw refusal(decision.retry_after_ms);
    return () => limiter.giveBack(claims);
  }

  /**
   * Before the database is looked at: a flood that is refused here costs nobody anything. It knows the nodes' common memory, and
   * without one its own; who passes is counted in the database, for all nodes and exactly.
   */
  async function takeSignUp(network: string): Promise<TakeBack> {
    const { step, normal_per_h } = await shields.state("sign_up");
    const usual = normalOf("sign_up", normal_per_h);
    const per_h = signUpsPerNetworkH(step, usual);
    if (per_h === 0) return async () => {};
    const claims = [claimOf("sign_up", network, per_h)];
    if (step >= COUNTED_IN_ALL_FROM_STEP) claims.push(claimOf("sign_up", EVERYBODY, Math.ceil(usual)));
    return take(claims, crowded);
  }

  const isOfficer = async (person_id: PersonId) => {
    const role = (await people.discipline.roles(sql.pool, [person_id])).get(person_id);
    return role === "admin" || role === "moderator";
  };
  const isNewcomer = async (person_id: PersonId) =>
    clock.now() - idTimeMs(person_id) < NEWCOMER_MS || (await isSanctioned(person_id));
  const isSanctioned = (person_id: PersonId) =>
    store.isSanctioned(sql.pool, person_id, new Date(clock.now() - SANCTION_MS));

  return {
    async signUp(address) {
      const network = networkKey(address);
      const takeBack = await takeSignUp(network);
      try {
        await mayCome(sql.pool, network, await store.find(sql.pool, "sign_up"));
      } catch (error) {
        await takeBack();
        throw error;
      }
      return takeBack;
    },

    async came(tx, address) {
      const network = networkKey(address);
      const shield = await store.find(tx, "sign_up");
      // On all nodes together there are as many as there may be.
      await store.lockDoor(tx, shield.step < COUNTED_IN_ALL_FROM_STEP ? network : EVERYBODY);
      await mayCome(tx, network, shield);
      await store.noteCame(tx, network, new Date(Math.floor(clock.now() / MINUTE_MS) * MINUTE_MS));
    },

    async write({ person_id, role }) {
      const per_h = POSTS_PER_NEWCOMER_H[await shields.step("posting")];
      if (per_h === null || per_h === undefined || role !== "member") return;
      if (!(await isNewcomer(person_id))) return;
      const sentence = `New people write a lot at this moment, so each of them may write ${per_h} times an hour. Wait a little.`;
      await take([claimOf("posting", person_id, per_h)], slowed("posting", sentence));
    },

    async upload(person_id) {
      const per_h = UPLOADS_PER_NEWCOMER_H[await shields.step("uploading")];
      if (per_h === null || per_h === undefined) return null;
      if (!(await isNewcomer(person_id)) || (await isOfficer(person_id))) return null;
      if (per_h === 0)
        throw slowed("uploading", "New people upload nothing more for the moment. Try again later.")(CALM_MS);
      const sentence = `New people upload a lot at this moment, so each of them may begin ${per_h} uploads an hour. Wait a little.`;
      return take([claimOf("uploading", person_id, per_h)], slowed("uploading", sentence));
    },

    async room(person_id) {
      const [sanctioned, vouched, step] = await Promise.all([
        isSanctioned(person_id),
        store.isVouched(sql.pool, person_id),
        shields.step("uploading"),
      ]);
      const bytes = roomOf({ age_ms: clock.now() - idTimeMs(person_id), vouched, sanctioned }, step);
      return bytes === null || (await isOfficer(person_id)) ? null : bytes;
    },
  };
}

const slowed = (kind: ShieldKind, sentence: string) => (retry_ms: number) =>
  new Problem(429, `shield.${kind}`, sentence, { retry_after_s: Math.ceil(retry_ms / 1_000) });

const crowded = (retry_ms: number) =>
  new Problem(
    429,
    "shield.sign_up",
    "Many sign up at this moment. Try again later, or ask someone inside for an invitation.",
    { retry_after_s: Math.ceil(retry_ms / 1_000) },
  );
