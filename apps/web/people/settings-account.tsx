import { useState } from "react";

import { PASSWORD_CHARS_MIN, peopleRoutes } from "#systems/people/contract.ts";

import { Refusal, sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Confirm } from "../parts/dialog.tsx";
import { PasswordField } from "../parts/field.tsx";
import { call } from "../shell/house.ts";
import { say } from "../shell/toasts.ts";
import { Panel } from "./sections.tsx";
import { Passkeys } from "./settings-passkeys.tsx";

export function AccountSettings() {
  return (
    <>
      <ChangePassword />
      <Passkeys />
      <DeleteAccount />
    </>
  );
}

function ChangePassword() {
  const [current_password, setCurrent] = useState("");
  const [new_password, setNew] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const code = problem instanceof Refusal ? problem.code : "";
  const wrong = code === "people.wrong_password" ? sentenceOf(problem) : undefined;
  const weak =
    /password_/.test(code) && wrong === undefined
      ? sentenceOf(problem)
      : problem instanceof Refusal
        ? problem.fields.new_password
        : undefined;
  function save() {
    setBusy(true);
    setProblem(null);
    call(peopleRoutes.changePassword, { body: { current_password, new_password } })
      .then(() => {
        setCurrent("");
        setNew("");
        say("Your password is new. Your other sessions ended.");
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  }
  return (
    <Panel title="Password" intro="A change signs you out everywhere else.">
      <form
        className="max-w-sm space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <PasswordField
          label="Password now"
          required
          autoComplete="current-password"
          value={current_password}
          onChange={(event) => setCurrent(event.target.value)}
          error={wrong}
        />
        <PasswordField
          label="New password"
          required
          minLength={PASSWORD_CHARS_MIN}
          maxLength={256}
          autoComplete="new-password"
          value={new_password}
          onChange={(event) => setNew(event.target.value)}
          hint={`At least ${PASSWORD_CHARS_MIN} characters. A few words in a row are good.`}
          error={weak}
        />
        {problem !== null && wrong === undefined && weak === undefined && (
          <p role="alert" className="text-sm font-medium text-bad">
            {sentenceOf(problem)}
          </p>
        )}
        <Button type="submit" busy={busy}>
          Change it
        </Button>
      </form>
    </Panel>
  );
}

function DeleteAccount() {
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  return (
    <Panel
      title="Leave for good"
      intro="Your posts, pictures and videos go with you. This cannot be undone."
      action={
        <Button look="danger" size="sm" onClick={() => setOpen(true)}>
          Delete account
        </Button>
      }
    >
      <Confirm
        open={open}
        onOpenChange={setOpen}
        title="Delete your account?"
        action="Delete everything"
        busy={busy}
        onConfirm={() => {
          setBusy(true);
          setProblem(null);
          call(peopleRoutes.deleteMe, { body: { password } })
            .then(() => location.assign("/"))
            .catch(setProblem)
            .finally(() => setBusy(false));
        }}
      >
        <p>Everything that you made here is deleted, at once and for good.</p>
        <div className="mt-4">
          <PasswordField
            label="Your password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            error={problem === null ? undefined : sentenceOf(problem)}
          />
        </div>
      </Confirm>
    </Panel>
  );
}
