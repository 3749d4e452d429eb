import { notFound, Problem } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { CODE_MS_MAX } from "../bounds.ts";
import type { Ground } from "../ground.ts";
import { coversAll, houseScopes, OUT_OF_BAND, placeOf, scopeSentences, scopesIn } from "../policy.ts";
import type { Apps } from "./apps.ts";
import * as secrets from "./secrets.ts";
import * as store from "./store.ts";

/** What a program asks for when it sends somebody to us (RFC 6749, 4.1.1). */
export interface AuthorizeAsked {
  client_id: string;
  redirect_uri: string;
  response_type: string;
  scope?: string | undefined;
  code_challenge?: string | undefined;
  code_challenge_method?: string | undefined;
}

export interface Consent {
  app: { name: string; website: string | null };
  /** Where the answer goes: a host, or the name of an app's own scheme; empty where the code is shown to be copied. */
  to: string;
  may: string[];
}

export interface Authorizing {
  /** What the person is asked. Nothing that is wrong here is ever sent on to the address: it may be the wrong one. @throws Problem 4xx */
  consent(viewer: SignedIn, asked: AuthorizeAsked): Promise<Consent>;
  /** Their answer. @returns the code to copy, or where to go with it */
  answer(
    viewer: SignedIn,
    asked: AuthorizeAsked & { state?: string | undefined; allow: boolean },
  ): Promise<{ code: string | null; redirect_to: string | null }>;
}

export function createAuthorizing({ sql, clock }: Pick<Ground, "sql" | "clock">, apps: Apps): Authorizing {
  async function check(viewer: SignedIn, asked: AuthorizeAsked) {
    if (viewer.credential.kind !== "session")
      throw new Problem(
        403,
        "people.session_needed",
        "Only you yourself, signed in, let a program in. A token may not.",
      );
    const app = await apps.byClientId(asked.client_id);
    if (!app) throw notFound("app");
    // Exactly as it was registered: a beginning or a sibling could be somebody else's.
    if (!app.redirect_uris.includes(asked.redirect_uri))
      throw bad(
        "redirect_uri",
        "This program asks to be answered at an address that it did not register. Do not go on.",
      );
    if (asked.response_type !== "code")
      throw bad("response_type", "This house answers programs with a code and nothing else.");
    if (
      asked.code_challenge !== undefined &&
      (asked.code_challenge_method !== "S256" || !/^[\w-]{43,128}$/.test(asked.code_challenge))
    )
      throw bad("code_challenge", "A code's challenge is made by S256.");
    const scopes =
      asked.scope === undefined || asked.scope.trim() === ""
        ? app.scopes.filter((s) => s === "read")
        : scopesIn(asked.scope);
    if (!scopes || scopes.length === 0 || !coversAll(app.scopes, scopes) || houseScopes(scopes).length === 0)
      throw bad("scope", "This program asks for more than it registered, or for what there is not.");
    return { app, scopes };
  }

  return {
    async consent(viewer, asked) {
      const { app, scopes } = await check(viewer, asked);
      return {
        app: { name: app.name, website: app.website },
        to: placeOf(asked.redirect_uri),
        may: scopeSentences(scopes),
      };
    },

    async answer(viewer, asked) {
      const { app, scopes } = await check(viewer, asked);
      const back = (answer: Record<string, string>) => {
        if (asked.redirect_uri === OUT_OF_BAND) return null;
        const to = new URL(asked.redirect_uri);
        for (const [name, value] of Object.entries(answer)) to.searchParams.set(name, value);
        if (asked.state !== undefined) to.searchParams.set("state", asked.state);
        return to.href;
      };
      if (!asked.allow)
        return {
          code: null,
          redirect_to: back({ error: "access_denied", error_description: "The resource owner denied the request." }),
        };
      const { text, hash } = secrets.make("code");
      const now = clock.now();
      await store.insertCode(
        sql.pool,
        hash,
        {
          app_id: app.id,
          person_id: viewer.person_id,
          session_id: viewer.credential.id,
          redirect_uri: asked.redirect_uri,
          scopes,
          challenge: asked.code_challenge ?? null,
          expires_at: new Date(now + CODE_MS_MAX),
        },
        new Date(now),
      );
      const redirect_to = back({ code: text });
      return { code: redirect_to === null ? text : null, redirect_to };
    },
  };
}

const bad = (what: string, detail: string) => new Problem(422, `mastodon.bad_${what}`, detail);
