import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { decodeAttestationObject, isoBase64URL } from "@simplewebauthn/server/helpers";

import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { Id, PersonId } from "#kernel/ids.ts";
import { SECOND_MS } from "#kernel/time.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";
import { isUniqueViolation } from "#ports/sql/index.ts";

import type { Account } from "./account.ts";
import { PASSKEY_CHALLENGE_S, PASSKEYS_PER_PERSON_MAX } from "./bounds.ts";
import type { Ground } from "./ground.ts";
import { hashSecret } from "./secrets.ts";
import { needSession, needStandingSession, type Origin, type Sessions, type StartedSession } from "./sessions.ts";
import * as credentials from "./store/credentials.ts";
import * as store from "./store/passkeys.ts";
import * as persons from "./store/persons.ts";

/** Signing in with what a device holds. The passkey proves its user (PIN, finger, face), so it stands for the password. */
export interface Passkeys {
  /** @param origin scheme and host under which the caller reached us; its host is the relying party */
  registration(viewer: SignedIn, password: string, origin: string, address: string): Promise<object>;
  register(
    viewer: SignedIn,
    asked: { name: string; response: RegistrationResponseJSON },
    origin: string,
  ): Promise<store.PasskeyRow>;
  list(viewer: SignedIn): Promise<store.PasskeyRow[]>;
  remove(viewer: SignedIn, id: Id<"passkey">): Promise<void>;
  challenge(origin: string, address: string): Promise<object>;
  signIn(
    response: AuthenticationResponseJSON,
    origin: string,
    from: Origin,
  ): Promise<{ started: StartedSession; viewer: SignedIn }>;
}

const CHALLENGE_BYTES = 32;
/** Ours have 43. */
const CLIENT_CHALLENGE_CHARS_MAX = 64;

export function createPasskeys(
  ground: Pick<Ground, "sql" | "clock" | "ids" | "memory" | "throttle">,
  sessions: Sessions,
  account: Account,
  houseName: () => Promise<string>,
): Passkeys {
  const { sql, clock, ids, memory, throttle } = ground;
  const now = () => new Date(clock.now());
  const hostOf = (origin: string) => new URL(origin).hostname;

  /** Kept as a hash, for one person or for signing in, and answered once. */
  async function newChallenge(person_id: PersonId | null): Promise<Uint8Array<ArrayBuffer>> {
    const challenge = crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES));
    const hash = hashSecret(isoBase64URL.fromBuffer(challenge));
    await store.insertChallenge(
      sql.pool,
      hash,
      person_id,
      now(),
      new Date(clock.now() + PASSKEY_CHALLENGE_S * SECOND_MS),
    );
    return challenge;
  }

  /** The challenge that was answered, which it spends. @throws Problem 401 `people.passkey_invalid` */
  async function spend(clientDataJSON: string, person_id: PersonId | null): Promise<string> {
    const challenge = challengeOf(clientDataJSON);
    if (challenge === null || !(await store.takeChallenge(sql.pool, hashSecret(challenge), person_id, now())))
      throw invalid();
    return challenge;
  }

  return {
    async registration(viewer, password, origin, address) {
      await account.confirm(viewer, password, address);
      const held = await store.of(sql.pool, viewer.person_id);
      return generateRegistrationOptions({
        rpName: await houseName(),
        rpID: hostOf(origin),
        userName: viewer.handle,
        userID: new TextEncoder().encode(viewer.person_id),
        challenge: await newChallenge(viewer.person_id),
        attestationType: "none",
        excludeCredentials: held.map((p) => ({ id: p.credential_id })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
      });
    },

    async register(viewer, { name, response }, origin) {
      needSession(viewer);
      if (!attestsNothing(response)) throw invalid();
      const expectedChallenge = await spend(response.response.clientDataJSON, viewer.person_id);
      const verified = await judge(() =>
        verifyRegistrationResponse({
          response,
          expectedChallenge,
          expectedOrigin: origin,
          expectedRPID: hostOf(origin),
          requireUserVerification: true,
        }),
      );
      if (!verified?.verified) throw invalid();
      const { credential } = verified.registrationInfo;
      const row = {
        id: ids.next<"passkey">(),
        person_id: viewer.person_id,
        name,
        credential_id: credential.id,
        public_key: credential.publicKey,
        sign_count: credential.counter,
        transports: credential.transports ?? [],
        created_at: now(),
      };
      try {
        await sql.tx(async (tx) => {
          await persons.lock(tx, viewer.person_id);
          await needStandingSession(tx, viewer);
          if ((await store.of(tx, viewer.person_id)).length >= PASSKEYS_PER_PERSON_MAX) {
            throw conflict(
              "people.too_many",
              `You have ${PASSKEYS_PER_PERSON_MAX} passkeys, which is the most. Remove one first.`,
            );
          }
          await store.insert(tx, row);
        });
      } catch (error) {
        throw isUniqueViolation(error, "people_passkeys_credential_id_key") ? invalid() : error;
      }
      return { ...row, sign_count: String(row.sign_count), last_used_at: null };
    },

    list: (viewer) => store.of(sql.pool, viewer.person_id),

    async remove(viewer, id) {
      needSession(viewer);
      if (!(await store.remove(sql.pool, viewer.person_id, id))) throw notFound("passkey");
    },

    async challenge(origin, address) {
      await throttle.passkey(address);
      return generateAuthenticationOptions({
        rpID: hostOf(origin),
        challenge: await newChallenge(null),
        userVerification: "required",
      });
    },

    async signIn(response, origin, from) {
      await throttle.passkey(from.address);
      const held = await store.byCredential(sql.pool, response.id);
      if (!held) throw invalid();
      const expectedChallenge = await spend(response.response.clientDataJSON, null);
      const verified = await judge(() =>
        verifyAuthenticationResponse({
          response,
          expectedChallenge,
          expectedOrigin: origin,
          expectedRPID: hostOf(origin),
          requireUserVerification: true,
          credential: {
            id: held.credential_id,
            publicKey: new Uint8Array(held.public_key),
            counter: Number(held.sign_count),
          },
        }),
      );
      if (!verified?.verified) throw invalid();
      const { started, state } = await sql.tx(async (tx) => {
        // The row again, held: it may have been removed, or the account with it, while the signature was looked at.
        if (!(await store.used(tx, held.id, verified.authenticationInfo.newCounter, now()))) throw invalid();
        const state = await credentials.state(tx, held.person_id);
        if (!state) throw invalid();
        return { started: await sessions.start(tx, held.person_id, from), state };
      });
      memory.forgetCredentials(started.pushed_out);
      return {
        started,
        viewer: { kind: "person", ...state, credential: { kind: "session", id: started.id }, scopes: SCOPES },
      };
    },
  };
}

/**
 * We ask for no attestation. One with certificates is refused before it is looked at: to verify it, the library would
 * fetch revocation lists from addresses that the sender chose.
 */
function attestsNothing(response: RegistrationResponseJSON): boolean {
  try {
    const attestation = decodeAttestationObject(isoBase64URL.toBuffer(response.response.attestationObject));
    const fmt = attestation.get("fmt");
    return fmt === "none" || (fmt === "packed" && attestation.get("attStmt").get("x5c") === undefined);
  } catch {
    return false;
  }
}

/** The library works on what was sent alone and throws for whatever is wrong with it: to us that is one refusal. */
const judge = <T>(verify: () => Promise<T>): Promise<T | null> => verify().catch(() => null);

function challengeOf(clientDataJSON: string): string | null {
  try {
    const { challenge } = JSON.parse(isoBase64URL.toUTF8String(clientDataJSON)) as { challenge?: unknown };
    return typeof challenge === "string" && challenge.length <= CLIENT_CHALLENGE_CHARS_MAX ? challenge : null;
  } catch {
    return null;
  }
}

const invalid = () =>
  new Problem(
    401,
    "people.passkey_invalid",
    "This passkey was not accepted. Try again, or sign in with your password.",
  );
