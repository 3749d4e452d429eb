import type { UseNavigateResult } from "@tanstack/react-router";

import { openCase, type SubjectKind } from "#systems/moderation/contract.ts";

import { call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";

/** From a thing to its case, opened when there is none. For moderators. */
export const moderate = (subject: { kind: SubjectKind; id: string }, navigate: UseNavigateResult<string>): void =>
  void call(openCase, { body: { subject } })
    .then(({ id }) => navigate({ to: "/moderation", search: { id } }))
    .catch(sorry);
