import { useState } from "react";

import { type DigestWish, notifyRoutes, type NotifySettings } from "#systems/notify/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Choices, TextField } from "../parts/field.tsx";
import { Panel } from "../people/sections.tsx";
import { call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { change, settingsAnew } from "./settings.ts";

const HOUSE_NOTES: Partial<Record<NotifySettings["email"]["house"], string>> = {
  no_server: "This house has no mail server: letters are written into its outbox, and only its keepers see them.",
  no_url: "This house does not know its own address yet, so it cannot write letters. Its keepers set FOLKHUS_URL.",
};

/** Where digests go and how often. Nothing goes to an address before who reads there said so. */
export function Letters({ settings: { email, digest } }: { settings: NotifySettings }) {
  const note = HOUSE_NOTES[email.house];
  const often = (wish: DigestWish) => void change({ digest: wish }, (before) => ({ ...before, digest: wish }));
  return (
    <Panel title="Mail" intro="A letter with what you have not read, and none when you have read all.">
      {note !== undefined && <p className="mb-5 rounded-xl bg-warn-tint px-4 py-3 text-sm text-warn">{note}</p>}
      {email.house !== "no_url" && (
        <div className="space-y-6">
          <Address key={email.address ?? ""} email={email} />
          {email.confirmed && (
            <Choices
              label="How often"
              value={digest}
              onChange={often}
              choices={[
                { value: "daily", label: "Each morning", detail: "At eight, on your own clock." },
                { value: "weekly", label: "Each Monday", detail: "At eight, on your own clock." },
                { value: "off", label: "Never", detail: "Your address is kept; nothing is sent." },
              ]}
            />
          )}
        </div>
      )}
    </Panel>
  );
}

function Address({ email }: { email: NotifySettings["email"] }) {
  const [typed, setTyped] = useState(email.address ?? "");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const save = () => {
    setBusy(true);
    setProblem(null);
    call(notifyRoutes.setNotifyEmail, { body: { address: typed } })
      .then(async () => {
        await settingsAnew();
        say("A letter is on its way to that address. Open the link in it.");
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  const forget = () =>
    void call(notifyRoutes.forgetNotifyEmail)
      .then(async () => {
        await settingsAnew();
        say("Your address is forgotten.");
      })
      .catch(sorry);
  const hint = email.confirmed
    ? "This address is yours."
    : email.refused !== null
      ? "Have it confirmed anew, or use another."
      : email.address === null
        ? "A letter asks whether it is yours."
        : "Not confirmed yet: open the link in the letter that was sent there.";
  return (
    <form
      className="flex max-w-md flex-wrap items-start gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div className="min-w-0 flex-1 basis-56">
        <TextField
          label="Your address"
          type="email"
          autoComplete="email"
          required
          maxLength={254}
          value={typed}
          hint={hint}
          error={
            problem !== null
              ? sentenceOf(problem)
              : email.refused !== null && typed === email.address
                ? `Letters to this address come back: ${email.refused}`
                : undefined
          }
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <div className="flex gap-2 pt-7">
        {(typed !== email.address || !email.confirmed) && (
          <Button type="submit" busy={busy} disabled={typed.trim() === ""}>
            {typed === email.address ? "Send again" : "Use it"}
          </Button>
        )}
        {email.address !== null && typed === email.address && (
          <Button look="outline" onClick={forget}>
            Forget it
          </Button>
        )}
      </div>
    </form>
  );
}
