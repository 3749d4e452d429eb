import { Hash, Lock, Megaphone, UsersRound } from "lucide-react";

import type { ChannelKind } from "#systems/chat/contract.ts";

const MARKS = { direct: UsersRound, group: UsersRound, public: Hash, private: Lock, announcement: Megaphone } as const;
export const KIND_WORDS: Record<ChannelKind, string> = {
  direct: "Direct",
  group: "Group",
  public: "Public channel",
  private: "Private channel",
  announcement: "Announcements",
};

export function ChannelMark({ kind }: { kind: ChannelKind }) {
  const Mark = MARKS[kind];
  return (
    <span
      className="grid size-9 shrink-0 place-items-center rounded-full bg-sunken text-ink-3"
      title={KIND_WORDS[kind]}
    >
      <Mark className="size-4.5" aria-hidden="true" />
      <span className="sr-only">{KIND_WORDS[kind]}</span>
    </span>
  );
}
