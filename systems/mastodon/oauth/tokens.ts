import { Problem } from "#kernel/errors.ts";
import { SCOPES, type SignedIn, type Viewer } from "#kernel/viewer.ts";
import type { Cache } from "#ports/cache/index.ts";
import { hashSecret, isSecret } from "#systems/people/index.ts";

import * as b from "../bounds.ts";
import type { Ground } from "../ground.ts";
import { coversAll, houseScopes, scopesIn, scopesOfHouse } from "../policy.ts";
import * as secrets from "./secrets.ts";
import * as store from "./store.ts";

export interface Given {
  access_token: string;
  token_type: "Bearer";
  scope: string;
  /** Seconds since 1970. */
  created_at: number;
}

export interface TokenAsked {
  grant_type: string;
  code?: string | undefined;
  redirect_uri?: string | undefined;
  code_verifier?: string | undefined;
  scope?: string | undefined;
}

/** Who calls: a person by a program, or a program by itself, and what it was let in for. */
export interface Caller {
  viewer: Viewer;
  app_id: store.AppId | null;
  scopes: readonly string[];
}

export interface OauthTokens {
  /** @throws Problem 400 `oauth.invalid_grant`, `oauth.unsupported_grant_type`, `oauth.invalid_scope` */
  give(app: store.AppRow, asked: TokenAsked): Promise<Given>;
  /** Of this program alone; what is unknown was revoked already (RFC 7009). */
  revoke(app: store.AppRow, token: string): Promise<void>;
  /** @throws Problem 401 `session.invalid` */
  caller(token: string): Promise<Caller>;
  forget(token_ids: readonly string[]): void;
}

const invalidGrant = () =>
  new Problem(
    400,
    "oauth.invalid_grant",
    "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.",
  );

export function createTokens({
  sql,
  clock,
  people,
  caches,
}: Pick<Ground, "sql" | "clock" | "people" | "caches">): OauthTokens {
  const grants: Cache<store.GrantRow> = caches.create<store.GrantRow>({
    name: "mastodon.grants",
    version: 1,
    entries_max: b.GRANTS_CACHED_MAX,
    ttl_ms: b.GRANT_CACHED_MS,
  });

  /** Only its id, for what asks no more of a viewer than whose it is. */
  const holder = (person_id: string, session_id: string): SignedIn => ({
    kind: "person",
    person_id,
    handle: "",
    role: "member",
    suspended: false,
    credential: { kind: "session", id: session_id },
    scopes: SCOPES,
  });

  async function forPerson(app: store.AppRow, asked: TokenAsked): Promise<Given> {
    const { code = "", redirect_uri = "", code_verifier } = asked;
    if (!secrets.is(code, "code")) throw invalidGrant();
    const hash = hashSecret(code);
    const now = clock.now();
    const row = await store.takeCode(sql.pool, hash, app.id, new Date(now));
    if (!row) {
      // A code that comes twice was seen by somebody else: what it became ends (RFC 6749, 4.1.2).
      const before = await store.spoilCode(sql.pool, hash, app.id);
      if (before) await people.tokens.revoke(holder(before.person_id, "0"), before.token_id).catch(gone);
      throw invalidGrant();
    }
    if (row.expires_at.getTime() <= now || row.redirect_uri !== redirect_uri) throw invalidGrant();
    if (
      row.challenge !== null &&
      (code_verifier === undefined || !secrets.answersChallenge(code_verifier, row.challenge))
    )
      throw invalidGrant();
    const person = (await people.cards([row.person_id])).get(row.person_id);
    if (!person || person.suspended) throw invalidGrant();
    const viewer = holder(row.person_id, row.session_id);
    const known = await store.tokensOfApp(sql.pool, row.person_id, app.id);
    for (const old of known.slice(b.TOKENS_PER_APP_MAX - 1)) await people.tokens.revoke(viewer, old).catch(gone);
    const made = await people.tokens
      .create(viewer, { name: app.name, scopes: houseScopes(row.scopes), expires_in_d: null, program: true })
      .catch((error: unknown) => {
        // The session that said yes is over; so is its word.
        throw error instanceof Problem && error.status !== 503 && error.code !== "people.too_many"
          ? invalidGrant()
          : error;
      });
    const grant = { token_id: made.id, app_id: app.id, person_id: row.person_id, scopes: row.scopes };
    if (!(await sql.tx((tx) => store.insertGrant(tx, grant, hash, new Date(now))))) {
      await people.tokens.revoke(viewer, made.id).catch(gone);
      throw invalidGrant();
    }
    return {
      access_token: made.secret,
      token_type: "Bearer",
      scope: row.scopes.join(" "),
      created_at: Math.floor(now / 1000),
    };
  }

  async function forApp(app: store.AppRow, asked: TokenAsked): Promise<Given> {
    const scopes =
      asked.scope === undefined || asked.scope.trim() === ""
        ? app.scopes.filter((s) => s === "read")
        : scopesIn(asked.scope);
    if (!scopes || scopes.length === 0 || !coversAll(app.scopes, scopes))
      throw new Problem(400, "oauth.invalid_scope", "The requested scope is invalid, unknown, or malformed.");
    const { text, hash } = secrets.make("app");
    const now = clock.now();
    const row = { app_id: app.id, scopes, expires_at: new Date(now + b.APP_TOKEN_MS_MAX) };
    await sql.tx((tx) => store.insertAppToken(tx, hash, row, new Date(now), b.APP_TOKENS_MAX));
    return { access_token: text, token_type: "Bearer", scope: scopes.join(" "), created_at: Math.floor(now / 1000) };
  }

  async function scopesOf({ credential, scopes }: SignedIn): Promise<Omit<Caller, "viewer">> {
    if (credential.program !== true) return { app_id: null, scopes: scopesOfHouse(scopes) };
    const { id } = credential;
    const grant = grants.peek(id) ?? (await grants.get(id, () => store.grantOf(sql.pool, id)));
    return grant ? { app_id: grant.app_id, scopes: grant.scopes } : { app_id: null, scopes: [] };
  }

  return {
    forget: (token_ids) => token_ids.forEach((id) => grants.delete(id)),

    async give(app, asked) {
      if (asked.grant_type === "authorization_code") return forPerson(app, asked);
      if (asked.grant_type === "client_credentials") return forApp(app, asked);
      throw new Problem(
        400,
        "oauth.unsupported_grant_type",
        "The authorization grant type is not supported by the authorization server.",
      );
    },

    async revoke(app, token) {
      if (secrets.is(token, "app")) {
        await store.removeAppToken(sql.pool, hashSecret(token), app.id);
        return;
      }
      if (!isSecret(token, "token")) return;
      const viewer = await people.authenticate(token);
      if (!viewer) return;
      const { app_id } = await scopesOf(viewer);
      if (app_id !== app.id)
        throw new Problem(403, "oauth.unauthorized_client", "You are not authorized to revoke this token");
      await people.tokens.revoke(viewer, viewer.credential.id).catch(gone);
    },

    async caller(token) {
      if (secrets.is(token, "app")) {
        const row = await store.appToken(sql.pool, hashSecret(token));
        if (row && row.expires_at.getTime() > clock.now())
          return { viewer: { kind: "nobody" }, app_id: row.app_id, scopes: row.scopes };
      } else {
        const viewer = await people.authenticate(token);
        if (viewer) return { viewer, ...(await scopesOf(viewer)) };
      }
      throw new Problem(401, "session.invalid", "This token is unknown, expired or revoked. Sign in again.");
    },
  };
}

/** Revoked meanwhile: that is what was wanted. */
const gone = (error: unknown) => {
  if (!(error instanceof Problem) || error.status !== 404) throw error;
};
