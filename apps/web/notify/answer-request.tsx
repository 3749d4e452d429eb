import { useState } from "react";

import type { PersonCard } from "#kernel/cards.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { Button } from "../parts/button.tsx";
import { call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";

/** Yes or no to somebody who asks to follow. */
export function AnswerRequest({ person }: { person: PersonCard }) {
  const [answer, setAnswer] = useState<"accepted" | "refused" | null>(null);
  const give = (wish: "accepted" | "refused") => {
    setAnswer(wish);
    call(wish === "accepted" ? peopleRoutes.acceptFollower : peopleRoutes.removeFollower, {
      params: { handle: person.handle },
    })
      .then(async () => {
        say(
          wish === "accepted"
            ? `${person.display_name} follows you now.`
            : `You did not let ${person.display_name} follow you.`,
        );
        await queries.invalidateQueries({ queryKey: [peopleRoutes.listFollowRequests.path], refetchType: "none" });
      })
      .catch((error: unknown) => {
        setAnswer(null);
        sorry(error);
      });
  };
  if (answer !== null)
    return <span className="text-sm text-ink-3">{answer === "accepted" ? "Follows you" : "Not let in"}</span>;
  return (
    <span className="flex gap-2">
      <Button size="sm" aria-label={`Let ${person.display_name} follow you`} onClick={() => give("accepted")}>
        Accept
      </Button>
      <Button
        look="outline"
        size="sm"
        aria-label={`Do not let ${person.display_name} follow you`}
        onClick={() => give("refused")}
      >
        Refuse
      </Button>
    </span>
  );
}
