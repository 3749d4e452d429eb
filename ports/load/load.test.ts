import { describe, expect, test } from "bun:test";

import { PRIORITIES, type Priority } from "#kernel/contract.ts";
import { Problem } from "#kernel/errors.ts";
import { createVirtualClock } from "#ports/clock/index.ts";

import { createLoad, type LoadNeeds, type Rank } from "./index.ts";

const MINUTE = 60_000;
const GIB = 2 ** 30;
const RANKS: Rank[] = [...PRIORITIES, "claimed"];

/** A load on a clock that stands still, whose turns end when the test says so. */
function make(more: Partial<LoadNeeds> = {}, seed = 1) {
  const clock = createVirtualClock(0, seed);
  const turns: (() => void)[] = [];
  const used = { rss: GIB, free: 0.9 };
  let stopped_ms = 0;
  const load = createLoad({
    clock: { ...clock, monotonic: () => clock.monotonic() + stopped_ms },
    afterTurn: (work) => turns.push(work),
    memory: { bytes_max: 10 * GIB, rss: () => used.rss, free: () => used.free },
    ...more,
  });
  const endTurn = () => {
    for (const work of turns.splice(0)) work();
  };
  /** As a request does; the word says what came of it. */
  const ask = async (priority: Rank, left_ms = MINUTE): Promise<string> => {
    try {
      await load.enter(priority, left_ms);
      return "in";
    } catch (error) {
      if (error instanceof Problem) return error.code;
      throw error;
    }
  };
  /** The same, and does not wait: what came of it until now. */
  const now = async (priority: Rank) => {
    let came = "waits";
    void ask(priority).then((what) => (came = what));
    await settle();
    return came;
  };
  const fill = async (priority: Priority, count: number) => {
    for (let i = 0; i < count; i++) expect(await ask(priority)).toBe("in");
  };
  /** A turn that held the thread for so long. */
  const turn = async (ms: number, during: () => void = () => {}) => {
    load.look("critical");
    await clock.advance(ms);
    during();
    endTurn();
  };
  /** A house whose database makes it wait, with more at work than may be. */
  const crowd = async () => {
    await fill("critical", 141);
    endTurn();
    await clock.advance(5_000);
    expect(load.stats().at_once_max).toBe(16);
    for (let i = 0; i < 32; i++) void ask("spare");
  };
  /** The process stood still, and its timers with it. */
  const stop = (ms: number) => (stopped_ms += ms);
  return { load, clock, used, ask, now, fill, crowd, turn, stop, endTurn };
}

const settle = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};
const problemOf = (work: () => unknown): Problem => {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("it was let in");
};

describe("ports/load refuses", () => {
  test("LD4: who waited too long, in a burst and, much sooner, once the line stands; also where nobody leaves", async () => {
    const { ask, clock, crowd } = make({ probe: () => new Promise(() => {}) });
    await crowd();
    const told: string[] = [];
    const wait = (priority: Priority) =>
      ask(priority).then((what) => told.push(`${priority} ${what} at ${clock.monotonic() - 5_000}`));
    void wait("act");
    void wait("spare");
    await clock.advance(150);
    void wait("read");
    await clock.advance(150);
    expect(await ask("spare")).toBe("load.busy");
    void wait("read");
    void wait("act");
    await clock.advance(50);
    void wait("critical");
    await clock.advance(1_000);
    expect(told).toEqual([
      "spare load.busy at 200",
      "act load.busy at 300",
      "read load.busy at 300",
      "read load.busy at 400",
      "act load.busy at 500",
      "critical load.busy at 900",
    ]);
  });

  test("LD5: one more than may wait; it pushes out the youngest of the least important below it", async () => {
    const { ask, load, fill, endTurn } = make();
    await fill("act", 128);
    endTurn();
    const waiting = Array.from({ length: 512 }, (_, i) => ask(i < 511 ? "read" : "spare"));
    expect(load.stats().waiting).toBe(512);
    expect(await ask("spare")).toBe("load.busy");
    void ask("act");
    expect(await waiting[511]!).toBe("load.busy");
    void ask("act");
    expect(await waiting[510]!).toBe("load.busy");
    expect(await ask("read")).toBe("load.busy");
    expect(load.stats().waiting).toBe(512);
  });

  test("LD6: who has no time left, and who would be served after its deadline", async () => {
    const { ask, clock, fill, load, endTurn } = make();
    expect(await ask("critical", 0)).toBe("load.late");
    await fill("act", 128);
    endTurn();
    const waiting = Array.from({ length: 300 }, () => ask("act"));
    // Ten leave in a tenth of a second: those who come now wait for two seconds and more.
    for (let i = 0; i < 2; i++) {
      await clock.advance(90);
      for (let k = 0; k < 10; k++) load.leave("act");
      await clock.advance(10);
      endTurn();
    }
    expect(await ask("act", 1_500)).toBe("load.late");
    expect(await ask("act", 60_000)).toBe("load.busy");
    expect(await ask("critical", 1_500)).toBe("in");
    while (load.stats().waiting > 3) load.leave("act");
    const patient = ask("act", 1_900);
    for (let k = 0; k < 100; k++) load.leave("act");
    expect(await patient).toBe("in");
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["in"]));
  });

  test("LD7: behind, who has waited for the turn longer than its level bears; the first of a turn is let in", async () => {
    const { now, clock, load, turn } = make();
    for (let i = 0; i < 6; i++) await turn(100);
    expect(load.stats().is_behind).toBe(true);
    expect(await now("read")).toBe("in");
    await clock.advance(60);
    expect([await now("read"), await now("act"), await now("critical")]).toEqual(["load.busy", "waits", "waits"]);
    await clock.advance(45);
    expect([await now("act"), await now("critical")]).toEqual(["load.busy", "waits"]);
  });

  test("LD7: a burst is not behind, nor long turns with sleep between them; a short turn ends it", async () => {
    const { clock, load, turn } = make();
    for (let i = 0; i < 4; i++) await turn(100);
    expect(load.stats().is_behind).toBe(false);
    await turn(10);
    for (let i = 0; i < 20; i++) {
      await turn(100);
      await clock.advance(100);
    }
    expect(load.stats().is_behind).toBe(false);
    await turn(10);
    for (let i = 0; i < 6; i++) await turn(100);
    expect(load.stats().is_behind).toBe(true);
    await turn(10);
    expect(load.stats().is_behind).toBe(false);
  });

  test("LD8: what is spare while the house is behind", async () => {
    const { ask, turn, endTurn } = make();
    for (let i = 0; i < 6; i++) await turn(100);
    expect([await ask("spare"), await ask("read")]).toEqual(["load.busy", "in"]);
    endTurn();
    expect(await ask("spare")).toBe("in");
  });

  test("LD7: a house that nobody asked for a while is not behind any more, also for what is spare", async () => {
    const { ask, clock, turn } = make();
    for (let i = 0; i < 6; i++) await turn(100);
    await clock.advance(400);
    expect(await ask("spare")).toBe("load.busy");
    const { ask: asked, clock: later, turn: took } = make();
    for (let i = 0; i < 6; i++) await took(100);
    await later.advance(600);
    expect(await asked("spare")).toBe("in");
  });

  test("LD16: who runs the house says what a read bears to wait for; the others' waits follow", async () => {
    const { ask, now, turn, clock, endTurn } = make({ wait_target_ms: 200 });
    for (let i = 0; i < 6; i++) await turn(190);
    expect(await ask("spare")).toBe("in");
    endTurn();
    for (let i = 0; i < 6; i++) await turn(210);
    expect(await ask("spare")).toBe("load.busy");
    await clock.advance(190);
    expect(await now("read")).toBe("waits");
    await clock.advance(20);
    expect([await now("read"), await now("act")]).toEqual(["load.busy", "waits"]);
  });

  test("LD11: what is spare from caution on, and new sockets and uploads at the last stage", async () => {
    const told: string[] = [];
    const { ask, clock, load, used, endTurn } = make({ onStage: (stage, was) => told.push(`${was} to ${stage}`) });
    const stages: string[] = [];
    for (const gib of [7.6, 8.6, 9.3, 9.0, 7.1, 6.9]) {
      used.rss = gib * GIB;
      await clock.advance(1_000);
      const refused = (["socket", "upload"] as const).map((what) => {
        try {
          load.hold(what);
          return "held";
        } catch (error) {
          return (error as Problem).code;
        }
      });
      stages.push([load.stage, await ask("spare"), await ask("read"), ...refused].join(" "));
      endTurn();
    }
    expect(stages).toEqual([
      "caution load.memory in held held",
      "shed load.memory in held held",
      "refuse load.memory in load.memory load.memory",
      "refuse load.memory in load.memory load.memory",
      "caution load.memory in held held",
      "calm in in held held",
    ]);
    expect(told).toEqual([
      "calm to caution",
      "caution to shed",
      "shed to refuse",
      "refuse to caution",
      "caution to calm",
    ]);
    expect(load.stats()).toMatchObject({ refused_sockets: 2, refused_uploads: 2, memory_stage: 0 });
  });

  test("LD11: from shed on more than half", async () => {
    const { ask, clock, fill, load, used, endTurn } = make();
    used.rss = 9 * GIB;
    await clock.advance(1_000);
    await fill("act", 64);
    endTurn();
    const more = ask("act");
    expect(load.stats().waiting).toBe(1);
    used.rss = GIB;
    await clock.advance(1_000);
    expect(await more).toBe("in");
  });

  test("LD13: a refusal says when to come back, not all at once, and is counted by priority", async () => {
    const { load, turn } = make();
    for (let i = 0; i < 6; i++) await turn(100);
    const refusals = Array.from({ length: 200 }, () => problemOf(() => load.enter("spare", MINUTE)));
    const seconds = refusals.map(({ extras }) => extras.retry_after_s!);
    expect([Math.min(...seconds), Math.max(...seconds), new Set(seconds).size]).toEqual([1, 10, 10]);
    expect(refusals[0]).toMatchObject({ status: 503, code: "load.busy" });
    expect(refusals[0]!.detail).toContain(`Try again in ${seconds[0]} s.`);
    expect(load.stats().shed).toEqual({ critical: 0, act: 0, read: 0, spare: 200 });
  });
});

describe("ports/load lets in", () => {
  test("LD1: at once while there is room, and whoever leaves makes room", async () => {
    const { ask, fill, load, endTurn } = make();
    expect(load.enter("read", MINUTE)).toBeNull();
    await fill("act", 127);
    endTurn();
    const next = ask("act");
    expect(load.stats()).toMatchObject({ in_flight: 128, waiting: 1, admitted: 128 });
    load.leave("act");
    expect(await next).toBe("in");
    expect(load.stats()).toMatchObject({ in_flight: 128, waiting: 0, admitted: 129 });
  });

  test("LD2: each level its share, and what is critical places that nobody else gets", async () => {
    const { fill, load, endTurn } = make();
    const filled: number[] = [];
    for (const priority of PRIORITIES.toReversed()) {
      while (load.stats().waiting === 0) {
        const turn = load.enter(priority, MINUTE);
        turn?.catch(() => {});
      }
      filled.push(load.stats().in_flight);
      // Out of the line again: one place more for it, and then one less.
      load.leave("act");
      if (load.stats().in_flight > filled.at(-1)! - 1) load.leave("act");
      await fill(priority, filled.at(-1)! - load.stats().in_flight);
      endTurn();
    }
    expect(filled).toEqual([64, 115, 128, 141]);
  });

  test("LD3: the most important first, and of one level who came first", async () => {
    const { ask, fill, load, endTurn } = make();
    await fill("critical", 141);
    endTurn();
    const came: string[] = [];
    const names = ["spare", "read", "act", "critical", "read", "critical"] as const;
    for (const [i, priority] of names.entries())
      void ask(priority).then((what) => came.push(`${priority} ${i}: ${what}`));
    for (let i = 0; i < 141; i++) load.leave("act");
    await settle();
    expect(came).toEqual(["critical 3: in", "critical 5: in", "act 2: in", "read 1: in", "read 4: in", "spare 0: in"]);
  });

  test("LD17: a turn of the loop begins work for a moment only; who comes after that has the next, the most important first", async () => {
    const { now, clock, ask, endTurn } = make();
    expect(await now("read")).toBe("in");
    await clock.advance(4);
    expect(await now("read")).toBe("in");
    await clock.advance(2);
    const came: string[] = [];
    for (const priority of ["spare", "read", "critical", "act"] as const)
      void ask(priority).then((what) => came.push(`${priority} ${what}`));
    await settle();
    expect(came).toEqual([]);
    // Some at a turn, more where turns are short.
    const at_turns: number[] = [];
    while (came.length < 4) {
      endTurn();
      await settle();
      at_turns.push(came.length);
    }
    expect(came).toEqual(["critical in", "act in", "read in", "spare in"]);
    expect(at_turns).toEqual([2, 4]);
  });

  test("LD18: of one level each place that they come from has its turn; a full line lets go of whoever has most in it", async () => {
    const { load, clock, fill, endTurn } = make();
    await fill("critical", 141);
    const came: string[] = [];
    const from = (place: string) =>
      Promise.resolve(load.enter("act", MINUTE, () => place)).then(
        () => came.push(place),
        (error: Problem) => came.push(`${place} ${error.code}`),
      );
    for (let i = 0; i < 511; i++) void from("flood");
    void from("a");
    expect(load.stats().waiting).toBe(512);
    void from("b");
    void from("a");
    await settle();
    expect(came).toEqual(["flood load.busy", "flood load.busy"]);
    for (let i = 0; i < 13 + 6; i++) load.leave("critical");
    await settle();
    expect(came.slice(2)).toEqual(["flood", "a", "b", "flood", "a", "flood"]);
    endTurn();
    await clock.advance(10_000);
  });

  test("LD19: what is claimed has half of the places and of the line, and keeps nobody else from theirs", async () => {
    const { load, clock, ask, now, endTurn } = make({ probe: () => new Promise(() => {}) });
    const crowd: string[] = [];
    for (let i = 0; i < 400; i++) void ask("claimed").then((what) => crowd.push(what));
    await settle();
    expect(load.stats()).toMatchObject({ in_flight: 64, waiting: 256 });
    expect(crowd.filter((what) => what === "load.busy")).toHaveLength(80);
    expect([await now("spare"), await now("read"), await now("act")]).toEqual(["waits", "in", "in"]);
    load.leave("claimed");
    await settle();
    expect(load.stats()).toMatchObject({ in_flight: 66, waiting: 256 });
    expect(load.stats().shed).toMatchObject({ critical: 80 });
    for (let i = 0; i < 3; i++) {
      for (let k = 0; k < 10; k++) load.leave("claimed");
      endTurn();
      await clock.advance(100);
    }
    expect(load.stats().waiting).toBeGreaterThan(100);
    endTurn();
    let came = "in";
    while (came === "in") came = await now("act");
    // Before it goes one of the crowd, and not all of it.
    expect(came).toBe("waits");
    endTurn();
    await clock.advance(10_000);
  });

  test("LD19: what is claimed takes no more than its half of a full line, whoever else waits in it", async () => {
    const { load, clock, fill, ask, now, endTurn } = make();
    await fill("critical", 141);
    endTurn();
    for (let i = 0; i < 300; i++) void ask("claimed");
    for (let i = 0; i < 256; i++) void ask("act");
    await settle();
    expect(load.stats().waiting).toBe(512);
    expect([await now("claimed"), await now("act"), await now("critical")]).toEqual([
      "load.busy",
      "load.busy",
      "waits",
    ]);
    await clock.advance(10_000);
  });

  test("LD24: what one page asks for is no load, though nobody is served for a while", async () => {
    const { load, clock, fill, ask, endTurn } = make({ probe: () => new Promise(() => {}) });
    await fill("critical", 141);
    endTurn();
    await clock.advance(5_000);
    const told: string[] = [];
    for (let i = 0; i < 20; i++) void ask(i % 4 === 0 ? "act" : "read").then((what) => told.push(what));
    await clock.advance(390);
    expect([told, load.stats().is_behind]).toEqual([[], false]);
    for (let i = 0; i < 141; i++) load.leave("critical");
    for (let i = 0; i < 10; i++) {
      endTurn();
      await settle();
      while (load.stats().in_flight > 10) load.leave("read");
    }
    expect(told).toEqual(Array.from({ length: 20 }, () => "in"));
  });

  test("LD20: a line that stood is believed to stand for a second more, though who was sent away emptied it", async () => {
    const { load, clock, crowd, ask, now } = make({ probe: () => new Promise(() => {}) });
    await crowd();
    void ask("act");
    await clock.advance(310);
    expect(load.stats()).toMatchObject({ waiting: 0, is_behind: true });
    expect([await now("spare"), await now("read")]).toEqual(["load.busy", "waits"]);
    await clock.advance(60);
    expect(load.stats().waiting).toBe(1);
    await clock.advance(40);
    expect(load.stats()).toMatchObject({ waiting: 0, is_behind: true });
    await clock.advance(1_001);
    expect(load.stats().is_behind).toBe(false);
    expect(await now("spare")).toBe("waits");
    await clock.advance(10_000);
  });

  test("LD21: where others are slow and nothing of ours is waited for, a house makes room within a second", async () => {
    const { load, clock, ask, endTurn } = make();
    let came = 0;
    const crowd = Array.from({ length: 600 }, () => ask("act").then((what) => (came += what === "in" ? 1 : 0)));
    for (let i = 0; i < 200; i++) {
      endTurn();
      await clock.advance(5);
    }
    await Promise.all(crowd);
    expect(came).toBeGreaterThan(400);
    expect(load.stats().at_once_max).toBeGreaterThan(400);
  });

  test("LD22: a process that was stopped for a while is not behind when it goes on, nor taken for a slow one", async () => {
    const { load, clock, ask, now, crowd, turn, stop, endTurn } = make({ probe: () => new Promise(() => {}) });
    await crowd();
    void ask("act");
    await clock.advance(100);
    load.look("critical");
    stop(60_000);
    endTurn();
    for (let i = 0; i < 2; i++) await turn(60);
    expect(load.stats()).toMatchObject({ is_behind: false, waiting: 0 });
    void ask("act");
    await clock.advance(100);
    stop(60_000);
    endTurn();
    await clock.advance(100);
    expect([await now("act"), await now("act"), await now("act")]).toEqual(["waits", "waits", "waits"]);
    await clock.advance(10_000);
  });

  test("LD9: fewer while our own queues are long, more where it was in the way, always within bounds", async () => {
    const { clock, fill, load, turn, endTurn } = make();
    await fill("act", 128);
    await clock.advance(100);
    endTurn();
    await turn(10);
    const before = load.stats().at_once_max;
    for (let i = 0; i < 100; i++) await turn(100);
    expect(load.stats().at_once_max).toBe(16);
    expect(before).toBeGreaterThan(100);
    // Half a minute without a long wait, in which all places were in use.
    for (let i = 0; i < 400; i++) {
      while (load.stats().in_flight < load.stats().at_once_max) await fill("act", 1);
      endTurn();
      await clock.advance(100);
    }
    expect(load.stats().at_once_max).toBe(1_024);
    for (let i = 0; i < 1_024; i++) load.leave("act");
    // They took half a minute each, and nothing of ours was in their way: it stays.
    await clock.advance(MINUTE);
    expect(load.stats().at_once_max).toBe(1_024);
  });

  test("LD10: a machine that runs out of memory counts too, whoever took it", async () => {
    const { clock, load, used } = make();
    const stages: string[] = [];
    for (const free of [0.05, 0.03, 0.02, 0.03, 0.045, 0.065, 0.08]) {
      used.free = free;
      await clock.advance(1_000);
      stages.push(load.stage);
    }
    expect(stages).toEqual(["caution", "shed", "refuse", "refuse", "shed", "caution", "calm"]);
  });

  test("LD11: memory is collected at most once in ten seconds", async () => {
    let collected = 0;
    const { clock, used } = make({ collect: () => (collected += 1) });
    await clock.advance(30_000);
    expect(collected).toBe(0);
    used.rss = 8 * GIB;
    await clock.advance(30_000);
    expect(collected).toBe(3);
  });

  test("LD15: the database's pool is asked only under load, once at a time, and its wait counts as ours", async () => {
    const asked: PromiseWithResolvers<void>[] = [];
    const { clock, fill, load, endTurn } = make({
      probe() {
        const one = Promise.withResolvers<void>();
        asked.push(one);
        return one.promise;
      },
    });
    await fill("act", 11);
    endTurn();
    await clock.advance(1_000);
    expect(asked).toHaveLength(0);
    await fill("act", 117);
    endTurn();
    await clock.advance(1_000);
    expect(asked).toHaveLength(1);
    const { at_once_max } = load.stats();
    expect(at_once_max).toBeLessThan(100);
    asked[0]!.reject(new Error("the database is away"));
    await settle();
    await clock.advance(100);
    expect(asked).toHaveLength(2);
    expect(load.stats()).toMatchObject({ probe_ms: null });
    expect(load.stats().at_once_max).toBeGreaterThanOrEqual(at_once_max);
  });

  test("LD14: whatever comes in whatever order, all are answered, and never more work than may", async () => {
    const seed = Number(process.env.SEED ?? 20_261_122);
    const { clock, load, endTurn } = make({}, seed);
    const pick = (n: number) => Math.floor(clock.random() * n);
    const open: Rank[] = [];
    let asked = 0;
    let answered = 0;
    for (let i = 0; i < 6_000; i++) {
      const what = pick(10);
      if (what < 6) {
        asked += 1;
        const rank = RANKS[pick(RANKS.length)]!;
        const began = async () => {
          try {
            await load.enter(rank, 50 + pick(3_000), () => `${pick(5)}`);
            open.push(rank);
          } catch (error) {
            if (!(error instanceof Problem)) throw error;
          }
          answered += 1;
        };
        void began();
        await settle();
      } else if (what < 8 && open.length > 0) {
        load.leave(open.splice(pick(open.length), 1)[0]!);
        await settle();
      } else await clock.advance(pick(40));
      if (pick(3) === 0) endTurn();
      await settle();
      const { in_flight, waiting, at_once_max } = load.stats();
      const most = Math.max(at_once_max, 1_024) + Math.ceil(Math.max(at_once_max, 1_024) * 0.1);
      if (in_flight !== open.length || in_flight > most || waiting > 512 || waiting !== asked - answered)
        throw new Error(`seed ${seed}, step ${i}: ${JSON.stringify(load.stats())}, open ${open.length}`);
    }
    for (let i = 0; i < 100; i++) {
      await clock.advance(100);
      endTurn();
    }
    await settle();
    expect(answered).toBe(asked);
  });
});
