import type { UseNavigateResult } from "@tanstack/react-router";

import type { SubjectKind } from "#systems/moderation/base-contract.ts";
import { openCase } from "#systems/moderation/cases/contract.ts";

import { call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";

/** From a thing to its case, opened when there is none. For moderators. */
export const moderate = (subject: { kind: SubjectKind; id: string }, navigate: UseNavigateResult<string>): void =>
  void call(openCase, { body: { subject } })
    .then(({ id }) => navigate({ to: "/moderation", search: { id } }))
    .catch(sorry);
