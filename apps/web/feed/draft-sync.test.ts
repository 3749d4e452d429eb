import { expect, test } from "bun:test";

import { Away, Refusal } from "../client.ts";
import { createDraftSync, type Kept } from "./draft-sync.ts";

function stand(save: (text: string, kept: Kept | null) => Promise<Kept>) {
  const state = { text: "" as string | null, kept: null as Kept | null, why: [] as string[], removed: [] as string[] };
  let due: (() => void) | null = null;
  const sync = createDraftSync<string>({
    content: () => state.text,
    kept: () => state.kept,
    save,
    remove: async ({ id }) => void state.removed.push(id),
    changed(kept, why) {
      state.kept = kept;
      state.why.push(why);
    },
    later(run) {
      due = run;
      return () => (due = null);
    },
  });
  return {
    state,
    sync,
    write: (text: string | null) => ((state.text = text), sync.touched()),
    isDue: () => due !== null,
  };
}

test("WEB70: without a line the draft waits, and goes when it is back", async () => {
  let away = true;
  const saved: string[] = [];
  const { state, sync, write } = stand(async (text) => {
    if (away) throw new Away();
    saved.push(text);
    return { id: "1", version: saved.length };
  });
  write("one");
  await sync.flush();
  expect([state.kept, saved]).toEqual([null, []]);
  away = false;
  await sync.flush();
  await sync.flush();
  expect([state.kept, saved]).toEqual([{ id: "1", version: 1 }, ["one"]]);
});

test("WEB70: one save at a time, and of what was written meanwhile the newest only", async () => {
  const gate = Promise.withResolvers<void>();
  const saved: string[] = [];
  const { sync, write } = stand(async (text, kept) => {
    saved.push(text);
    if (saved.length === 1) await gate.promise;
    return { id: "1", version: (kept?.version ?? 0) + 1 };
  });
  write("one");
  const first = sync.flush();
  write("two");
  write("three");
  gate.resolve();
  await first;
  await sync.flush();
  expect(saved).toEqual(["one", "three"]);
});

test("WEB70: what was changed elsewhere is not written over: this goes on as a draft of its own", async () => {
  const { state, sync, write } = stand(async (_text, kept) => {
    if (kept?.id === "1") throw new Refusal(412, { code: "draft.changed" });
    return { id: "2", version: 1 };
  });
  state.kept = { id: "1", version: 4 };
  write("mine");
  await sync.flush();
  expect([state.kept, state.why]).toEqual([{ id: "2", version: 1 }, ["fork", "saved"]]);
});

test("WEB70: a draft that was emptied goes; a refusal ends the tries; settled, nothing begins by itself", async () => {
  let tries = 0;
  const { state, sync, write, isDue } = stand(async () => {
    tries += 1;
    throw new Refusal(409, { code: "draft.too_many" });
  });
  write("x");
  await sync.flush();
  expect(tries).toBe(1);
  state.kept = { id: "1", version: 1 };
  write(null);
  await sync.flush();
  expect(state).toMatchObject({ removed: ["1"], kept: null });
  write("y");
  expect(isDue()).toBe(true);
  await sync.settle();
  expect([isDue(), tries]).toEqual([false, 1]);
});
