import { z } from "zod";

import { notFound, Problem } from "#kernel/errors.ts";

import { REDIRECT_URI_CHARS_MAX, REDIRECT_URIS_MAX, VERIFIER_CHARS_MAX } from "../bounds.ts";
import type { AppRow } from "../oauth/store.ts";
import { listOf, parseFields } from "../wire/fields.ts";
import { zWords } from "../wire/shapes.ts";
import { anyone, type Asked, type Desk, person, type Serve } from "./endpoint.ts";

const zRegister = z.object({
  client_name: z.string().max(1_000).default(""),
  redirect_uris: z.preprocess(
    (value) =>
      listOf(value as string)
        .flatMap((uri) => String(uri as string).split(/\s+/))
        .filter(Boolean),
    z.array(z.string()).max(REDIRECT_URIS_MAX * 2),
  ),
  scopes: zWords(2_000),
  website: zWords(REDIRECT_URI_CHARS_MAX),
});
const zToken = z.object({
  grant_type: z.string().max(60).default(""),
  client_id: zWords(200),
  client_secret: zWords(200),
  code: zWords(200),
  redirect_uri: zWords(REDIRECT_URI_CHARS_MAX),
  code_verifier: zWords(VERIFIER_CHARS_MAX),
  scope: zWords(2_000),
});
const zRevoke = z.object({
  client_id: zWords(200),
  client_secret: zWords(200),
  token: z.string().max(300).default(""),
});

const appEntity = (app: AppRow) => ({
  id: app.id,
  name: app.name,
  website: app.website,
  scopes: app.scopes,
  redirect_uri: app.redirect_uris.join("\n"),
  redirect_uris: app.redirect_uris,
  vapid_key: "",
});

export function serveOauth(serve: Serve, desk: Desk): void {
  const { apps, tokens } = desk;

  serve("POST", "/api/v1/apps", anyone, async (asked) => {
    const { client_name, redirect_uris, scopes, website } = parseFields(zRegister, asked.fields);
    const { app, client_secret } = await apps.register(
      {
        client_name,
        redirect_uris,
        scopes: scopes?.trim() ? scopes : "read",
        website: website?.trim() ? website : null,
      },
      asked.address,
    );
    return { body: { ...appEntity(app), client_id: app.client_id, client_secret, client_secret_expires_at: 0 } };
  });

  serve("GET", "/api/v1/apps/verify_credentials", { who: "app", scope: null }, async (asked) => {
    const app = asked.app_id === null ? null : await apps.byId(asked.app_id);
    if (!app) throw notFound("app");
    return { body: appEntity(app) };
  });

  serve("POST", "/oauth/token", anyone, async (asked) => {
    const said = parseFields(zToken, asked.fields);
    const app = await prove(asked, said);
    return { body: await tokens.give(app, said), headers: { pragma: "no-cache" } };
  });

  serve("POST", "/oauth/revoke", anyone, async (asked) => {
    const said = parseFields(zRevoke, asked.fields);
    await tokens.revoke(await prove(asked, said), said.token);
    return { body: {} };
  });

  serve("GET", "/oauth/userinfo", person("profile"), async ({ origin, me }) => ({
    body: {
      iss: `${origin}/`,
      sub: `${origin}/@${me.handle}`,
      name: (await desk.ground.people.cards([me.person_id])).get(me.person_id)?.display_name ?? me.handle,
      preferred_username: me.handle,
      profile: `${origin}/@${me.handle}`,
    },
  }));

  /** By its secret in the body, or as HTTP's own (RFC 6749, 2.3.1). */
  function prove(asked: Asked, said: { client_id?: string | undefined; client_secret?: string | undefined }) {
    const basic = /^Basic +([A-Za-z0-9+/=]{1,400})$/i.exec(asked.request.headers.get("authorization") ?? "")?.[1];
    if (basic !== undefined) {
      const [id = "", secret = ""] = Buffer.from(basic, "base64").toString("utf8").split(":", 2);
      return apps.proven(decoded(id), decoded(secret));
    }
    return apps.proven(said.client_id ?? "", said.client_secret ?? "");
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Problem(401, "oauth.invalid_client", "The client's credentials cannot be read.");
  }
}
