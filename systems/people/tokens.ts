import { conflict, notFound } from "#kernel/errors.ts";
import type { Id } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";
import type { Scope, SignedIn } from "#kernel/viewer.ts";

import { TOKENS_PER_PERSON_MAX } from "./bounds.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import { hashKey, makeSecret } from "./secrets.ts";
import { needSession, needStandingSession } from "./sessions.ts";
import * as credentials from "./store/credentials.ts";
import * as persons from "./store/persons.ts";

/** Personal access tokens: what a program holds instead of a password, with as little power as its owner gives it. */
export interface Tokens {
  create(
    viewer: SignedIn,
    /** `program`: one of others is to hold it, whose door gives it its scopes; elsewhere it does nothing. */
    asked: { name: string; scopes: Scope[]; expires_in_d: number | null; program?: boolean },
  ): Promise<credentials.TokenRow & { secret: string }>;
  list(viewer: Pick<SignedIn, "person_id">): Promise<credentials.TokenRow[]>;
  revoke(viewer: SignedIn, id: Id<"token">): Promise<void>;
}

export function createTokens({
  sql,
  log,
  clock,
  ids,
  memory,
}: Pick<Ground, "sql" | "log" | "clock" | "ids" | "memory">): Tokens {
  return {
    async create(viewer, { name, scopes, expires_in_d, program = false }) {
      needSession(viewer);
      const { secret, hash } = makeSecret("token");
      const created_at = new Date(clock.now());
      const row = {
        id: ids.next<"token">(),
        name,
        scopes: [...new Set(scopes)],
        program,
        created_at,
        expires_at: expires_in_d === null ? null : new Date(clock.now() + expires_in_d * DAY_MS),
      };
      await sql.tx(async (tx) => {
        await persons.lock(tx, viewer.person_id);
        await needStandingSession(tx, viewer);
        if ((await credentials.tokensOf(tx, viewer.person_id, created_at)).length >= TOKENS_PER_PERSON_MAX) {
          throw conflict(
            "people.too_many",
            `You have ${TOKENS_PER_PERSON_MAX} tokens, which is the most. Revoke one first.`,
          );
        }
        await credentials.insertToken(tx, { ...row, person_id: viewer.person_id, hash });
      });
      return { ...row, last_used_at: null, secret };
    },

    list: (viewer) => credentials.tokensOf(sql.pool, viewer.person_id, new Date(clock.now())),

    async revoke({ person_id }, id) {
      const hash = await sql.tx(async (tx) => {
        const [row] = await credentials.removeToken(tx, person_id, id);
        if (!row) throw notFound("token");
        const hash = hashKey(row.secret_hash);
        await tell(log, tx, person_id, "session_revoked", { person_id, credentials: [{ id, kind: "token", hash }] });
        return hash;
      });
      memory.forgetCredentials([hash]);
    },
  };
}
