import { describe, expect, test } from "bun:test";

import { Problem } from "#kernel/errors.ts";
import { createVirtualClock, type VirtualClock } from "#ports/clock/index.ts";

import type { Cache, CacheOptions, Caches } from "./index.ts";

/** The contract of SPEC.md. `open` gives caches that live by the clock it is given. */
export function cacheContract(engine: string, open: (clock: VirtualClock) => Caches): void {
  describe(`cache on ${engine}`, () => {
    const make = (options: Partial<CacheOptions<string>> = {}) => {
      const clock = createVirtualClock();
      const caches = open(clock);
      const cache = caches.create<string>({ name: "test", version: 1, entries_max: 100, ttl_ms: 1000, ...options });
      const stats = () => {
        const [of] = caches.stats();
        if (!of) throw new Error("no stats");
        return of;
      };
      return { cache, caches, clock, stats };
    };
    const bytes = { size_of: (value: string) => value.length };
    const loadOf = (value: string | null) => () => Promise.resolve(value);
    const never = () => Promise.reject(new Error("this must not be loaded"));
    /** A load that is held until told. */
    const held = () => {
      const { promise, resolve, reject } = Promise.withResolvers<string | null>();
      let calls = 0;
      let signal: AbortSignal | undefined;
      return {
        load: (given: AbortSignal) => {
          calls += 1;
          signal = given;
          return promise;
        },
        resolve,
        reject,
        calls: () => calls,
        signal: () => signal,
      };
    };
    /** Lets everything run that waits for nothing but promises. */
    const settle = async () => {
      for (let i = 0; i < 10; i++) await Promise.resolve();
    };
    const fill = (cache: Cache<string>, keys: string[], tenant?: string) => {
      for (const key of keys) cache.set(key, key, tenant);
    };

    test("CA11: a second cache of a name, a byte budget without a size, a share above 1", () => {
      const { caches } = make();
      const options = { version: 1, entries_max: 1, ttl_ms: 1 };
      expect(() => caches.create({ ...options, name: "test" })).toThrow(RangeError);
      expect(() => caches.create({ ...options, name: "b", bytes_max: 10 })).toThrow(RangeError);
      expect(() => caches.create({ ...options, name: "c", tenant_share_max: 1.5 })).toThrow(RangeError);
      expect(() => caches.create({ ...options, name: "d", entries_max: 0 })).toThrow(RangeError);
    });

    test("CA1: a failure reaches all who wait and is not kept", async () => {
      const { cache, stats } = make();
      const slow = held();
      const waiting = [cache.get("k", slow.load), cache.get("k", slow.load)];
      slow.reject(new Error("the database is away"));
      for (const each of waiting) await expect(each).rejects.toThrow("the database is away");
      expect(await cache.get("k", loadOf("v"))).toBe("v");
      expect(stats()).toMatchObject({ loads: 2, load_failures: 1 });
    });

    test("CA1: a load that throws at once fails like any other", async () => {
      const { cache } = make();
      const broken = () => {
        throw new Error("at once");
      };
      await expect(cache.get("k", broken)).rejects.toThrow("at once");
      expect(await cache.get("k", loadOf("v"))).toBe("v");
    });

    test("CA2: one load too many is refused, those under way are joined, and there is room again afterwards", async () => {
      const { cache, stats } = make({ loads_max: 2 });
      const [a, b] = [held(), held()];
      const waiting = [cache.get("a", a.load), cache.get("b", b.load), cache.get("a", never)];
      const refused: unknown = await cache.get("c", never).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(Problem);
      expect(refused).toMatchObject({ status: 503, code: "cache.busy" });
      a.resolve("1");
      b.resolve("2");
      expect(await Promise.all(waiting)).toEqual(["1", "2", "1"]);
      expect(await cache.get("c", loadOf("3"))).toBe("3");
      expect(stats().refusals).toBe(1);
    });

    test("CA2: a stale value is served without its refresh when there are too many loads", async () => {
      const { cache, clock, stats } = make({ loads_max: 1, stale_ms: 1000 });
      cache.set("old", "v");
      await clock.advance(1500);
      const slow = held();
      const waiting = cache.get("busy", slow.load);
      expect(await cache.get("old", never)).toBe("v");
      expect(stats().refusals).toBe(1);
      slow.resolve("x");
      await waiting;
    });

    test("CA3: a caller who leaves gets their reason, and the load goes on for the others", async () => {
      const { cache } = make();
      const slow = held();
      const leader = new AbortController();
      const leading = cache.get("k", slow.load, { signal: leader.signal });
      const follower = new AbortController();
      const following = cache.get("k", never, { signal: follower.signal });
      const staying = cache.get("k", never);
      leader.abort(new Error("the leader left"));
      follower.abort(new Error("the follower left"));
      await expect(leading).rejects.toThrow("the leader left");
      await expect(following).rejects.toThrow("the follower left");
      expect(slow.signal()?.aborted).toBe(false);
      slow.resolve("v");
      expect(await staying).toBe("v");
      expect(cache.peek("k")).toBe("v");
    });

    test("CA3: when the last has left the load is aborted, and the next caller begins anew", async () => {
      const { cache } = make();
      const slow = held();
      const only = new AbortController();
      const waiting = cache.get("k", slow.load, { signal: only.signal });
      only.abort(new Error("left"));
      await expect(waiting).rejects.toThrow("left");
      expect(slow.signal()?.aborted).toBe(true);
      expect(await cache.get("k", loadOf("new"))).toBe("new");
      slow.resolve("old");
      await settle();
      expect(cache.peek("k")).toBe("new");
    });

    test("CA3: a caller who had left before asking loads nothing", async () => {
      const { cache, stats } = make();
      await expect(cache.get("k", never, { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
      expect(stats().loads).toBe(0);
    });

    test.each(["delete", "set", "clear"] as const)(
      "CA4: a read begun before %s never fills the cache after it",
      async (how) => {
        const { cache } = make();
        const slow = held();
        const before = cache.get("k", slow.load);
        if (how === "delete") cache.delete("k");
        else if (how === "clear") cache.clear();
        else cache.set("k", "written");
        if (how !== "set") {
          // Nobody joins the old load either.
          const fresh = held();
          const after = cache.get("k", fresh.load);
          expect(fresh.calls()).toBe(1);
          fresh.resolve("written");
          expect(await after).toBe("written");
        }
        slow.resolve("old");
        expect(await before).toBe("old");
        expect(await cache.get("k", never)).toBe("written");
      },
    );

    test("CA5: concurrent callers of one key share one load", async () => {
      const { cache, stats } = make();
      const slow = held();
      const waiting = Array.from({ length: 100 }, () => cache.get("k", slow.load));
      slow.resolve("v");
      expect(new Set(await Promise.all(waiting))).toEqual(new Set(["v"]));
      expect(slow.calls()).toBe(1);
      expect(await cache.get("k", never)).toBe("v");
      expect(stats()).toMatchObject({ loads: 1, misses: 100, hits: 1 });
    });

    test("CA6: fresh, then stale while one load refreshes, then gone", async () => {
      const { cache, clock, stats } = make({ stale_ms: 500 });
      cache.set("k", "1");
      await clock.advance(999);
      expect(await cache.get("k", never)).toBe("1");
      await clock.advance(1);
      const slow = held();
      expect(await cache.get("k", slow.load)).toBe("1");
      expect(await cache.get("k", slow.load)).toBe("1");
      expect(slow.calls()).toBe(1);
      slow.resolve("2");
      await settle();
      expect(await cache.get("k", never)).toBe("2");
      await clock.advance(1500);
      expect(cache.peek("k")).toBeUndefined();
      expect(await cache.get("k", loadOf("3"))).toBe("3");
      expect(stats().stale_hits).toBe(2);
    });

    test("CA10: a refresh that fails is counted, and the old value stays for its time", async () => {
      const { cache, clock, stats } = make({ stale_ms: 500 });
      cache.set("k", "1");
      await clock.advance(1200);
      expect(await cache.get("k", never)).toBe("1");
      await settle();
      expect(stats().load_failures).toBe(1);
      expect(cache.peek("k")).toBe("1");
      await clock.advance(300);
      await expect(cache.get("k", never)).rejects.toThrow("must not be loaded");
    });

    test("CA7: what is not there is remembered for a short time", async () => {
      const { cache, clock } = make({ ttl_ms: 60_000, negative_ttl_ms: 100 });
      expect(await cache.get("k", loadOf(null))).toBeNull();
      expect(await cache.get("k", never)).toBeNull();
      expect(cache.peek("k")).toBeUndefined();
      await clock.advance(100);
      expect(await cache.get("k", loadOf("born"))).toBe("born");
      const without = make({ negative_ttl_ms: 0 });
      expect(await without.cache.get("k", loadOf(null))).toBeNull();
      expect(await without.cache.get("k", loadOf("v"))).toBe("v");
    });

    test("CA8: entries stay within their bound and the longest unused goes first", async () => {
      const { cache, stats } = make({ entries_max: 3 });
      fill(cache, ["a", "b", "c"]);
      expect(await cache.get("a", never)).toBe("a");
      cache.set("d", "d");
      expect(cache.peekMany(["a", "b", "c", "d"])).toEqual(["a", undefined, "c", "d"]);
      expect(stats()).toMatchObject({ entries: 3, evictions: 1 });
    });

    test("CA8: bytes stay within their bound, and one value that is too large is given but not kept", async () => {
      const { cache, stats } = make({ bytes_max: 10, ...bytes });
      cache.set("a", "1234");
      cache.set("b", "1234");
      cache.set("a", "123456");
      expect(stats()).toMatchObject({ entries: 2, bytes: 10 });
      cache.set("c", "1");
      expect([cache.peek("a"), cache.peek("b"), cache.peek("c")]).toEqual(["123456", undefined, "1"]);
      expect(await cache.get("big", loadOf("x".repeat(11)))).toHaveLength(11);
      expect(cache.peek("big")).toBeUndefined();
      expect(stats()).toMatchObject({ entries: 2, bytes: 7 });
      cache.clear();
      expect(stats()).toMatchObject({ entries: 0, bytes: 0 });
    });

    test("CA9: a tenant pays with its own entries", async () => {
      const { cache, stats } = make({ entries_max: 10, tenant_share_max: 0.3 });
      fill(cache, ["x1", "x2"], "quiet");
      fill(cache, ["none"]);
      fill(cache, ["y1", "y2", "y3"], "loud");
      expect(await cache.get("y1", never)).toBe("y1");
      fill(cache, ["y4", "y5"], "loud");
      const there = ["x1", "x2", "none", "y1", "y2", "y3", "y4", "y5"].filter((key) => cache.peek(key) !== undefined);
      expect(there).toEqual(["x1", "x2", "none", "y1", "y4", "y5"]);
      expect(stats()).toMatchObject({ entries: 6, evictions: 2 });
    });

    test("CA9: a tenant's bytes are bounded too, and an entry may change its tenant", () => {
      const { cache, stats } = make({ bytes_max: 20, tenant_share_max: 0.5, ...bytes });
      cache.set("a", "12345", "one");
      cache.set("b", "12345", "one");
      cache.set("a", "12345", "two");
      cache.set("c", "12345", "one");
      expect(["a", "b", "c"].map((key) => cache.peek(key))).toEqual(["12345", "12345", "12345"]);
      cache.set("d", "12345", "one");
      expect(["a", "b", "c", "d"].map((key) => cache.peek(key))).toEqual(["12345", undefined, "12345", "12345"]);
      cache.set("e", "12345678901", "two");
      expect(cache.peek("e")).toBeUndefined();
      expect(stats().bytes).toBe(15);
    });

    test("CA12: room is made at the expense of who holds more than an equal part", async () => {
      const { cache } = make({ entries_max: 12 });
      fill(cache, ["q1", "q2"], "quiet");
      fill(cache, ["n1", "n2"]);
      const loud = Array.from({ length: 40 }, (_, i) => `l${i}`);
      fill(cache, loud, "loud");
      // Alone it had all that was free; what the others hold it does not get.
      expect(cache.peekMany(["q1", "q2", "n1", "n2"])).toEqual(["q1", "q2", "n1", "n2"]);
      expect(cache.peekMany(loud).filter((value) => value !== undefined)).toEqual(loud.slice(-8));
      fill(cache, ["m1", "m2", "m3"], "modest");
      expect(cache.peekMany(["q1", "q2", "m1", "m2", "m3"])).toEqual(["q1", "q2", "m1", "m2", "m3"]);
      expect(cache.peekMany(loud).filter((value) => value !== undefined)).toEqual(loud.slice(-5));
    });

    test("CA12: so it is with bytes, and where there are more tenants than room", () => {
      const { cache, stats } = make({ bytes_max: 100, ...bytes });
      cache.set("q", "x".repeat(20), "quiet");
      for (let i = 0; i < 30; i++) cache.set(`l${i}`, "x".repeat(10), "loud");
      expect([cache.peek("q")?.length, stats().bytes]).toEqual([20, 100]);
      const told = make({ entries_max: 4, tenant_of: (value) => value });
      fill(told.cache, ["a"]);
      for (let i = 0; i < 9; i++) told.cache.set(`k${i}`, "of one");
      expect(told.cache.peek("a")).toBe("a");
      const many = make({ entries_max: 5 });
      for (let i = 0; i < 30; i++) many.cache.set(`k${i}`, "v", `t${i}`);
      expect([many.stats().entries, many.cache.peek("k29")]).toEqual([5, "v"]);
    });

    test("CA13: when memory is short each cache keeps its part, what was used last", async () => {
      const { cache, caches, stats } = make({});
      fill(cache, ["a", "b", "c", "d"], "one");
      expect(await cache.get("a", never)).toBe("a");
      caches.shrink(0.5);
      expect(cache.peekMany(["a", "b", "c", "d"])).toEqual(["a", undefined, undefined, "d"]);
      expect(stats()).toMatchObject({ entries: 2, evictions: 2 });
    });

    test("CA8, CA9: whatever is done, the budgets hold and the sums are right", async () => {
      const seed = Number(process.env.SEED ?? 20_260_101);
      const clock = createVirtualClock(0, seed);
      const caches = open(clock);
      const bounds = { entries_max: 20, bytes_max: 200, tenant_share_max: 0.25, ttl_ms: 50, stale_ms: 20 };
      const cache = caches.create<string>({ name: "r", version: 1, ...bounds, ...bytes });
      const pick = (n: number) => Math.floor(clock.random() * n);
      for (let i = 0; i < 5_000; i++) {
        const key = `k${pick(40)}`;
        const tenant = ["a", "b", "c", undefined][pick(4)];
        const value = "x".repeat(pick(60));
        const what = pick(10);
        if (what < 4) cache.set(key, value, tenant);
        else if (what < 8) await cache.get(key, loadOf(pick(5) ? value : null), tenant === undefined ? {} : { tenant });
        else if (what < 9) cache.delete(key);
        else await clock.advance(pick(20));
        const [stats] = caches.stats();
        const sum = Array.from({ length: 40 }, (_, k) => cache.peek(`k${k}`)?.length ?? 0).reduce((a, b) => a + b, 0);
        const right = stats && stats.entries <= 20 && stats.bytes <= 200 && stats.bytes >= sum;
        if (!right) throw new Error(`seed ${seed}, step ${i}: ${JSON.stringify(stats)}, seen ${sum} bytes`);
      }
      for (let k = 0; k < 40; k++) cache.delete(`k${k}`);
      expect(caches.stats()[0]).toMatchObject({ entries: 0, bytes: 0 });
    });
  });
}
