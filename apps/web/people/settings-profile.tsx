import { useQueryClient } from "@tanstack/react-query";
import { Camera, Plus, X } from "lucide-react";
import { useId, useState } from "react";

import { IMAGE_TYPES } from "#systems/media/contract.ts";
import { BIO_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, LINKS_MAX, type Me, peopleRoutes } from "#systems/people/contract.ts";

import { Refusal, sentenceOf } from "../client.ts";
import { uploadPicture } from "../media/upload-picture.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Button, Wheel } from "../parts/button.tsx";
import { TextArea, TextField, Tick } from "../parts/field.tsx";
import { call } from "../shell/house.ts";
import { setMe } from "../shell/session.ts";
import { say, sorry } from "../shell/toasts.ts";
import { Panel } from "./sections.tsx";

export function ProfileSettings({ me }: { me: Me }) {
  const queries = useQueryClient();
  const [form, setForm] = useState({ display_name: me.display_name, bio: me.bio, links: me.links });
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const fields = problem instanceof Refusal ? problem.fields : {};
  const put = (change: Partial<typeof form>) => setForm({ ...form, ...change });
  const changed =
    JSON.stringify(form) !== JSON.stringify({ display_name: me.display_name, bio: me.bio, links: me.links });

  async function took(edited: Me) {
    setMe(edited);
    await queries.invalidateQueries({ queryKey: [peopleRoutes.person.path], refetchType: "none" });
  }
  function save() {
    setBusy(true);
    setProblem(null);
    const links = form.links
      .filter((link) => link.url.trim() !== "")
      .map((link) => ({ label: link.label, url: /^https?:\/\//i.test(link.url) ? link.url : `https://${link.url}` }));
    call(peopleRoutes.editMe, { body: { ...form, links } })
      .then(async (edited) => {
        setForm({ display_name: edited.display_name, bio: edited.bio, links: edited.links });
        await took(edited);
        say("Your profile is saved.");
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  }
  return (
    <>
      <AvatarPanel me={me} took={took} />
      <PrivacyPanel me={me} took={took} />
      <Panel title="About you">
        <form
          className="space-y-5"
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          <TextField
            label="Name"
            required
            maxLength={DISPLAY_NAME_CHARS_MAX}
            value={form.display_name}
            onChange={(event) => put({ display_name: event.target.value })}
            error={fields.display_name}
            autoComplete="name"
          />
          <TextArea
            label="In your words"
            maxLength={BIO_CHARS_MAX}
            value={form.bio}
            onChange={(event) => put({ bio: event.target.value })}
            error={fields.bio}
            hint={`${BIO_CHARS_MAX - form.bio.length} characters left`}
          />
          <fieldset className="space-y-2">
            <legend className="mb-1.5 text-sm font-semibold">Links</legend>
            {form.links.map((link, at) => {
              const edit = (change: Partial<typeof link>) =>
                put({ links: form.links.map((other, index) => (index === at ? { ...other, ...change } : other)) });
              return (
                <div key={at} className="flex items-end gap-2">
                  <div className="w-1/3">
                    <TextField
                      label={at === 0 ? "Name" : `Name of link ${at + 1}`}
                      maxLength={40}
                      value={link.label}
                      onChange={(event) => edit({ label: event.target.value })}
                    />
                  </div>
                  <div className="flex-1">
                    <TextField
                      label={at === 0 ? "Address" : `Address of link ${at + 1}`}
                      maxLength={200}
                      inputMode="url"
                      value={link.url}
                      onChange={(event) => edit({ url: event.target.value })}
                    />
                  </div>
                  <button
                    type="button"
                    aria-label={`Take link ${at + 1} away`}
                    onClick={() => put({ links: form.links.filter((_, index) => index !== at) })}
                    className="grid size-12 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-sunken"
                  >
                    <X className="size-5" />
                  </button>
                </div>
              );
            })}
            {fields.links !== undefined && <p className="text-xs font-medium text-bad">A link {fields.links}.</p>}
            {form.links.length < LINKS_MAX && (
              <Button
                look="quiet"
                size="sm"
                className="-ml-3"
                onClick={() => put({ links: [...form.links, { label: "", url: "" }] })}
              >
                <Plus className="size-4.5" /> Add a link
              </Button>
            )}
          </fieldset>
          {problem !== null && (
            <p role="alert" className="text-sm font-medium text-bad">
              {sentenceOf(problem)}
            </p>
          )}
          <Button type="submit" busy={busy} disabled={!changed}>
            Save
          </Button>
        </form>
      </Panel>
    </>
  );
}

function PrivacyPanel({ me, took }: { me: Me; took: (edited: Me) => Promise<void> }) {
  /** What was just chosen, until the house has said so too. */
  const [wish, setWish] = useState<boolean | null>(null);
  const set = (isPrivate: boolean) => {
    setWish(isPrivate);
    call(peopleRoutes.editMe, { body: { private: isPrivate } })
      .then(async (edited) => {
        await took(edited);
        say(isPrivate ? "Your account is private." : "Your account is open. Whoever waited follows you now.");
      })
      .catch(sorry)
      .finally(() => setWish(null));
  };
  return (
    <Panel title="Who sees what you post">
      <Tick
        label="Private account"
        detail="Only people whom you let follow you see your posts and films, also those from before. Your name and picture stay visible."
        checked={wish ?? me.private}
        onChange={(event) => set(event.target.checked)}
      />
    </Panel>
  );
}

function AvatarPanel({ me, took }: { me: Me; took: (edited: Me) => Promise<void> }) {
  const id = useId();
  const [busy, setBusy] = useState(false);
  const set = (work: Promise<string | null>) => {
    setBusy(true);
    work
      .then((avatar_image_id) => call(peopleRoutes.editMe, { body: { avatar_image_id } }))
      .then(took)
      .catch(sorry)
      .finally(() => setBusy(false));
  };
  return (
    <Panel title="Picture">
      <div className="flex items-center gap-5">
        <span className="relative">
          <Avatar person={me} size="xl" />
          {busy && (
            <span className="absolute inset-0 grid place-items-center rounded-full bg-black/50 text-white">
              <Wheel className="size-8" />
            </span>
          )}
        </span>
        <div className="flex flex-wrap gap-2">
          <input
            id={id}
            type="file"
            accept={IMAGE_TYPES.join(",")}
            className="peer sr-only"
            onChange={({ target }) => {
              const file = target.files?.[0];
              target.value = "";
              if (file) set(uploadPicture(file));
            }}
          />
          <label
            htmlFor={id}
            className="inline-flex h-11 cursor-pointer items-center gap-2 rounded-full bg-sunken px-5 text-sm font-semibold peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-accent-ink hover:bg-line"
          >
            <Camera className="size-4.5" aria-hidden="true" /> {me.avatar ? "Another picture" : "Add a picture"}
          </label>
          {me.avatar && (
            <Button look="quiet" disabled={busy} onClick={() => set(Promise.resolve(null))}>
              Take it away
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}
