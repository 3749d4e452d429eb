import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { CHANNEL_NAME_CHARS_MAX, chatRoutes as r } from "#systems/chat/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { TextField } from "../parts/field.tsx";
import { ask, call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { chatsChanged } from "./conversations.ts";
import { PeoplePicker, type Picked } from "./people-picker.tsx";

const NEAR_MAX = 8;

/** One name begins a direct chat, several a group. */
export default function StartSheet({ me, close }: { me: { id: string; handle: string }; close: () => void }) {
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<Picked[]>([]);
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const channels = useQuery(ask(r.listChannels));
  const follows = useQuery(ask(peopleRoutes.listFollowing, { params: { handle: me.handle } }));
  // Whom one wrote with lately, then whom one follows.
  const near = [
    ...(channels.data?.items.filter((one) => one.kind === "direct").flatMap((one) => one.people) ?? []),
    ...(follows.data?.items ?? []),
  ]
    .filter((one, i, all) => one.id !== me.id && all.findIndex((other) => other.id === one.id) === i)
    .slice(0, NEAR_MAX);
  const start = (handles: string[]) => {
    setBusy(true);
    const [only] = handles;
    const asked =
      handles.length === 1 && only !== undefined
        ? call(r.openDirect, { params: { handle: only } })
        : call(r.createGroup, { body: { handles, name: name.trim() === "" ? null : name.trim() } });
    asked
      .then(async (channel) => {
        await chatsChanged();
        close();
        await navigate({ to: "/chat/$id", params: { id: channel.id } });
      })
      .catch((error: unknown) => {
        setBusy(false);
        sorry(error);
      });
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Write to" tall>
      <div className="flex flex-1 flex-col gap-4 px-6 pb-6">
        <PeoplePicker chosen={chosen} change={setChosen} label="Whom to write to" near={near} />
        {chosen.length > 1 && (
          <TextField
            label="Name of the group"
            hint="Without one it is called by its people."
            value={name}
            maxLength={CHANNEL_NAME_CHARS_MAX}
            onChange={(event) => setName(event.target.value)}
          />
        )}
        <div className="mt-auto flex flex-wrap justify-end gap-2">
          {chosen.length === 0 && (
            <Button look="quiet" onClick={() => start([me.handle])}>
              Notes to yourself
            </Button>
          )}
          <Button busy={busy} disabled={chosen.length === 0} onClick={() => start(chosen.map((one) => one.handle))}>
            {chosen.length > 1 ? "Begin a group" : "Begin"}
          </Button>
        </div>
      </div>
    </Sheet>
  );
}
