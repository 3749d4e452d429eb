import { useNavigate } from "@tanstack/react-router";

import type { SubjectKind } from "#systems/moderation/contract.ts";

import { sorry } from "../shell/toasts.ts";

/** Its code comes when a moderator wants it: menus are on every screen, and most people are none. */
export function useModerate(): (subject: { kind: SubjectKind; id: string }) => void {
  const navigate = useNavigate();
  return (subject) =>
    void import("./moderate.ts").then(({ moderate }) => moderate(subject, navigate as never)).catch(sorry);
}
