import { useEffect, useRef } from "react";

import { chatRoutes as r } from "#systems/chat/contract.ts";

import { call } from "../shell/house.ts";

const DRAFT_REST_MS = 1_500;

/** Kept in the house a moment after the last key, and when one goes elsewhere. */
export function useKeptDraft(channel_id: string, root_id: string | null, text: string, draft: string): void {
  const now = useRef({ text, saved: draft });
  useEffect(() => {
    now.current.text = text;
    const save = () => {
      const { text: body, saved } = now.current;
      if (body === saved) return;
      now.current.saved = body;
      // A draft that could not be kept is tried again with the next key.
      call(r.saveChatDraft, { params: { id: channel_id }, body: { body, root_id }, keepalive: true }).catch(() => {
        now.current.saved = saved;
      });
    };
    if (text === "") save();
    const rest = setTimeout(save, DRAFT_REST_MS);
    return () => clearTimeout(rest);
  }, [channel_id, root_id, text]);
  useEffect(
    () => () => {
      const { text: body, saved } = now.current;
      if (body !== saved)
        call(r.saveChatDraft, { params: { id: channel_id }, body: { body, root_id }, keepalive: true }).catch(() => {});
    },
    [channel_id, root_id],
  );
}
