import { useQuery } from "@tanstack/react-query";

import { peopleRoutes } from "#systems/people/contract.ts";

import { Button } from "../parts/button.tsx";
import { ask, call, queries } from "../shell/house.ts";
import { createOverlay, useOverlaid } from "../shell/overlay.ts";
import { say, sorry } from "../shell/toasts.ts";
import { createToggle } from "../shell/toggle.ts";

/** What the viewer did to people just now, by handle. */
export interface Bond {
  you_follow: boolean;
  you_block: boolean;
  you_mute: boolean;
  /** Asked to follow somebody private, and not answered yet. */
  you_requested: boolean;
}
export const bonds = createOverlay<Bond>();

const toggleOf = (
  field: keyof Bond,
  on: typeof peopleRoutes.follow | typeof peopleRoutes.block | typeof peopleRoutes.mute,
  off: typeof peopleRoutes.unfollow | typeof peopleRoutes.unblock | typeof peopleRoutes.unmute,
) =>
  createToggle({
    send: async (handle, wish) => {
      await call(wish ? on : off, { params: { handle } });
      // What depends on it is asked again when it is next looked at.
      await queries.invalidateQueries({
        predicate: ({ queryKey }) =>
          typeof queryKey[0] === "string" && /feeds\/home|people\/\{handle\}$|following|people\/me$/.test(queryKey[0]),
        refetchType: "none",
      });
    },
    show: (handle, wish) => bonds.patch(handle, { [field]: wish }),
    failed: sorry,
  });

const toggles = {
  you_follow: toggleOf("you_follow", peopleRoutes.follow, peopleRoutes.unfollow),
  you_block: toggleOf("you_block", peopleRoutes.block, peopleRoutes.unblock),
  you_mute: toggleOf("you_mute", peopleRoutes.mute, peopleRoutes.unmute),
  you_requested: toggleOf("you_requested", peopleRoutes.follow, peopleRoutes.unfollow),
};

const WORDS: Record<keyof Bond, [on: string, off: string]> = {
  you_follow: ["You follow", "You no longer follow"],
  you_block: ["You block", "You no longer block"],
  you_mute: ["You muted", "You hear again from"],
  you_requested: ["You ask to follow", "You no longer ask to follow"],
};

/** Changes a bond at once, says so, and offers to undo it. */
export function setBond(field: keyof Bond, handle: string, name: string, on: boolean, quietly = false) {
  void toggles[field].set(handle, on, !on);
  if (!quietly) say(`${WORDS[field][on ? 0 : 1]} ${name}.`, () => setBond(field, handle, name, !on, true));
}

export function FollowButton({
  handle,
  name,
  following,
  asks = false,
  requested = false,
  size = "sm",
}: {
  handle: string;
  name: string;
  following: boolean;
  /** They are private: a follow is asked for. */
  asks?: boolean;
  requested?: boolean;
  size?: "sm" | "md";
}) {
  const bond = useOverlaid<Pick<Bond, "you_follow" | "you_requested">>(bonds, handle, {
    you_follow: following,
    you_requested: requested,
  });
  if (!bond.you_follow && (asks || bond.you_requested)) {
    return (
      <Button
        look={bond.you_requested ? "outline" : "primary"}
        size={size}
        aria-pressed={bond.you_requested}
        aria-label={bond.you_requested ? `Asked to follow ${name}. Press to take it back` : `Ask to follow ${name}`}
        onClick={() => setBond("you_requested", handle, name, !bond.you_requested, !bond.you_requested)}
      >
        {bond.you_requested ? "Requested" : "Ask to follow"}
      </Button>
    );
  }
  return bond.you_follow ? (
    <Button
      look="outline"
      size={size}
      aria-pressed="true"
      aria-label={`Following ${name}. Press to unfollow`}
      onClick={() => setBond("you_follow", handle, name, false)}
    >
      Following
    </Button>
  ) : (
    <Button
      size={size}
      aria-pressed="false"
      aria-label={`Follow ${name}`}
      onClick={() => setBond("you_follow", handle, name, true, true)}
    >
      Follow
    </Button>
  );
}

/** A follow button for where only the handle is known: it stands there for those whom the viewer does not follow yet. */
export function OfferFollow({ handle, name }: { handle: string; name: string }) {
  const { data: person } = useQuery(ask(peopleRoutes.person, { params: { handle } }));
  if (!person?.relation || person.relation.you_follow || person.relation.you_block) return null;
  return (
    <FollowButton
      handle={handle}
      name={name}
      following={false}
      asks={person.private}
      requested={person.relation.you_requested}
    />
  );
}
