import { useQuery } from "@tanstack/react-query";
import { BellOff, CalendarClock, Hourglass, Lock, Megaphone } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";

import { type Channel, chatRoutes as r } from "#systems/chat/contract.ts";

import { ask } from "../shell/house.ts";
import { channelTalk, useHeld } from "./conversations.ts";
import { usePresence } from "./presence.ts";
import { waitWords } from "./slow.ts";

/** What one should know before one writes here: how often, to whom, what goes by itself. */
export function ComposerNotes({
  channel,
  me_id,
  openScheduled,
}: {
  channel: Channel;
  me_id: string;
  openScheduled: () => void;
}) {
  const scheduled = useQuery({ ...ask(r.listScheduledMessages), staleTime: 60_000 });
  const other = channel.kind === "direct" ? channel.people.find((person) => person.id !== me_id) : undefined;
  const presence = usePresence(other?.id);
  const here = scheduled.data?.items.filter((one) => one.channel_id === channel.id) ?? [];
  const failed = here.some((one) => one.failed !== null);
  return (
    <>
      {here.length > 0 && (
        <Note icon={<CalendarClock />}>
          <button
            type="button"
            onClick={openScheduled}
            className="min-h-6 font-semibold text-accent-ink hover:underline"
          >
            {failed
              ? "A scheduled message could not be sent"
              : here.length === 1
                ? "1 message is scheduled"
                : `${here.length} messages are scheduled`}
          </button>
        </Note>
      )}
      {presence?.state === "quiet" && other && channel.may.send && (
        <Note icon={<BellOff />}>
          {other.display_name} does not wish to be disturbed now. It will be there when they look.
        </Note>
      )}
      {channel.kind === "announcement" && channel.may.send && (
        <Note icon={<Megaphone />}>
          {channel.member_count === 1 ? "1 person reads" : `${channel.member_count} people read`} this. Only moderators
          write here; everybody can react.
        </Note>
      )}
      {channel.slow_mode_s > 0 && channel.may.send && <SlowNote channel={channel} me_id={me_id} />}
    </>
  );
}

/** In the place of the field, for who may not write here. */
export const ReadOnlyNote = ({ because, announces }: { because: string | null; announces: boolean }) => (
  <p className="flex items-center justify-center gap-2 border-t border-line bg-surface px-4 py-4 pb-[calc(1rem+env(safe-area-inset-bottom))] text-center text-sm text-ink-2">
    {announces ? (
      <Megaphone className="size-4.5 shrink-0 text-ink-3" aria-hidden="true" />
    ) : (
      <Lock className="size-4.5 shrink-0 text-ink-3" aria-hidden="true" />
    )}
    {announces ? "Only the space's moderators write here. You can react." : because}
  </p>
);

function SlowNote({ channel, me_id }: { channel: Channel; me_id: string }) {
  const { items } = useHeld(channelTalk(channel.id));
  const last = items.findLast((one) => one.author?.id === me_id)?.created_at;
  const free_at = last === undefined ? 0 : Date.parse(last) + channel.slow_mode_s * 1_000;
  const left_s = useLeft(channel.may.moderate ? 0 : free_at);
  return (
    <Note icon={<Hourglass />}>
      {channel.may.moderate
        ? `Slow mode: members write once in ${waitWords(channel.slow_mode_s)}. You may write at any time.`
        : left_s > 0
          ? `Slow mode: you can write again in ${waitWords(left_s)}. What you send before goes then.`
          : `Slow mode: one message in ${waitWords(channel.slow_mode_s)}.`}
    </Note>
  );
}

/** Seconds until a moment, told each second while there are any. */
function useLeft(at_ms: number): number {
  const [now_ms, setNow] = useState(() => performance.timeOrigin + performance.now());
  const left = Math.max(0, Math.ceil((at_ms - now_ms) / 1_000));
  const waits = left > 0;
  useEffect(() => {
    const tick = () => setNow(performance.timeOrigin + performance.now());
    tick();
    if (!waits) return;
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, [at_ms, waits]);
  return left;
}

const Note = ({ icon, children }: { icon: ReactNode; children: ReactNode }) => (
  <p className="flex items-center gap-2 px-5 py-0.5 text-xs text-ink-3 [&_svg]:size-3.5 [&_svg]:shrink-0">
    <span aria-hidden="true">{icon}</span>
    <span className="min-w-0">{children}</span>
  </p>
);
