import { createHmac } from "node:crypto";

import { notFound } from "#kernel/errors.ts";
import type { Id } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { SESSION_TOUCH_MIN } from "./bounds.ts";
import type { Ground } from "./ground.ts";
import { needSession } from "./sessions.ts";
import * as credentials from "./store/credentials.ts";

/**
 * A token as a pair of keys, for protocols that sign each request instead of sending a secret (S3). The access key is the
 * token's id; the secret is made of it with the house's own and stored nowhere. Revoking the token ends both.
 */
export interface TokenKeys {
  /** Needs a session, as making a token does. @throws Problem 404 `token.not_found` */
  show(viewer: SignedIn, id: Id<"token">): Promise<{ access_key_id: string; secret_access_key: string }>;
  /** Who signs with this key, and the secret to check it with; null when it is unknown, expired or revoked. */
  find(access_key_id: string): Promise<{ viewer: SignedIn; secret: string } | null>;
}

export function createTokenKeys(
  { sql, clock, memory }: Pick<Ground, "sql" | "clock" | "memory">,
  house_secret: string,
): TokenKeys {
  // A key of its own, so that nothing signed here means anything to another user of the same secret.
  const key = createHmac("sha256", house_secret).update("folkhus token keys v1").digest();
  const secretOf = (id: string) => createHmac("sha256", key).update(`s3:${id}`).digest("base64url");

  return {
    async show(viewer, id) {
      needSession(viewer);
      const mine = await credentials.tokensOf(sql.pool, viewer.person_id, new Date(clock.now()));
      if (!mine.some((token) => token.id === id && !token.program)) throw notFound("token");
      return { access_key_id: id, secret_access_key: secretOf(id) };
    },

    async find(access_key_id) {
      if (!/^[1-9][0-9]{0,18}$/.test(access_key_id)) return null;
      const token = await credentials.tokenById(sql.pool, access_key_id);
      const now_ms = clock.now();
      // Whoever signs does so with the secret of a person's own token; a program of others has none.
      if (!token || credentials.powersOf(token).program) return null;
      if (token.expires_at !== null && token.expires_at.getTime() <= now_ms) return null;
      const person = await memory.states.get(token.person_id, () => credentials.state(sql.pool, token.person_id));
      if (!person) return null;
      if (now_ms - (token.last_used_at?.getTime() ?? 0) >= SESSION_TOUCH_MIN * MINUTE_MS)
        await credentials.touchToken(sql.pool, token.id, new Date(now_ms));
      return {
        secret: secretOf(access_key_id),
        viewer: {
          kind: "person",
          person_id: person.person_id,
          handle: person.handle,
          role: person.role,
          suspended: person.suspended,
          credential: { kind: "token", id: token.id },
          scopes: credentials.powersOf(token).scopes ?? [],
        },
      };
    },
  };
}
