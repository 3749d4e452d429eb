import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Fingerprint } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";

import { type Me, PASSWORD_CHARS_MIN, peopleRoutes } from "#systems/people/contract.ts";

import { Refusal, sentenceOf } from "../client.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Button, buttonClass } from "../parts/button.tsx";
import { PasswordField, TextField } from "../parts/field.tsx";
import { focusHere } from "../parts/focus.ts";
import { HouseSign } from "../parts/house-mark.tsx";
import { HouseScene } from "../parts/house-scene.tsx";
import { call, houseQuery, queries } from "../shell/house.ts";
import { useTitle } from "../shell/page-header.tsx";
import { safePath } from "../shell/session-path.ts";
import { enter } from "../shell/session.ts";
import { say } from "../shell/toasts.ts";
import { isChangeOfMind, passkeysWork, signInWithPasskey } from "./passkeys.ts";

/** The frame of every door: the house on one side, the form on the other. */
export function Door({
  title,
  intro,
  children,
  foot,
}: {
  title: string;
  intro?: ReactNode;
  children: ReactNode;
  foot?: ReactNode;
}) {
  const { data: house } = useQuery(houseQuery);
  useTitle(title);
  return (
    <div className="grid min-h-dvh lg:grid-cols-[1fr_1.05fr]">
      <div className="flex flex-col px-5 pt-5 pb-10 sm:px-10">
        <Link to="/" className="self-start rounded-xl">
          <HouseSign name={house?.name ?? ""} />
        </Link>
        <HouseScene className="mt-6 aspect-[5/2] w-full rounded-3xl lg:hidden" />
        <div className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center py-8">
          <h1 className="text-2xl font-extrabold tracking-tight">{title}</h1>
          {intro !== undefined && <div className="mt-2 text-ink-2">{intro}</div>}
          <div className="mt-7">{children}</div>
          {foot !== undefined && <div className="mt-7 text-sm text-ink-2">{foot}</div>}
        </div>
      </div>
      <HouseScene tall className="hidden h-full max-h-dvh w-full lg:sticky lg:top-0 lg:block" />
    </div>
  );
}

/** A form that is sent once at a time; problems of fields go to their fields, the rest above the button. */
function useSending(send: (form: FormData) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    send(new FormData(event.currentTarget))
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  const fields = problem instanceof Refusal ? problem.fields : {};
  const code = problem instanceof Refusal ? problem.code : "";
  return { busy, problem, code, fields, onSubmit };
}

const of = (form: FormData, name: string) => {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
};

function Trouble({ problem, but }: { problem: unknown; but?: boolean }) {
  if (problem === null || but) return null;
  return (
    <p role="alert" className="rounded-xl bg-accent-tint px-4 py-3 text-sm font-medium text-bad">
      {sentenceOf(problem)}
    </p>
  );
}

const LINK = "font-semibold text-accent-ink underline-offset-4 hover:underline";

export function SignInScreen() {
  const { next: after } = useSearch({ from: "/sign-in" });
  const navigate = useNavigate();
  const { data: house } = useQuery(houseQuery);
  const { busy, problem, onSubmit } = useSending(async (form) => {
    const { person } = await call(peopleRoutes.signIn, {
      body: { handle: of(form, "handle").trim().replace(/^@/, ""), password: of(form, "password") },
    });
    await enter(person);
    await navigate({ to: safePath(after) });
  });
  const [asking, setAsking] = useState(false);
  const [keyProblem, setKeyProblem] = useState<unknown>(null);
  const withPasskey = () => {
    setAsking(true);
    setKeyProblem(null);
    signInWithPasskey()
      .then(async (me) => {
        await enter(me);
        await navigate({ to: safePath(after) });
      })
      .catch((error: unknown) => {
        if (!isChangeOfMind(error)) setKeyProblem(error);
      })
      .finally(() => setAsking(false));
  };
  return (
    <Door
      title="Welcome home"
      intro="Sign in with your handle and password."
      foot={
        house?.sign_up !== "closed" && (
          <p>
            New here?{" "}
            <Link to="/sign-up" className={LINK}>
              {house?.sign_up === "open" ? "Join the house" : "I have an invitation"}
            </Link>
          </p>
        )
      }
    >
      <form onSubmit={onSubmit} className="space-y-4">
        <TextField
          label="Handle"
          name="handle"
          prefix="@"
          required
          ref={focusHere}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
        />
        <PasswordField label="Password" name="password" required autoComplete="current-password" maxLength={256} />
        <Trouble problem={problem ?? keyProblem} />
        <Button type="submit" size="lg" className="w-full" busy={busy}>
          Sign in
        </Button>
        {passkeysWork() && (
          <Button look="outline" size="lg" className="w-full" busy={asking} onClick={withPasskey}>
            <Fingerprint className="size-5" /> With a passkey
          </Button>
        )}
      </form>
    </Door>
  );
}

function NewPersonForm({
  invitation,
  setup_token,
  askInvitation,
  action,
  done,
}: {
  invitation?: string;
  setup_token?: string;
  askInvitation: boolean;
  action: string;
  done: (me: Me) => Promise<void>;
}) {
  const [handle, setHandle] = useState("");
  const [password, setPassword] = useState("");
  const { busy, problem, code, fields, onSubmit } = useSending(async (form) => {
    const given = invitation ?? of(form, "invitation").trim();
    const me = await call(peopleRoutes.signUp, {
      body: {
        handle: handle.trim().replace(/^@/, ""),
        display_name: of(form, "display_name").trim(),
        password,
        ...(given === "" ? {} : { invitation: secretIn(given) }),
        ...(setup_token === undefined ? {} : { setup_token }),
      },
    });
    await enter(me);
    await done(me);
  });
  const handleProblem = /handle_/.test(code) && !code.includes("password") ? sentenceOf(problem) : fields.handle;
  const passwordProblem = /password/.test(code) ? sentenceOf(problem) : fields.password;
  const invitationProblem = /invitation/.test(code) ? sentenceOf(problem) : fields.invitation;
  const short = password.length > 0 && password.length < PASSWORD_CHARS_MIN;
  return (
    <form onSubmit={onSubmit} className="space-y-4">
      {askInvitation && (
        <TextField
          label="Invitation"
          name="invitation"
          required
          autoComplete="off"
          spellCheck={false}
          hint="The code or the whole link that you were given."
          error={invitationProblem}
        />
      )}
      <TextField
        label="Your name"
        name="display_name"
        required
        maxLength={60}
        autoComplete="name"
        hint="As people call you. You can change it later."
        error={fields.display_name}
      />
      <TextField
        label="Handle"
        name="handle"
        prefix="@"
        required
        value={handle}
        onChange={(event) => setHandle(event.target.value.toLowerCase().replace(/[^a-z0-9_]/g, ""))}
        maxLength={30}
        minLength={2}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        hint="Letters, digits and _. It is your address here."
        error={handleProblem}
      />
      <PasswordField
        label="Password"
        name="password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        minLength={PASSWORD_CHARS_MIN}
        maxLength={256}
        autoComplete="new-password"
        hint={
          short
            ? `${PASSWORD_CHARS_MIN - password.length} more to go.`
            : `At least ${PASSWORD_CHARS_MIN} characters. A few words in a row are good.`
        }
        error={passwordProblem}
      />
      <Trouble
        problem={problem}
        but={Boolean(handleProblem ?? passwordProblem ?? (askInvitation ? invitationProblem : undefined))}
      />
      <Button type="submit" size="lg" className="w-full" busy={busy}>
        {action}
      </Button>
    </form>
  );
}

/** People paste what they got: a code, or the link around it. */
export function secretIn(pasted: string): string {
  const found = /[?&]invitation=([^&\s]+)/.exec(pasted)?.[1];
  return found === undefined ? pasted : decodeURIComponent(found);
}

export function SignUpScreen() {
  const { next, invitation } = useSearch({ from: "/sign-up" });
  const navigate = useNavigate();
  const { data: house } = useQuery(houseQuery);
  const invited = useQuery({
    queryKey: ["invitation", invitation],
    queryFn: () => call(peopleRoutes.lookUpInvitation, { body: { invitation: invitation ?? "" } }),
    enabled: invitation !== undefined,
    retry: false,
  });
  const from = invited.data?.created_by;
  const foot = (
    <p>
      Already in?{" "}
      <Link to="/sign-in" search={next === undefined ? {} : { next }} className={LINK}>
        Sign in
      </Link>
    </p>
  );
  if (house?.sign_up === "closed" && invitation === undefined) {
    return (
      <Door title="The door is closed" intro="This house takes nobody new at present." foot={foot}>
        <Link to="/discover" className={buttonClass("outline")}>
          Look around
        </Link>
      </Door>
    );
  }
  return (
    <Door
      title={`Join ${house?.name ?? "the house"}`}
      intro={
        from ? (
          <span className="mt-3 flex items-center gap-3 rounded-2xl bg-sunken p-3 text-sm">
            <Avatar person={from} size="sm" />
            <span>
              <b className="text-ink">{from.display_name}</b> invites you in.
            </span>
          </span>
        ) : invited.isError ? (
          <span className="text-bad">{sentenceOf(invited.error)}</span>
        ) : (
          "A name, a handle, a password: that is all."
        )
      }
      foot={foot}
    >
      <NewPersonForm
        {...(invitation === undefined || invited.isError ? {} : { invitation })}
        askInvitation={house?.sign_up !== "open" && (invitation === undefined || invited.isError)}
        action="Come in"
        done={async () => {
          await navigate({ to: safePath(next) });
        }}
      />
    </Door>
  );
}

export function SetUpScreen() {
  const { token } = useSearch({ from: "/setup" });
  const navigate = useNavigate();
  const { data: house } = useQuery({ ...houseQuery, staleTime: 0 });
  if (house && !house.needs_setup) {
    return (
      <Door title="This house is set up" intro="Its first admin is here already.">
        <Link to="/sign-in" className={buttonClass("primary")}>
          Sign in
        </Link>
      </Door>
    );
  }
  if (token === undefined) {
    return (
      <Door
        title="Open the set-up link"
        intro="The house printed a link when it started. It carries a one-time key that this page needs."
      >
        <p className="rounded-2xl bg-sunken p-4 text-sm text-ink-2">
          Look at the terminal in which you ran npm start, and open the address that ends in /setup?token=…
        </p>
      </Door>
    );
  }
  return (
    <Door
      title="A new house"
      intro="You are the first one in. Make your account; you will be the admin and can invite the others."
    >
      <NewPersonForm
        setup_token={token}
        askInvitation={false}
        action="Open the house"
        done={async (me) => {
          await queries.invalidateQueries({ queryKey: houseQuery.queryKey });
          await navigate({ to: "/" });
          say(`Welcome, ${me.display_name}. The house is yours.`);
        }}
      />
    </Door>
  );
}

export function ResetScreen() {
  const { token } = useSearch({ from: "/reset" });
  const navigate = useNavigate();
  const { busy, problem, fields, onSubmit } = useSending(async (form) => {
    await call(peopleRoutes.resetPassword, { body: { secret: token ?? "", new_password: of(form, "new_password") } });
    await navigate({ to: "/sign-in" });
    say("Your password is new. Sign in with it.");
  });
  return (
    <Door title="A new password" intro="Every session and token of yours ends; you sign in anew.">
      <form onSubmit={onSubmit} className="space-y-4">
        <PasswordField
          label="New password"
          name="new_password"
          required
          minLength={PASSWORD_CHARS_MIN}
          maxLength={256}
          autoComplete="new-password"
          hint={`At least ${PASSWORD_CHARS_MIN} characters.`}
          error={fields.new_password}
        />
        <Trouble problem={problem} />
        <Button type="submit" size="lg" className="w-full" busy={busy}>
          Set it
        </Button>
      </form>
    </Door>
  );
}
