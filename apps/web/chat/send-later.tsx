import { Clock } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import { chatRoutes as r } from "#systems/chat/contract.ts";

import { call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";

const ScheduleSheet = lazy(() => import("../feed/writing/schedule-sheet.tsx"));

export const scheduledChanged = () => queries.invalidateQueries({ queryKey: [r.listScheduledMessages.path] });

/** What is written now and goes by itself at a moment that is chosen. */
export function SendLater({
  channel_id,
  root_id,
  text,
  done,
}: {
  channel_id: string;
  root_id: string | null;
  text: string;
  done: () => void;
}) {
  const [open, setOpen] = useState(false);
  const schedule = async (send_at: string) => {
    try {
      await call(r.scheduleMessage, { params: { id: channel_id }, body: { body: text.trim(), root_id, send_at } });
      setOpen(false);
      done();
      say("It goes by itself then.");
      await scheduledChanged();
    } catch (error) {
      sorry(error);
    }
  };
  return (
    <>
      <button
        type="button"
        aria-label="Send later"
        title="Send later"
        onClick={() => setOpen(true)}
        className="grid size-10 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink"
      >
        <Clock className="size-5" aria-hidden="true" />
      </button>
      <Suspense fallback={null}>
        {open && (
          <ScheduleSheet title="Send later" action="Send it then" onChoose={schedule} close={() => setOpen(false)} />
        )}
      </Suspense>
    </>
  );
}
