import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useSearch } from "@tanstack/react-router";
import { Check, ShieldAlert } from "lucide-react";
import { useState } from "react";

import { type Consent, mastodonRoutes } from "#systems/mastodon/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { sentenceOf } from "../client.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Button } from "../parts/button.tsx";
import { Secret } from "../parts/secret.tsx";
import { Loading } from "../parts/skeleton.tsx";
import { ask, call, houseQuery } from "../shell/house.ts";
import { meQuery } from "../shell/session.ts";
import { Door } from "./door.tsx";

const LINK = "font-semibold text-accent-ink underline-offset-4 hover:underline";

/** What a program says when it sends somebody here; the house reads it again and decides. */
export interface AuthorizeSearch {
  client_id: string;
  redirect_uri: string;
  response_type: string;
  scope?: string;
  state?: string;
  code_challenge?: string;
  code_challenge_method?: string;
}

/** A program of others asks to be let in (Mastodon's client API). Nothing is sent anywhere before the person says so. */
export function AuthorizeScreen() {
  const me = useQuery(meQuery);
  // As it was when somebody came: on the way to the sign-in the router's own place has moved on already.
  const [here] = useState(() => location.pathname + location.search);
  if (me.data === null) return <Navigate to="/sign-in" search={{ next: here }} replace />;
  if (!me.data) return <Loading what="the page" />;
  return <Asked me={me.data} here={here} />;
}

function Asked({ me, here }: { me: Me; here: string }) {
  const { state, ...search } = useSearch({ from: "/oauth/authorize" });
  const consent = useQuery({ ...ask(mastodonRoutes.appConsent, { query: search }), retry: false, gcTime: 0 });
  const [done, setDone] = useState<{ code: string | null; redirect_to: string | null; allow: boolean } | null>(null);
  const [busy, setBusy] = useState<"yes" | "no" | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  const say = (allow: boolean) => {
    if (busy) return;
    setBusy(allow ? "yes" : "no");
    setProblem(null);
    call(mastodonRoutes.authorizeApp, {
      body: { ...search, ...(state === undefined ? {} : { state }), allow },
    })
      .then((answer) => {
        setDone({ ...answer, allow });
        if (answer.redirect_to !== null) location.assign(answer.redirect_to);
      })
      .catch(setProblem)
      .finally(() => setBusy(null));
  };

  if (consent.isError) return <NotThis because={consent.error} />;
  if (!consent.data) return <Loading what="what the app asks for" />;
  if (done) return <Answered app={consent.data.app.name} {...done} />;
  return (
    <Door
      title={`Let ${consent.data.app.name} in?`}
      intro={<Who me={me} here={here} />}
      foot={
        <p>
          You can take this back at any time under <span className="font-semibold text-ink">Settings, Tokens</span>.
        </p>
      }
    >
      <What consent={consent.data} />
      {problem !== null && (
        <p role="alert" className="mt-5 rounded-xl bg-accent-tint px-4 py-3 text-sm font-medium text-bad">
          {sentenceOf(problem)}
        </p>
      )}
      <div className="mt-6 space-y-3">
        <Button size="lg" className="w-full" busy={busy === "yes"} disabled={busy !== null} onClick={() => say(true)}>
          Let it in
        </Button>
        <Button
          look="outline"
          size="lg"
          className="w-full"
          busy={busy === "no"}
          disabled={busy !== null}
          onClick={() => say(false)}
        >
          No, do not
        </Button>
      </div>
    </Door>
  );
}

function Who({ me, here }: { me: Me; here: string }) {
  const { data: house } = useQuery(houseQuery);
  return (
    <div className="flex items-center gap-3 pt-1">
      <Avatar person={me} size="sm" />
      <p className="min-w-0 text-sm">
        as <span className="font-semibold text-ink">@{me.handle}</span> in {house?.name}.{" "}
        <Link to="/sign-in" search={{ next: here }} className={LINK}>
          Not you?
        </Link>
      </p>
    </div>
  );
}

function What({ consent: { app, to, may } }: { consent: Consent }) {
  return (
    <>
      <h2 className="text-sm font-semibold">It could, as you:</h2>
      <ul className="mt-3 space-y-3">
        {may.map((sentence) => (
          <li key={sentence} className="flex gap-3 text-sm text-ink-2">
            <Check className="mt-0.5 size-4 shrink-0 text-accent-ink" aria-hidden="true" />
            {sentence}
          </li>
        ))}
      </ul>
      <p className="mt-5 rounded-2xl bg-sunken px-4 py-3 text-sm text-ink-2">
        It cannot see your password, change how you sign in, or act as a moderator. Its makers are not this house: let
        in only what you began yourself.
        {to !== "" && (
          <>
            {" "}
            Your answer goes to <span className="font-semibold break-all text-ink">{to}</span>.
          </>
        )}
        {app.website !== null && (
          <>
            {" "}
            <a href={app.website} target="_blank" rel="noopener noreferrer nofollow" className={LINK}>
              What it says of itself
            </a>
          </>
        )}
      </p>
    </>
  );
}

function Answered({
  app,
  code,
  redirect_to,
  allow,
}: {
  app: string;
  code: string | null;
  redirect_to: string | null;
  allow: boolean;
}) {
  if (code !== null) {
    return (
      <Door title={`${app} waits for this`} intro="Copy it into the app. It works once, for ten minutes.">
        <Secret label="Code" value={code} />
      </Door>
    );
  }
  return (
    <Door
      title={allow ? `${app} is let in` : "It stays outside"}
      intro={redirect_to === null ? "You can close this page." : "Going back to the app …"}
    >
      {redirect_to !== null && (
        <p className="text-sm text-ink-2">
          Does nothing happen?{" "}
          <a href={redirect_to} className={LINK}>
            Go back to the app
          </a>
        </p>
      )}
    </Door>
  );
}

function NotThis({ because }: { because: unknown }) {
  return (
    <Door title="This app cannot be let in" intro={sentenceOf(because)}>
      <p className="flex gap-3 rounded-2xl bg-sunken px-4 py-3 text-sm text-ink-2">
        <ShieldAlert className="mt-0.5 size-4 shrink-0 text-accent-ink" aria-hidden="true" />
        Nothing was sent anywhere. Begin again in the app itself; if this comes again, tell its makers.
      </p>
      <Link to="/" className={`mt-6 inline-block text-sm ${LINK}`}>
        Home
      </Link>
    </Door>
  );
}
