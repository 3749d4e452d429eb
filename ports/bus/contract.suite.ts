import { afterEach, beforeEach, describe, expect, test } from "bun:test";

import type { Json } from "#kernel/json.ts";

import type { Bus } from "./index.ts";

/** The contract of SPEC.md. An engine between machines may lose messages; here, with nothing broken, all arrive. */
export function busContract(engine: string, open: () => Promise<Bus>): void {
  describe(`bus on ${engine}`, () => {
    let bus: Bus;
    beforeEach(async () => {
      bus = await open();
    });
    afterEach(() => bus[Symbol.asyncDispose]());

    /** Collects what arrives; `until(n)` resolves when there are so many. */
    const listen = (subject: string) => {
      const got: [string, Json][] = [];
      const waiting: { n: number; resolve: () => void }[] = [];
      const subscription = bus.subscribe(subject, (message, from) => {
        got.push([from, message]);
        for (const each of waiting) if (got.length >= each.n) each.resolve();
      });
      const until = (n: number) =>
        got.length >= n ? Promise.resolve() : new Promise<void>((resolve) => waiting.push({ n, resolve }));
      return { got, until, subscription };
    };
    /** Resolves when everything published before has been delivered. */
    const flushed = async () => {
      const end = listen("flush.end");
      bus.publish("flush.end", null);
      await end.until(1);
      end.subscription[Symbol.dispose]();
    };

    test.each(["", ".", "a.", ".a", "a..b", "a b", "a.*", "*", "a.>", "a\nb", "å", "a".repeat(201)])(
      "BU1: %j is no subject to publish to",
      (subject) => {
        expect(() => bus.publish(subject, 1)).toThrow(RangeError);
      },
    );

    test.each(["", "*", ".*", "a.*.b", "a.**", "a.>", "a*"])("BU1: %j is no pattern to subscribe to", (subject) => {
      expect(() => bus.subscribe(subject, () => {})).toThrow(RangeError);
    });

    test("BU1: a pattern means exactly one more segment", async () => {
      const below = listen("post.*");
      for (const subject of ["post", "post.1", "post.1.2", "posts.1", "post.2"]) bus.publish(subject, subject);
      await flushed();
      expect(below.got.map(([subject]) => subject).sort()).toEqual(["post.1", "post.2"]);
    });

    test("BU2: no handler runs inside publish", async () => {
      const all = listen("a");
      bus.publish("a", 1);
      expect(all.got).toEqual([]);
      await all.until(1);
    });

    test("BU3: each handler of the subject gets the message, and nobody else does", async () => {
      const [one, two, pattern, other] = [listen("a.b"), listen("a.b"), listen("a.*"), listen("a.c")];
      bus.publish("a.b", { text: "hej", n: [1, null] });
      await flushed();
      for (const each of [one, two, pattern]) expect(each.got).toEqual([["a.b", { text: "hej", n: [1, null] }]]);
      expect(other.got).toEqual([]);
    });

    test("BU4: one that was disposed gets nothing more, also of what is on its way", async () => {
      const [gone, stays] = [listen("a"), listen("a")];
      bus.publish("a", 1);
      gone.subscription[Symbol.dispose]();
      gone.subscription[Symbol.dispose]();
      await stays.until(1);
      expect(gone.got).toEqual([]);
    });

    test("BU4: one that another handler disposes gets nothing more, and one that it makes begins with the next", async () => {
      const got: string[] = [];
      const later: Disposable[] = [];
      bus.subscribe("a", () => {
        got.push("first");
        for (const each of later.splice(0)) each[Symbol.dispose]();
        bus.subscribe("a", () => got.push("new"));
      });
      later.push(bus.subscribe("a", () => got.push("second")));
      bus.publish("a", 1);
      await flushed();
      expect(got).toEqual(["first"]);
    });

    test("BU4: after the bus was disposed nothing arrives, and publishing is harmless", async () => {
      const all = listen("a");
      bus.publish("a", 1);
      await bus[Symbol.asyncDispose]();
      bus.publish("a", 2);
      const later = await open();
      const other = Promise.withResolvers<void>();
      later.subscribe("end", () => other.resolve());
      later.publish("end", null);
      await other.promise;
      await later[Symbol.asyncDispose]();
      expect(all.got).toEqual([]);
    });
  });
}
