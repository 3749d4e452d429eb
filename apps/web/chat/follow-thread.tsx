import { useQuery } from "@tanstack/react-query";
import { Bell, BellOff } from "lucide-react";
import { useEffect } from "react";

import { chatRoutes as r } from "#systems/chat/contract.ts";

import { IconButton } from "../parts/button.tsx";
import { ask, call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";

/** Whether one follows the thread, and a press to change it. What is on the screen is read. */
export function FollowThread({
  root_id,
  last_seq,
  joined,
}: {
  root_id: string;
  /** Of the newest answer that is shown. */
  last_seq: string | undefined;
  joined: boolean;
}) {
  const params = { id: root_id };
  const asked = useQuery({ ...ask(r.threadState, { params }), enabled: joined });
  const state = asked.data;
  const behind =
    state?.followed === true && last_seq !== undefined && BigInt(last_seq) > BigInt(state.read_seq) ? last_seq : null;
  useEffect(() => {
    if (behind === null || document.visibilityState !== "visible") return;
    call(r.readThread, { params: { id: root_id }, body: { seq: behind } })
      .then(async (next) => {
        queries.setQueryData(ask(r.threadState, { params: { id: root_id } }).queryKey, next);
        await threadsChanged();
      })
      // Read again with the next answer.
      .catch(() => {});
  }, [behind, root_id]);
  if (!joined || !state) return null;
  const change = () => {
    call(state.followed ? r.leaveThread : r.followThread, { params })
      .then(async (next) => {
        queries.setQueryData(ask(r.threadState, { params }).queryKey, next);
        say(next.followed ? "You follow this thread." : "You follow this thread no more.");
        await threadsChanged();
      })
      .catch(sorry);
  };
  return (
    <IconButton label={state.followed ? "Follow this thread no more" : "Follow this thread"} onClick={change}>
      {state.followed ? <Bell className="size-5 fill-current" /> : <BellOff className="size-5" />}
    </IconButton>
  );
}

export const threadsChanged = () => queries.invalidateQueries({ queryKey: [r.followedThreads.path] });
