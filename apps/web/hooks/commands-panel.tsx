import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type Command, hooksRoutes as r } from "#systems/hooks/contract.ts";

import { Button } from "../parts/button.tsx";
import { SelectField, TextField } from "../parts/field.tsx";
import { Secret } from "../parts/secret.tsx";
import { Ago } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { ask, call } from "../shell/house.ts";
import { doing, homeQuery, Kept, Maker } from "./kept.tsx";

export function CommandsPanel({ slug }: { slug: string | null }) {
  const asked = useQuery(ask(r.listCommands, { query: homeQuery(slug) }));
  const bots = useQuery(ask(r.listBots, { query: homeQuery(slug) }));
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [hint, setHint] = useState("");
  const [url, setUrl] = useState("");
  const [bot_id, setBot] = useState("");
  return (
    <>
      <Panel title="Commands" intro="Somebody writes /name in a channel, and a program answers as one of your bots.">
        <Kept asked={asked} empty="None yet.">
          {(one) => <OneCommand one={one} />}
        </Kept>
      </Panel>
      <Panel title="A new command">
        <Maker
          action="Make it"
          ready={name !== "" && url.trim() !== "" && bot_id !== ""}
          make={async () => {
            const body = { ...homeQuery(slug), name, description, hint, url: url.trim(), bot_id };
            const made = await call(r.createCommand, { body });
            doing(r.listCommands, Promise.resolve());
            setName("");
            setUrl("");
            return { label: `/${made.name}: the secret that signs is shown this once.`, value: made.secret };
          }}
        >
          <TextField
            label="Command"
            required
            prefix="/"
            maxLength={32}
            pattern="[a-z][a-z0-9_\-]*"
            value={name}
            onChange={(event) => setName(event.target.value.toLowerCase())}
          />
          <TextField
            label="What it does"
            maxLength={200}
            value={description}
            onChange={(event) => setDescription(event.target.value)}
          />
          <TextField
            label="What stands after it"
            maxLength={100}
            value={hint}
            onChange={(event) => setHint(event.target.value)}
            placeholder="[branch]"
          />
          <TextField
            label="Address"
            hint="Begins with https:// and leads to the open internet. It has three seconds to answer."
            required
            inputMode="url"
            maxLength={2_048}
            value={url}
            onChange={(event) => setUrl(event.target.value)}
            placeholder="https://"
          />
          <SelectField label="Answers as" value={bot_id} onChange={({ target }) => setBot(target.value)}>
            <option value="">Choose a bot</option>
            {(bots.data?.items ?? []).map(({ bot }) => (
              <option key={bot.id} value={bot.id}>
                {bot.display_name}
              </option>
            ))}
          </SelectField>
        </Maker>
      </Panel>
    </>
  );
}

function OneCommand({ one }: { one: Command }) {
  const [secret, setSecret] = useState<string | null>(null);
  const params = { id: one.id };
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center gap-2">
        <div className="min-w-40 flex-1">
          <p className="truncate text-sm font-semibold">
            /{one.name} <span className="font-normal text-ink-3">{one.hint}</span>
          </p>
          <p className="truncate text-xs text-ink-3">
            {[one.description, one.bot?.display_name, one.url].filter(Boolean).join(" · ")}
          </p>
        </div>
        <Button
          look="outline"
          size="sm"
          aria-label={`Another secret for /${one.name}`}
          onClick={() =>
            doing(
              r.listCommands,
              call(r.rotateCommand, { params }).then((made) => setSecret(made.secret)),
            )
          }
        >
          Change secret
        </Button>
        <Button
          look="danger"
          size="sm"
          aria-label={`Delete /${one.name}`}
          onClick={() => doing(r.listCommands, call(r.deleteCommand, { params }), `/${one.name} is gone.`)}
        >
          Delete
        </Button>
      </div>
      {secret !== null && <Secret label="The new secret, shown this once. For a day both sign." value={secret} />}
      {one.last_error !== null && one.last_error_at !== null && (
        <p className="text-xs text-bad">
          <Ago at={one.last_error_at} />: {one.last_error}
        </p>
      )}
    </div>
  );
}
