import { describe, expect, test } from "bun:test";

import { zBeacon } from "#systems/media/contract.ts";

import { placeOf } from "./beacons.ts";
import { createPlayingBook } from "./playing-book.ts";

const FACTS = { from: "home", autoplay: true, player: "web-1" } as const;
const DURATION_S = 100;
const begun = () => {
  const book = createPlayingBook("session-01", FACTS);
  book.wished(1_000);
  book.playing(1_400);
  return book;
};
/** Four looks a second, as browsers give them. */
function play(book: ReturnType<typeof begun>, from_s: number, to_s: number) {
  for (let at_s = from_s; at_s <= to_s; at_s += 0.25) book.at(at_s, DURATION_S);
}

describe("what a player tells", () => {
  test("MD167: the wait for the first picture is told once; nothing is told where nothing happened", () => {
    const book = createPlayingBook("session-01", FACTS);
    book.at(5, DURATION_S);
    expect(book.take(0)).toBeNull();
    book.wished(1_000);
    book.wished(1_200);
    book.playing(1_400);
    expect(book.take(2_000)).toMatchObject({ seq: 0, startup_ms: 400, from: "home" });
    book.playing(9_000);
    expect(book.take(9_000)).toBeNull();
  });

  test("MD167: a hundredth is entered once however often one looks and tells; going back enters it again", () => {
    const book = begun();
    play(book, 0, 4.5);
    expect(book.take(0)).toMatchObject({ played_ms: 4_500, watched: [[0, 4]] });
    play(book, 4.75, 4.75);
    expect(book.take(0)).toMatchObject({ played_ms: 250, watched: [] });
    play(book, 5, 6);
    // A step on within the same hundredth, and one back.
    book.jumped(6.5, DURATION_S);
    play(book, 6.5, 7);
    book.jumped(2, DURATION_S);
    play(book, 2, 3);
    book.jumped(50, DURATION_S);
    play(book, 50, 50.5);
    expect(book.take(0)).toMatchObject({
      watched: [
        [5, 7],
        [2, 3],
        [50, 50],
      ],
    });
    // The last moment belongs to the last hundredth; a film that begins anew is watched again.
    book.jumped(99.5, DURATION_S);
    book.at(100, DURATION_S);
    book.at(0, DURATION_S);
    book.at(0.25, DURATION_S);
    expect(book.take(0)).toMatchObject({
      played_ms: 750,
      watched: [
        [99, 99],
        [0, 0],
      ],
    });
  });

  test("MD167: waits, switches, rungs and errors are told as they were, in what the house takes", () => {
    const book = begun();
    book.level("240p");
    play(book, 0, 1);
    book.stalled(5_000);
    book.stalled(5_100);
    const first = book.take(6_000)!;
    expect(first).toMatchObject({ rebuffers: 0, rebuffer_ms: 1_000, switches: 0, rungs: { "240p": 1_000 } });
    book.playing(7_000);
    book.level("240p");
    book.level("480p");
    play(book, 1.25, 2);
    for (let i = 0; i < 20; i++) book.failed("fragLoadError");
    const second = book.take(8_000)!;
    expect(second).toMatchObject({ rebuffers: 1, rebuffer_ms: 1_000, switches: 1, rungs: { "480p": 1_000 }, seq: 1 });
    expect(second.errors).toHaveLength(8);
    for (const told of [first, second]) expect(zBeacon.safeParse(told).success).toBe(true);
    // Somebody who stops a film that waits does not wait any more.
    book.stalled(9_000);
    book.paused(9_500);
    expect(book.take(20_000)).toMatchObject({ rebuffers: 1, rebuffer_ms: 500 });
  });

  test("MD167: where somebody came from is told by the house's own places", () => {
    expect(["/", "/@astrid", "/shorts/1", "/embed/1", "/s/a", "/watch/1", "/search"].map(placeOf)).toEqual([
      "home",
      "profile",
      "shorts",
      "embed",
      "space",
      null,
      "other",
    ]);
  });
});
