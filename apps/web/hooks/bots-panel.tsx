import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type Bot, hooksRoutes as r } from "#systems/hooks/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Button } from "../parts/button.tsx";
import { Confirm } from "../parts/dialog.tsx";
import { TextField } from "../parts/field.tsx";
import { Secret } from "../parts/secret.tsx";
import { Ago } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { ask, call } from "../shell/house.ts";
import { ChannelField, doing, homeQuery, Kept, Maker } from "./kept.tsx";

export function BotsPanel({ slug }: { slug: string | null }) {
  const asked = useQuery({
    ...ask(r.listBots, { query: homeQuery(slug) }),
    select: ({ items }) => ({ items: items.map((one) => ({ ...one, id: one.bot.id })) }),
  });
  const [name, setName] = useState("");
  const [handle, setHandle] = useState("");
  return (
    <>
      <Panel title="Bots" intro="A bot is a member that a program speaks as. It reads and writes only where it is put.">
        <Kept asked={asked} empty="No bots yet.">
          {(one) => <OneBot one={one} slug={slug} />}
        </Kept>
      </Panel>
      <Panel title="A new bot">
        <Maker
          action="Make it"
          ready={name.trim() !== "" && handle.trim() !== ""}
          make={async () => {
            await call(r.createBot, { body: { ...homeQuery(slug), name, handle } });
            doing(r.listBots, Promise.resolve(), `${name} is there. Make a token for it.`);
            setName("");
            setHandle("");
            return null;
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
            label="Handle"
            required
            prefix="@"
            maxLength={30}
            value={handle}
            onChange={(event) => setHandle(event.target.value)}
          />
        </Maker>
      </Panel>
    </>
  );
}

function OneBot({ one, slug }: { one: Bot; slug: string | null }) {
  const [secret, setSecret] = useState<string | null>(null);
  const [channel, setChannel] = useState("");
  const [asking, setAsking] = useState(false);
  const params = { id: one.bot.id };
  const name = one.bot.display_name;
  const show = (made: Promise<{ secret: string }>) =>
    doing(
      r.listBots,
      made.then((token) => setSecret(token.secret)),
    );
  return (
    <div className="space-y-3">
      <div className="flex items-center gap-3">
        <Avatar person={one.bot} size="sm" />
        <span className="min-w-0 flex-1">
          <span className="block truncate text-sm font-semibold">{name}</span>
          <span className="block truncate text-xs text-ink-3">
            @{one.bot.handle} · {one.owner ? `answered for by ${one.owner.display_name}` : "nobody answers for it"}
          </span>
        </span>
        {one.owner === null && (
          <Button
            size="sm"
            onClick={() =>
              doing(r.listBots, call(r.changeBot, { params, body: { take_over: true } }), `You answer for ${name}.`)
            }
          >
            Take over
          </Button>
        )}
        <Button look="danger" size="sm" aria-label={`Delete ${name}`} onClick={() => setAsking(true)}>
          Delete
        </Button>
      </div>
      {secret !== null && <Secret label={`A token of ${name}: shown this once. Take it now.`} value={secret} />}
      {one.tokens.map((token) => (
        <div key={token.id} className="flex items-center gap-2 pl-12 text-xs text-ink-2">
          <span className="min-w-0 flex-1 truncate">
            {token.name} · {token.last_used_at ? <Ago at={token.last_used_at} /> : "never used"}
          </span>
          <Button
            look="outline"
            size="sm"
            aria-label={`Another secret for ${token.name} of ${name}`}
            onClick={() => show(call(r.rotateBotToken, { params: { ...params, token_id: token.id } }))}
          >
            Change
          </Button>
          <Button
            look="danger"
            size="sm"
            aria-label={`Revoke ${token.name} of ${name}`}
            onClick={() =>
              doing(
                r.listBots,
                call(r.revokeBotToken, { params: { ...params, token_id: token.id } }),
                "It works no more.",
              )
            }
          >
            Revoke
          </Button>
        </div>
      ))}
      <div className="flex flex-wrap items-end gap-2 pl-12">
        <Button
          look="outline"
          size="sm"
          aria-label={`Make a token for ${name}`}
          onClick={() => show(call(r.makeBotToken, { params, body: { name: "Token", scopes: ["read", "write"] } }))}
        >
          Make a token
        </Button>
        {slug !== null && (
          <>
            <ChannelField slug={slug} value={channel} choose={setChannel} />
            <Button
              look="outline"
              size="sm"
              disabled={channel === ""}
              aria-label={`Put ${name} into the channel`}
              onClick={() =>
                doing(r.listBots, call(r.putBotIn, { params: { ...params, channel_id: channel } }), `${name} is in.`)
              }
            >
              Put in
            </Button>
          </>
        )}
      </div>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={`Delete ${name}?`}
        action="Delete"
        onConfirm={() => {
          setAsking(false);
          doing(r.listBots, call(r.deleteBot, { params }), `${name} is gone.`);
        }}
      >
        Its tokens, webhooks and commands end now, and what it wrote goes too.
      </Confirm>
    </div>
  );
}
