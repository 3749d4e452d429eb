import { X } from "lucide-react";

import type { LinkCard } from "#kernel/cards.ts";
import { chatRoutes as r, type Message } from "#systems/chat/contract.ts";

import { LinkView } from "../feed/link-view.tsx";
import { call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { applyEverywhere } from "./conversations.ts";
import { told_cards } from "./link-cards.ts";

/** What is behind the first link of a message; who wrote it may take it away. */
export default function MessageLink({ message, link, mine }: { message: Message; link: LinkCard; mine: boolean }) {
  const params = { id: message.id };
  const hide = () => {
    told_cards.forget(message.id);
    applyEverywhere({ ...message, link: null, link_hidden: true });
    call(r.hideMessageLink, { params })
      .then(() => say("The card is gone. The menu of the message brings it back."))
      .catch((error: unknown) => {
        applyEverywhere(message);
        sorry(error);
      });
  };
  return (
    <div className="group/card relative max-w-md">
      <LinkView link={link} />
      {mine && (
        <button
          type="button"
          aria-label="Take the card away"
          title="Take the card away"
          onClick={hide}
          className="absolute top-5 right-1.5 grid size-8 place-items-center rounded-full bg-raised text-ink-2 opacity-0 shadow-1 group-focus-within/card:opacity-100 group-hover/card:opacity-100 [@media(hover:none)]:opacity-100"
        >
          <X className="size-4" aria-hidden="true" />
        </button>
      )}
    </div>
  );
}
