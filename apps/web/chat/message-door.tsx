import { useNavigate } from "@tanstack/react-router";
import { MessageSquareText } from "lucide-react";
import { useState } from "react";

import { chatRoutes as r } from "#systems/chat/contract.ts";

import { Button, IconButton } from "../parts/button.tsx";
import { call, queries } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";

/** From a person to the chat with them. */
export function MessageDoor({
  handle,
  name,
  small = false,
  leave,
}: {
  handle: string;
  name: string;
  /** A sign alone, in rows. */
  small?: boolean;
  /** Closes what the door stands in. */
  leave?: () => void;
}) {
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const open = () => {
    setBusy(true);
    call(r.openDirect, { params: { handle } })
      .then(async (channel) => {
        queries.setQueryData([r.channel.path, { id: channel.id }, {}], channel);
        void queries.invalidateQueries({ queryKey: [r.listChannels.path] });
        leave?.();
        await navigate({ to: "/chat/$id", params: { id: channel.id } });
      })
      .catch((error: unknown) => {
        setBusy(false);
        sorry(error);
      });
  };
  return small ? (
    <IconButton label={`Write to ${name}`} disabled={busy} onClick={open}>
      <MessageSquareText className="size-5" />
    </IconButton>
  ) : (
    <Button look="outline" size="sm" busy={busy} onClick={open}>
      <MessageSquareText className="size-4.5" aria-hidden="true" />
      <span className="max-sm:sr-only">
        Message <span className="sr-only">{name}</span>
      </span>
    </Button>
  );
}
