import { Problem } from "#kernel/errors.ts";
import { addressKey } from "#ports/http/index.ts";

import * as b from "../bounds.ts";
import type { Ground } from "../ground.ts";
import { isRedirectUri, scopesIn } from "../policy.ts";
import * as secrets from "./secrets.ts";
import * as store from "./store.ts";

export interface RegisterAsked {
  client_name: string;
  redirect_uris: string[];
  scopes: string;
  website: string | null;
}

export interface Apps {
  /** @throws Problem 422, 429 `limit.exceeded`, 503 `mastodon.too_many_apps` */
  register(asked: RegisterAsked, address: string): Promise<{ app: store.AppRow; client_secret: string }>;
  /** @throws Problem 401 `oauth.invalid_client` */
  proven(client_id: string, client_secret: string): Promise<store.AppRow>;
  byClientId(client_id: string): Promise<store.AppRow | null>;
  byId(id: store.AppId): Promise<store.AppRow | null>;
  /** Clears away what nobody uses. @returns how many */
  trim(): Promise<number>;
}

const TRIM_APPS_MAX = 5_000;

export function createApps({ sql, clock, ids, limiter }: Pick<Ground, "sql" | "clock" | "ids" | "limiter">): Apps {
  const trim = async () => {
    const now = clock.now();
    const before = (ms: number) => new Date(now - ms);
    const gone = await store.removeApps(
      sql.pool,
      before(b.APP_UNUSED_MS_MAX),
      before(b.APP_IDLE_MS_MAX),
      TRIM_APPS_MAX,
    );
    return gone + (await store.trim(sql.pool, new Date(now)));
  };

  return {
    trim,
    byClientId: (client_id) =>
      secrets.is(client_id, "client") ? store.appByClientId(sql.pool, client_id) : Promise.resolve(null),
    byId: (id) => store.appById(sql.pool, id),

    async register(asked, address) {
      const name = asked.client_name
        .normalize("NFC")
        .replaceAll(/[\p{C}\p{Z}]+/gu, " ")
        .trim()
        .slice(0, b.APP_NAME_CHARS_MAX)
        .trim();
      if (name === "") throw invalid("Validation failed: Application name can't be blank");
      const redirect_uris = [...new Set(asked.redirect_uris.map((uri) => uri.trim()).filter(Boolean))];
      if (redirect_uris.length === 0) throw invalid("Validation failed: Redirect URI can't be blank");
      if (
        redirect_uris.length > b.REDIRECT_URIS_MAX ||
        redirect_uris.some((uri) => !isRedirectUri(uri, b.REDIRECT_URI_CHARS_MAX))
      )
        throw invalid(
          "Validation failed: Redirect URI must be an absolute https, loopback or app address without a fragment",
        );
      const scopes = scopesIn(asked.scopes);
      if (!scopes) throw invalid("Validation failed: Scopes doesn't match configured on the server.");
      const website =
        asked.website !== null && /^https?:\/\//i.test(asked.website) && URL.canParse(asked.website)
          ? asked.website
          : null;
      const taken = await limiter.take([
        { key: `register-app:${addressKey(address)}`, rule: b.REGISTER_LIMIT, cost_tokens: 1 },
      ]);
      if (!taken.allowed) {
        throw new Problem(
          429,
          "limit.exceeded",
          "Many programs were registered from this address. Try again a little later.",
          {
            retry_after_s: Math.ceil(taken.retry_after_ms / 1000),
          },
        );
      }
      if ((await store.countApps(sql.pool)) >= b.APPS_MAX) {
        await trim();
        const reading = new Date(clock.now() - b.APP_UNUSED_MS_MIN);
        if ((await store.countApps(sql.pool)) >= b.APPS_MAX)
          await store.removeApps(sql.pool, reading, new Date(clock.now() - b.APP_IDLE_MS_MAX), b.APPS_ROOM);
        if ((await store.countApps(sql.pool)) >= b.APPS_MAX)
          throw new Problem(
            503,
            "mastodon.too_many_apps",
            "This house knows as many programs as it can. Try again tomorrow.",
            {
              retry_after_s: 3_600,
            },
          );
      }
      const secret = secrets.make("secret");
      const app: store.AppRow = {
        id: ids.next<"app">(),
        name,
        website: website === null || website.length > b.APP_WEBSITE_CHARS_MAX ? null : website,
        redirect_uris,
        scopes,
        client_id: secrets.make("client").text,
        secret_hash: secret.hash,
      };
      await store.insertApp(sql.pool, app, new Date(clock.now()));
      return { app, client_secret: secret.text };
    },

    async proven(client_id, client_secret) {
      const app = secrets.is(client_id, "client") ? await store.appByClientId(sql.pool, client_id) : null;
      if (app && secrets.is(client_secret, "secret") && secrets.fits(client_secret, app.secret_hash)) return app;
      throw new Problem(
        401,
        "oauth.invalid_client",
        "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.",
      );
    },
  };
}

const invalid = (detail: string) => new Problem(422, "request.invalid", detail);
