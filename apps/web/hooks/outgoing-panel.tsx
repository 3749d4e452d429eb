import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import {
  CHANNEL_EVENTS,
  hooksRoutes as r,
  type Outgoing,
  OUTGOING_EVENTS,
  type OutgoingEvent,
} from "#systems/hooks/contract.ts";

import { Button } from "../parts/button.tsx";
import { TextField, Tick } from "../parts/field.tsx";
import { Secret } from "../parts/secret.tsx";
import { Ago } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { ask, call } from "../shell/house.ts";
import { Deliveries } from "./deliveries.tsx";
import { ChannelField, doing, Kept, Maker, useChannelNames } from "./kept.tsx";

const EVENT_WORDS: Record<OutgoingEvent, string> = {
  "message.created": "Messages",
  "message.edited": "Edits of messages",
  "message.deleted": "Deletions of messages",
  "post.created": "Posts in the space",
  "member.joined": "Who joins the space",
  "member.left": "Who leaves the space",
};

export function OutgoingPanel({ slug }: { slug: string }) {
  const asked = useQuery(ask(r.listOutgoing, { query: { space: slug } }));
  const nameOf = useChannelNames(slug);
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<readonly OutgoingEvent[]>(["message.created"]);
  const [channel_id, setChannel] = useState("");
  const [with_bots, setWithBots] = useState(false);
  const needs_channel = events.some((event) => CHANNEL_EVENTS.includes(event));
  return (
    <>
      <Panel
        title="Outgoing webhooks"
        intro="The house tells an address elsewhere what happens, signed as Standard Webhooks says. It is told what you may read."
      >
        <Kept asked={asked} empty="None yet.">
          {(one) => <OneOutgoing one={one} channels={one.channel_ids.map(nameOf)} />}
        </Kept>
      </Panel>
      <Panel title="A new one">
        <Maker
          action="Make it"
          ready={name.trim() !== "" && url.trim() !== "" && events.length > 0 && (!needs_channel || channel_id !== "")}
          make={async () => {
            const channel_ids = needs_channel ? [channel_id] : [];
            const body = { space: slug, name, url: url.trim(), events: [...events], channel_ids, with_bots };
            const made = await call(r.createOutgoing, { body });
            doing(r.listOutgoing, Promise.resolve());
            setName("");
            setUrl("");
            return { label: `${made.name}: the secret that signs is shown this once.`, value: made.secret };
          }}
        >
          <TextField
            label="Name"
            required
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <TextField
            label="Address"
            hint="Begins with https:// and leads to the open internet."
            required
            inputMode="url"
            maxLength={2_048}
            value={url}
            onChange={(event) => setUrl(event.target.value)}
            placeholder="https://"
          />
          <fieldset>
            <legend className="mb-1 text-sm font-semibold">It is told of</legend>
            {OUTGOING_EVENTS.map((event) => (
              <Tick
                key={event}
                label={EVENT_WORDS[event]}
                checked={events.includes(event)}
                onChange={({ target }) =>
                  setEvents(target.checked ? [...events, event] : events.filter((other) => other !== event))
                }
              />
            ))}
            <Tick
              label="What bots write too"
              detail="Off keeps two programs from answering each other for ever."
              checked={with_bots}
              onChange={({ target }) => setWithBots(target.checked)}
            />
          </fieldset>
          {needs_channel && <ChannelField slug={slug} value={channel_id} choose={setChannel} />}
        </Maker>
      </Panel>
    </>
  );
}

function OneOutgoing({ one, channels }: { one: Outgoing; channels: string[] }) {
  const [secret, setSecret] = useState<string | null>(null);
  const [log, setLog] = useState(false);
  const params = { id: one.id };
  const change = (disabled: boolean) => doing(r.listOutgoing, call(r.changeOutgoing, { params, body: { disabled } }));
  return (
    <div className="space-y-3">
      <div className="min-w-0">
        <p className="truncate text-sm font-semibold">{one.name}</p>
        <p className="truncate text-xs text-ink-3">{one.url}</p>
        <p className="text-xs text-ink-3">
          {[one.events.map((event) => EVENT_WORDS[event]).join(", "), ...channels].join(" · ")}
        </p>
        <p
          role="status"
          className={one.disabled || one.failing_since !== null ? "text-xs text-bad" : "text-xs text-ink-3"}
        >
          {one.disabled ? (
            `Switched off. ${one.disabled_because ?? ""}`
          ) : one.failing_since !== null ? (
            <>
              Takes nothing since <Ago at={one.failing_since} />
              {one.waiting > 0 && `; ${one.waiting} wait`}
              {one.dropped > 0 && `; ${one.dropped} were dropped`}
            </>
          ) : one.taken_at !== null ? (
            <>
              Took the last one <Ago at={one.taken_at} /> ago
            </>
          ) : (
            "Nothing was sent yet."
          )}
        </p>
      </div>
      {secret !== null && <Secret label="The new secret, shown this once. For a day both sign." value={secret} />}
      <div className="flex flex-wrap gap-2">
        <Button
          look="outline"
          size="sm"
          disabled={one.disabled}
          aria-label={`Try ${one.name}`}
          onClick={() => {
            setLog(true);
            doing(r.listDeliveries, call(r.pingOutgoing, { params }), "A ping is on its way.");
          }}
        >
          Try it
        </Button>
        <Button
          look="outline"
          size="sm"
          aria-expanded={log}
          aria-label={`Log of ${one.name}`}
          onClick={() => setLog(!log)}
        >
          Log
        </Button>
        <Button
          look="outline"
          size="sm"
          aria-label={`Another secret for ${one.name}`}
          onClick={() =>
            doing(
              r.listOutgoing,
              call(r.rotateOutgoing, { params }).then((made) => setSecret(made.secret)),
            )
          }
        >
          Change secret
        </Button>
        <Button
          look="outline"
          size="sm"
          aria-label={`${one.disabled ? "Switch on" : "Switch off"} ${one.name}`}
          onClick={() => change(!one.disabled)}
        >
          {one.disabled ? "Switch on" : "Switch off"}
        </Button>
        <Button
          look="danger"
          size="sm"
          aria-label={`Delete ${one.name}`}
          onClick={() => doing(r.listOutgoing, call(r.deleteOutgoing, { params }), `${one.name} is told no more.`)}
        >
          Delete
        </Button>
      </div>
      {log && <Deliveries hook_id={one.id} name={one.name} />}
    </div>
  );
}
