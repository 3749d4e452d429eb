import { z } from "zod";

import type { Clock } from "#ports/clock/index.ts";

import type { Answered, Ask } from "./ask.ts";
import { SETTLE_MS_MAX } from "./bounds.ts";
import type { SignedInGuest } from "./person.ts";

/** What became of all that was written while the house was ill. */
export interface Kept {
  written: number;
  acknowledged: number;
  /** Acknowledged, and not there. Must be 0. */
  lost: number;
  /** There more than once. Must be 0. */
  doubled: number;
  /** Had no answer, or a refusal, and is there once after it was sent again under its key. */
  sent_again: number;
  /** Could not be settled in time; not acknowledged, so not lost. */
  open: number;
}

export interface Notes {
  /** Writes one, seen by its writer alone, under a key of its own. */
  write(turn: number): Promise<Answered>;
  /** Once all is well again. */
  settle(): Promise<Kept>;
}

const zPosted = z.object({ id: z.string() });
const zPage = z.object({
  items: z.array(z.object({ id: z.string(), text: z.string() })),
  next_cursor: z.string().nullable(),
});
const PAGE = 50;
const AT_ONCE = 4;
const AGAIN_MS = 500;

export function createNotes(ask: Ask, clock: Clock, writer: SignedInGuest, name: string): Notes {
  const acknowledged = new Map<string, string>();
  const unsure = new Set<number>();
  let written = 0;
  const textOf = (turn: number) => `Game day ${name}, note ${turn}`;

  async function send(turn: number): Promise<Answered> {
    const answered = await ask("POST", "/v1/posts", {
      token: writer.token,
      key: `${writer.handle}-${name}-${turn}`,
      body: { text: textOf(turn), audience: "private" },
    });
    const posted = zPosted.safeParse(answered.body);
    if (answered.fate === "ok" && posted.success) acknowledged.set(textOf(turn), posted.data.id);
    return answered;
  }

  /** How often each text is there, and under which ids. */
  async function there(): Promise<Map<string, string[]> | null> {
    const found = new Map<string, string[]>();
    for (let cursor: string | null = ""; cursor !== null;) {
      const more: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const answered = await ask("GET", `/v1/people/${writer.handle}/posts?limit=${PAGE}${more}`, {
        token: writer.token,
      });
      const page = zPage.safeParse(answered.body);
      if (!page.success) return null;
      for (const { id, text } of page.data.items) found.set(text, [...(found.get(text) ?? []), id]);
      cursor = page.data.next_cursor;
    }
    return found;
  }

  return {
    async write(turn) {
      written += 1;
      unsure.add(turn);
      const answered = await send(turn);
      if (answered.fate === "ok") unsure.delete(turn);
      return answered;
    },
    async settle() {
      const until_ms = clock.monotonic() + SETTLE_MS_MAX;
      const before = acknowledged.size;
      const turns = [...unsure];
      const again = async () => {
        for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
          while ((await send(turn)).fate !== "ok") {
            if (clock.monotonic() > until_ms) return;
            await clock.sleep(AGAIN_MS);
          }
          unsure.delete(turn);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, again));
      let found = await there();
      while (found === null && clock.monotonic() < until_ms) {
        await clock.sleep(AGAIN_MS);
        found = await there();
      }
      const texts = [...acknowledged.entries()];
      return {
        written,
        acknowledged: texts.length,
        lost: texts.filter(([text, id]) => !found?.get(text)?.includes(id)).length,
        doubled: [...(found?.values() ?? [])].filter((ids) => ids.length > 1).length,
        sent_again: acknowledged.size - before,
        open: unsure.size,
      };
    },
  };
}
