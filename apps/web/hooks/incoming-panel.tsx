import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { hooksRoutes as r, type Incoming } from "#systems/hooks/contract.ts";

import { Button } from "../parts/button.tsx";
import { TextField } from "../parts/field.tsx";
import { Secret } from "../parts/secret.tsx";
import { Ago } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { ask, call } from "../shell/house.ts";
import { ChannelField, doing, Kept, Maker, useChannelNames } from "./kept.tsx";

const whole = (path: string) => location.origin + path;

export function IncomingPanel({ slug }: { slug: string }) {
  const asked = useQuery(ask(r.listIncoming, { query: { space: slug } }));
  const nameOf = useChannelNames(slug);
  const [name, setName] = useState("");
  const [channel_id, setChannel] = useState("");
  return (
    <>
      <Panel
        title="Incoming webhooks"
        intro="Whoever knows the address writes into the channel. Most programs that write to Slack can write here."
      >
        <Kept asked={asked} empty="None yet.">
          {(one) => <OneIncoming one={one} channel={nameOf(one.channel_id)} />}
        </Kept>
      </Panel>
      <Panel title="A new one">
        <Maker
          action="Make it"
          ready={name.trim() !== "" && channel_id !== ""}
          make={async () => {
            const made = await call(r.createIncoming, { body: { name, channel_id } });
            doing(r.listIncoming, Promise.resolve());
            setName("");
            return { label: `${made.name}: its address is shown this once. Take it now.`, value: whole(made.path) };
          }}
        >
          <TextField
            label="Name"
            required
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="Builds"
          />
          <ChannelField slug={slug} value={channel_id} choose={setChannel} />
        </Maker>
      </Panel>
    </>
  );
}

function OneIncoming({ one, channel }: { one: Incoming; channel: string }) {
  const [path, setPath] = useState<string | null>(null);
  const params = { id: one.id };
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center gap-2">
        <div className="min-w-40 flex-1">
          <p className="truncate text-sm font-semibold">{one.name}</p>
          <p className="text-xs text-ink-3">
            into {channel} · {one.disabled ? "switched off" : one.used_at ? <Ago at={one.used_at} /> : "never used"}
          </p>
        </div>
        <Button
          look="outline"
          size="sm"
          aria-label={`${one.disabled ? "Switch on" : "Switch off"} ${one.name}`}
          onClick={() => doing(r.listIncoming, call(r.changeIncoming, { params, body: { disabled: !one.disabled } }))}
        >
          {one.disabled ? "Switch on" : "Switch off"}
        </Button>
        <Button
          look="outline"
          size="sm"
          aria-label={`Another address for ${one.name}`}
          onClick={() =>
            doing(
              r.listIncoming,
              call(r.rotateIncoming, { params }).then((made) => setPath(made.path)),
            )
          }
        >
          Change address
        </Button>
        <Button
          look="danger"
          size="sm"
          aria-label={`Delete ${one.name}`}
          onClick={() => doing(r.listIncoming, call(r.deleteIncoming, { params }), `${one.name} writes no more.`)}
        >
          Delete
        </Button>
      </div>
      {path !== null && (
        <Secret label="Its new address, shown this once. The old one works no more." value={whole(path)} />
      )}
      {one.last_error !== null && one.last_error_at !== null && (
        <p className="text-xs text-bad">
          <Ago at={one.last_error_at} />: {one.last_error}
        </p>
      )}
    </div>
  );
}
