import { describe, expect, test } from "bun:test";

import {
  createUploader,
  PartRefused,
  PARTS_AT_ONCE_MAX,
  TRIES_PER_PART_MAX,
  type UploaderNeeds,
  type UploadHouse,
  type UploadProgress,
} from "./uploader.ts";

const PART = 10;

/** A house of paper: keeps parts in memory and counts what it was asked. */
function paperHouse(size_bytes: number) {
  const kept = new Map<number, string>();
  const log = { created: 0, aborted: 0, completed: [] as number[], puts: [] as number[], atOnce: 0, atOnceMost: 0 };
  let gone = false;
  const house: UploadHouse = {
    create: async () => {
      log.created += 1;
      gone = false;
      return { id: "u1", part_size_bytes: PART, part_count: Math.ceil(size_bytes / PART) };
    },
    look: async () => {
      if (gone) throw new Error("not found");
      return {
        part_size_bytes: PART,
        part_count: Math.ceil(size_bytes / PART),
        complete: false,
        parts: [...kept].map(([part_number, etag]) => ({ part_number, etag })),
      };
    },
    sign: async (_id, numbers) => numbers.map((part_number) => ({ part_number, url: `/put/${part_number}` })),
    complete: async (_id, parts) => void (log.completed = parts.map((part) => part.part_number)),
    abort: async () => void (log.aborted += 1),
  };
  return { house, kept, log, forget: () => void (gone = true) };
}

function uploading(size_bytes: number, more: Partial<UploaderNeeds> = {}) {
  const paper = paperHouse(size_bytes);
  const seen: UploadProgress[] = [];
  const sleeps: number[] = [];
  const names: string[] = [];
  const needs: UploaderNeeds = {
    size_bytes,
    slice: (from, to) => new Blob([new Uint8Array(to - from)]),
    house: paper.house,
    put: async (url, part, sent) => {
      const number = Number(url.split("/").pop());
      paper.log.atOnceMost = Math.max(paper.log.atOnceMost, ++paper.log.atOnce);
      await Promise.resolve();
      paper.log.puts.push(number);
      sent(part.size);
      paper.kept.set(number, `e${number}`);
      paper.log.atOnce -= 1;
      return `e${number}`;
    },
    changed: (progress) => seen.push(progress),
    named: (id) => names.push(id),
    sentence: (error) => String((error as Error).message),
    mayRetry: (error) => (error as Error).message === "away",
    now: () => performance.now(),
    random: () => 0.5,
    sleep: async (ms) => void sleeps.push(ms),
    ...more,
  };
  return { ...paper, seen, sleeps, names, uploader: createUploader(needs) };
}

describe("uploader", () => {
  test("MD80: the first and the last part go first, and what can begin is told once both are there", async () => {
    const told: number[][] = [];
    const { uploader, log, house, kept } = uploading(95);
    house.early = async (id) => {
      expect(id).toBe("u1");
      told.push([...kept.keys()]);
    };
    expect(await uploader.run()).toBe("u1");
    expect(log.puts.slice(0, 2).sort((a, b) => a - b)).toEqual([1, 10]);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(1);
    expect(told[0]).toContain(10);
    expect(log.completed).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test("MD80: what is sent in one go has no early; after a reload it is told again", async () => {
    for (const bytes of [5, 10, 20]) {
      const small = uploading(bytes);
      let asked = 0;
      small.house.early = async () => void asked++;
      expect(await small.uploader.run()).toBe("u1");
      expect(asked).toBe(0);
    }
    // Its two others are on their way, and arrive only after what could begin was told.
    const begun = Promise.withResolvers<void>();
    const few = uploading(40, {
      put: async (url) => {
        const number = Number(url.split("/").pop());
        if (number === 2 || number === 3) await begun.promise;
        return `e${number}`;
      },
    });
    few.house.early = async () => begun.resolve();
    expect(await few.uploader.run()).toBe("u1");
    const again = uploading(95, { id: "u1" });
    let asked = 0;
    for (const part of [1, 2, 10]) again.kept.set(part, `e${part}`);
    again.house.early = async () => void asked++;
    expect(await again.uploader.run()).toBe("u1");
    expect(asked).toBe(1);
  });

  test("WEB14: sends every part once, some at a time and never more, and completes them in order", async () => {
    const { uploader, log, names } = uploading(95);
    expect(await uploader.run()).toBe("u1");
    expect(log.puts.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(log.completed).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(log.atOnceMost).toBeLessThanOrEqual(PARTS_AT_ONCE_MAX);
    expect(log.atOnceMost).toBeGreaterThan(1);
    expect(names).toEqual(["u1"]);
    expect(uploader.progress()).toMatchObject({ state: "done", sent_bytes: 95 });
  });

  test("WEB15: after a reload it asks what arrived and sends only the rest", async () => {
    const { uploader, kept, log } = uploading(50, { id: "u1" });
    kept.set(1, "e1").set(3, "e3");
    await uploader.run();
    expect(log.created).toBe(0);
    expect(log.puts.toSorted((a, b) => a - b)).toEqual([2, 4, 5]);
    expect(log.completed).toEqual([1, 2, 3, 4, 5]);
  });

  test("WEB15: an upload that the house forgot begins anew under a new name", async () => {
    const { uploader, log, forget, names } = uploading(20, { id: "old" });
    forget();
    expect(await uploader.run()).toBe("u1");
    expect(log.created).toBe(1);
    expect(names).toEqual(["u1"]);
  });

  test("WEB16: a part that failed is sent again after a growing wait, with a new address", async () => {
    let failures = 0;
    const { uploader, sleeps } = uploading(10, {
      put: async (_url, part, sent) => {
        if (failures++ < 3) throw new PartRefused(failures === 1 ? 403 : 500);
        sent(part.size);
        return "e";
      },
    });
    expect(await uploader.run()).toBe("u1");
    expect(sleeps).toEqual([250, 500, 1000]);
  });

  test("WEB16: a part that never arrives ends the upload with a sentence, after a bounded number of tries", async () => {
    let tries = 0;
    const { uploader } = uploading(10, {
      put: async () => {
        tries += 1;
        throw new PartRefused(500);
      },
    });
    expect(await uploader.run()).toBeNull();
    expect(tries).toBe(TRIES_PER_PART_MAX);
    expect(uploader.progress()).toMatchObject({ state: "failed", problem: "storage answered 500" });
  });

  test("WEB16: a full store is not asked again and again", async () => {
    let tries = 0;
    const { uploader } = uploading(10, {
      put: async () => {
        tries += 1;
        throw new PartRefused(507);
      },
    });
    await uploader.run();
    expect(tries).toBe(1);
  });

  test("WEB17: pause lets go of the line at once, and going on finishes without sending anything twice", async () => {
    const arrived: number[] = [];
    let paused = false;
    const made = uploading(60, {
      put: async (url, part, sent, signal) => {
        const number = Number(url.split("/").pop());
        if (number === 3 && !paused) {
          paused = true;
          made.uploader.pause();
        }
        signal.throwIfAborted();
        sent(part.size);
        arrived.push(number);
        made.kept.set(number, `e${number}`);
        return `e${number}`;
      },
    });
    const { uploader } = made;
    expect(await uploader.run()).toBeNull();
    expect(uploader.progress().state).toBe("paused");
    const before = [...arrived];
    expect(await uploader.run()).toBe("u1");
    expect(arrived.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(before.length).toBeLessThan(6);
  });

  test("WEB17: cancel frees what the house holds and cannot be undone by a late part", async () => {
    const made = uploading(40);
    const running = made.uploader.run();
    await made.uploader.cancel();
    expect(await running).toBeNull();
    expect(made.uploader.progress().state).toBe("cancelled");
    expect(await made.uploader.run()).toBeNull();
    expect(made.log.completed).toEqual([]);
  });

  test("WEB18: progress never passes the size, and is told at most some times a second", async () => {
    let clock = 0;
    const { uploader, seen } = uploading(100, {
      now: () => (clock += 1),
      put: async (_url, part, sent) => {
        for (let bytes = 1; bytes <= part.size; bytes++) sent(bytes);
        return "e";
      },
    });
    await uploader.run();
    expect(Math.max(...seen.map((progress) => progress.sent_bytes))).toBeLessThanOrEqual(100);
    expect(seen.length).toBeLessThan(12);
  });
});

test("WEB14: a lost answer to the completion is asked for again; a refusal is not", async () => {
  let asked = 0;
  const lost = uploading(5 * PART);
  const complete = lost.house.complete;
  lost.house.complete = async (id, parts) => {
    if (++asked < 3) throw new Error("away");
    return complete(id, parts);
  };
  expect(await lost.uploader.run()).toBe("u1");
  expect(asked).toBe(3);
  const refused = uploading(5 * PART);
  refused.house.complete = async () => {
    asked += 1;
    throw new Error("no");
  };
  expect(await refused.uploader.run()).toBeNull();
  expect(asked).toBe(4);
});
