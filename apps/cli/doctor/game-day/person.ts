import { z } from "zod";

import { Problem } from "#kernel/errors.ts";

import type { Guest } from "../../../server/control/contract.ts";
import type { Ask } from "./ask.ts";

/** A guest who has signed in. */
export interface SignedInGuest extends Guest {
  token: string;
}

const zSignedIn = z.object({ token: z.string() });

/** @throws Problem 503 when the house does not let its own guests in */
export async function signIn(ask: Ask, guest: Guest): Promise<SignedInGuest> {
  const { handle, password } = guest;
  const answered = await ask("POST", "/v1/sessions", { body: { handle, password } });
  const read = zSignedIn.safeParse(answered.body);
  if (answered.fate !== "ok" || !read.success)
    throw new Problem(
      503,
      "game_day.no_entry",
      `A guest could not sign in (${answered.because}), so there is nothing to measure.`,
    );
  return { ...guest, token: read.data.token };
}
