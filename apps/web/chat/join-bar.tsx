import { useState } from "react";

import { type Channel, chatRoutes as r } from "#systems/chat/contract.ts";

import { Button } from "../parts/button.tsx";
import { call, queries } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { chatsChanged } from "./conversations.ts";

/** Under a channel that one may read and has not joined. */
export function JoinBar({ channel }: { channel: Channel }) {
  const [busy, setBusy] = useState(false);
  const join = () => {
    setBusy(true);
    call(r.joinChannel, { params: { id: channel.id } })
      .then(async (joined) => {
        queries.setQueryData([r.channel.path, { id: channel.id }, {}], joined);
        await chatsChanged();
      })
      .catch((error: unknown) => {
        setBusy(false);
        sorry(error);
      });
  };
  return (
    <div className="flex flex-wrap items-center justify-center gap-3 border-t border-line bg-surface px-4 py-3 text-sm">
      You look at this channel from outside.
      <Button size="sm" busy={busy} onClick={join}>
        Join
      </Button>
    </div>
  );
}
