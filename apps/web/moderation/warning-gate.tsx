import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { myActs } from "#systems/moderation/contract.ts";

import { Sheet } from "../parts/dialog.tsx";
import { ask } from "../shell/house.ts";
import { Acknowledge, ConcernedAct } from "./concerned.tsx";
import { useWaiting } from "./waiting.ts";

/** A warning that was not read yet stands before the page until it was, or is put off until the next visit. */
export default function WarningGate() {
  return (useWaiting()?.warnings ?? 0) > 0 ? <Warnings /> : null;
}

function Warnings() {
  const { data } = useQuery(ask(myActs, { query: { unread: "true", limit: 1 } }));
  const [later, setLater] = useState(false);
  const act = data?.items[0];
  if (!act || later) return null;
  return (
    <Sheet open onOpenChange={(open) => !open && setLater(true)} title="A word from the moderators">
      <div className="px-6 pt-2 pb-8">
        <ConcernedAct act={act} plain after={<Acknowledge act={act} />} />
      </div>
    </Sheet>
  );
}
