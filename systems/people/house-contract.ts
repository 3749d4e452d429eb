import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zText } from "#kernel/wire.ts";

import { admin, tag } from "./base-contract.ts";
import * as b from "./bounds.ts";

export const SIGNUP_MODES = ["open", "invitation", "closed"] as const;
export type SignupMode = (typeof SIGNUP_MODES)[number];

export const zHouse = z
  .object({
    name: z.string(),
    sign_up: z.enum(SIGNUP_MODES),
    /** True until the first admin exists: then the page shows the set-up screen to who has the one-time link. */
    needs_setup: z.boolean(),
    /** What is degraded and what that means, in words for people. */
    notes: z.array(z.object({ code: z.string(), detail: z.string() })),
  })
  .meta({ id: "House" });

export const zSettings = z.object({ name: z.string(), sign_up: z.enum(SIGNUP_MODES) }).meta({ id: "HouseSettings" });
export type House = z.output<typeof zHouse>;
export type HouseSettings = z.output<typeof zSettings>;

export const houseRoutes = {
  house: defineRoute({
    method: "GET",
    path: "/v1/house",
    tag,
    summary: "What anyone may know of this house",
    access: { who: "anyone", scope: "read" },
    answers: { 200: zHouse },
  }),
  settings: defineRoute({
    method: "GET",
    path: "/v1/admin/settings",
    tag,
    summary: "The house's settings",
    access: admin,
    answers: { 200: zSettings },
  }),
  editSettings: defineRoute({
    method: "PATCH",
    path: "/v1/admin/settings",
    tag,
    summary: "Change the house's settings",
    access: admin,
    body: z.strictObject({
      name: zText(b.HOUSE_NAME_CHARS_MAX, 1).optional(),
      sign_up: z.enum(SIGNUP_MODES).optional(),
    }),
    answers: { 200: zSettings },
  }),
} as const;
