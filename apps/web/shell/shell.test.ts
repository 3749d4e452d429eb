import { describe, expect, test } from "bun:test";

import { pressOf } from "./keyboard.ts";
import { createOverlay } from "./overlay.ts";
import { safePath } from "./session-path.ts";
import { createToggle } from "./toggle.ts";

describe("toggle", () => {
  const gate = () => {
    const calls: { id: string; on: boolean; done: (error?: Error) => void }[] = [];
    const shown: boolean[] = [];
    const failures: unknown[] = [];
    const toggle = createToggle({
      send: (id, on) =>
        new Promise<void>((resolve, reject) =>
          calls.push({ id, on, done: (error) => (error ? reject(error) : resolve()) }),
        ),
      show: (_id, on) => shown.push(on),
      failed: (error) => failures.push(error),
    });
    return { calls, shown, failures, toggle };
  };

  test("WEB7: shows the wish before the house answers", () => {
    const { toggle, shown, calls } = gate();
    void toggle.set("1", true, false);
    expect(shown).toEqual([true]);
    expect(calls.length).toBe(1);
  });

  test("WEB7: quick presses make one call at a time, and the last wish wins", async () => {
    const { toggle, calls } = gate();
    const done = toggle.set("1", true, false);
    void toggle.set("1", false, false);
    void toggle.set("1", true, false);
    void toggle.set("1", false, false);
    expect(calls.length).toBe(1);
    calls[0]!.done();
    await Promise.resolve();
    await Promise.resolve();
    expect(calls.map((sent) => sent.on)).toEqual([true, false]);
    calls[1]!.done();
    await done;
    expect(calls.length).toBe(2);
  });

  test("WEB7: a failure puts the switch back to what the house knows and says so", async () => {
    const { toggle, calls, shown, failures } = gate();
    const done = toggle.set("1", true, false);
    calls[0]!.done(new Error("no"));
    await done;
    expect(shown).toEqual([true, false]);
    expect(failures.length).toBe(1);
  });
});

describe("overlay", () => {
  test("WEB8: keeps no more than its bound, the oldest go first", () => {
    const overlay = createOverlay<{ a: number }>(2);
    overlay.patch("1", { a: 1 });
    overlay.patch("2", { a: 2 });
    overlay.patch("1", { a: 3 });
    overlay.patch("3", { a: 4 });
    expect(overlay.of("2")).toEqual({});
    expect(overlay.of("1")).toEqual({ a: 3 });
  });

  test("WEB8: an unchanged entry stays the same object, so that nothing is drawn again", () => {
    const overlay = createOverlay<{ a: number }>();
    overlay.patch("1", { a: 1 });
    expect(overlay.of("1")).toBe(overlay.of("1"));
    expect(overlay.of("9")).toBe(overlay.of("8"));
  });
});

describe("paths and keys", () => {
  test("WEB9: after signing in nobody is sent to another house", () => {
    for (const bad of [
      "//evil.example",
      "/\\evil.example",
      "https://evil.example",
      "javascript:alert(1)",
      "",
      undefined,
      7,
      "/a\nb",
    ]) {
      expect(safePath(bad)).toBe("/");
    }
    expect(safePath("/posts/1?x=2")).toBe("/posts/1?x=2");
  });

  test("WEB10: a press has one name whatever the platform's own key is", () => {
    const press = (key: string, more: object = {}) =>
      pressOf({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });
    expect(press("k", { metaKey: true })).toBe("mod+k");
    expect(press("K", { ctrlKey: true })).toBe("mod+k");
    expect(press("?")).toBe("?");
    expect(press("l", { altKey: true })).toBeNull();
  });
});
