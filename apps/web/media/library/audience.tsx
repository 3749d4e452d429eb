import { Globe, Lock, type LucideIcon, UserRoundCheck, UsersRound } from "lucide-react";

import type { Audience } from "#kernel/wire.ts";

const MARKS: Record<Audience, { label: string; detail: string; Icon: LucideIcon }> = {
  public: { label: "Everybody", detail: "Anyone can find it.", Icon: Globe },
  followers: { label: "Followers", detail: "Those who follow you.", Icon: UserRoundCheck },
  space: { label: "A space", detail: "The members of one of your spaces.", Icon: UsersRound },
  private: { label: "Only you", detail: "Nobody else finds it.", Icon: Lock },
};

export const audienceWords = (audience: Audience) => MARKS[audience];

export function AudienceMark({ audience, words = false }: { audience: Audience; words?: boolean }) {
  const { label, Icon } = MARKS[audience];
  return (
    <span className="inline-flex items-center gap-1">
      <Icon className="size-4 text-ink-3" {...(words ? { "aria-hidden": true } : { "aria-label": label })} />
      {words && label}
    </span>
  );
}
