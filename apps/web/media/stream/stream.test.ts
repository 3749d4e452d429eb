import { describe, expect, test } from "bun:test";

import type Hls from "hls.js";

import { placeToGoOn } from "../hls.ts";
import { fetchEarly, takeEarly } from "./early.ts";
import { engineOf } from "./engine.ts";
import { heightsOf, isThere, levelFor, levelName, startLevel } from "./levels.ts";
import { readBeginning, readMaster } from "./lists.ts";
import { retryAfter, TRIES_MAX, waitBefore } from "./patience.ts";
import { tieWithHls } from "./tie.ts";

const LADDER = [
  { height: 240, bitrate_bps: 400_000 },
  { height: 480, bitrate_bps: 1_200_000 },
  { height: 720, bitrate_bps: 2_500_000 },
  { height: 1080, bitrate_bps: 5_000_000 },
];
const told = (...progress: number[]) =>
  progress.map((share, at) => ({ rung: `${LADDER[at]!.height}p`, progress: share }));
const line = { told: [], bandwidth_bps: 100_000_000, side_px: 1080 };

describe("the quality to begin with", () => {
  test("WEB24: never more than the line carries, nor than the picture shows", () => {
    expect(startLevel(LADDER, { ...line, bandwidth_bps: 200_000 })).toBe(0);
    expect(startLevel(LADDER, { ...line, bandwidth_bps: 2_000_000 })).toBe(1);
    expect(startLevel(LADDER, { ...line, side_px: 390 })).toBe(1);
    expect(startLevel(LADDER, { ...line, side_px: 844 })).toBe(3);
    expect(startLevel([], line)).toBe(0);
  });

  test("WEB24: what is still being made waits; the lowest is begun with, or the best that is there", () => {
    expect(startLevel(LADDER, { ...line, told: told(0.2, 0.1, 0, 0) })).toBe(0);
    expect(startLevel(LADDER, { ...line, told: told(1, 1, 0.9, 0) })).toBe(1);
    expect(startLevel(LADDER, { ...line, told: told(1, 1, 1, 1) })).toBe(3);
  });

  test("WEB24: a copy of the source is there at once, whatever of it is stored", () => {
    const copied = [...told(1, 0, 0), { rung: "1080p", progress: 0, kind: "copy" }];
    expect(isThere(LADDER[3]!, copied)).toBe(true);
    expect(startLevel(LADDER, { ...line, told: copied })).toBe(3);
  });

  test("WEB29: a quality that somebody chose is kept to, or the next lower one", () => {
    expect(levelFor(LADDER, null)).toBe(-1);
    expect(levelFor(LADDER, 720)).toBe(2);
    expect(levelFor(LADDER, 900)).toBe(2);
    expect(levelFor(LADDER, 144)).toBe(0);
    expect([levelName(2160), levelName(480)]).toEqual(["4K", "480p"]);
  });
});

describe("two codecs", () => {
  const both = [LADDER[0]!, LADDER[1]!, { height: 720, bitrate_bps: 1_500_000 }, LADDER[2]!, LADDER[3]!];

  test("WEB29: a height is offered once, and stands for the one with fewer bits", () => {
    expect(heightsOf(both).map(({ height }) => height)).toEqual([240, 480, 720, 1080]);
    expect([240, 720, 1080].map((height) => both[levelFor(both, height)]!.bitrate_bps)).toEqual([
      400_000, 1_500_000, 5_000_000,
    ]);
    expect(levelFor([], 720)).toBe(0);
  });

  test("WEB26: lists are in the order of hls.js, by size and then by bits, and say what each is coded in", () => {
    const text = both
      .toReversed()
      .map(({ height, bitrate_bps }) => {
        const codecs = bitrate_bps === 1_500_000 ? "av01.0.05M.08,mp4a.40.2" : "avc1.64001f,mp4a.40.2";
        return `#EXT-X-STREAM-INF:BANDWIDTH=${bitrate_bps},CODECS="${codecs}",RESOLUTION=${height * 2}x${height}\nx.m3u8`;
      })
      .join("\n");
    const { variants } = readMaster(text, "https://house.example/");
    expect(variants.map(({ bitrate_bps }) => bitrate_bps)).toEqual(both.map(({ bitrate_bps }) => bitrate_bps));
    expect(variants.map(({ codecs }) => codecs.slice(0, 4))).toEqual(["avc1", "avc1", "av01", "avc1", "avc1"]);
  });
});

test("WEB23: it goes on where it is, where a seek leads, or where it was about to begin", () => {
  expect(placeToGoOn({ readyState: 1, seeking: false, currentTime: 0 }, 42)).toBe(42);
  expect(placeToGoOn({ readyState: 4, seeking: false, currentTime: 7.5 }, 42)).toBe(7.5);
  expect(placeToGoOn({ readyState: 2, seeking: false, currentTime: 0 }, 42)).toBe(0);
  expect(placeToGoOn({ readyState: 1, seeking: true, currentTime: 90 }, 42)).toBe(90);
});

describe("patience", () => {
  test("WEB25: what is not there, or not for them, is not asked for again", () => {
    for (const status of [400, 401, 403, 404, 410, 500])
      expect(waitBefore(1, { status, retry_after_s: null }, 0)).toBeNull();
    expect(waitBefore(TRIES_MAX, { status: 503, retry_after_s: 1 }, 0)).toBeNull();
  });

  test("WEB25: what is late is asked for again, when the house says, else after growing waits; never all at once", () => {
    expect(waitBefore(1, { status: 503, retry_after_s: 2 }, 0)).toBe(2000);
    expect(waitBefore(1, { status: 503, retry_after_s: 2 }, 1)).toBe(2500);
    expect(waitBefore(1, { status: 503, retry_after_s: 3600 }, 0)).toBe(8000);
    expect([1, 2, 3, 4].map((tried) => waitBefore(tried, { status: 425, retry_after_s: null }, 0))).toEqual([
      300, 600, 1200, 2400,
    ]);
    expect(waitBefore(1, { status: 0, retry_after_s: null }, 0)).toBe(300);
  });

  test("WEB25: when to come again is a number or a date; anything else says nothing", () => {
    expect(retryAfter(null, 0)).toBeNull();
    expect(retryAfter("soon", 0)).toBeNull();
    expect(retryAfter("-3", 0)).toBe(0);
    expect(retryAfter("1.5", 0)).toBe(1.5);
    expect(retryAfter("Thu, 01 Jan 1970 00:00:09 GMT", 4_000)).toBe(5);
  });
});

describe("a beginning fetched early", () => {
  const MASTER = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Svenska",LANGUAGE="sv",URI="a0.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English, with notes",DEFAULT=YES,URI="a1.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=480x854,CODECS="avc1.64001f,mp4a.40.2",AUDIO="a"

v1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=240x426,AUDIO="a"
v0.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"
`;
  test("WEB26: lists are read for their qualities, smallest first, and for the sound that is the usual one", () => {
    const { variants, sounds } = readMaster(MASTER, "https://house.example/v/master.m3u8?s=1");
    expect(variants.map(({ url, height }) => [url, height])).toEqual([
      ["https://house.example/v/v0.m3u8", 240],
      ["https://house.example/v/v1.m3u8", 480],
    ]);
    expect(sounds.get("a")).toBe("https://house.example/v/a1.m3u8");
    expect(readMaster("nonsense", "https://house.example/").variants).toEqual([]);
  });

  test("WEB26: the header and the one segment that holds the place", () => {
    const list = `#EXTM3U
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.0,
0.m4s
#EXTINF:4.0,
1.m4s
#EXTINF:2.5,
2.m4s
`;
    const at = (seconds: number) =>
      readBeginning(list, "https://house.example/v/", seconds).map((url) => url.split("/").at(-1));
    expect(at(0)).toEqual(["init.mp4", "0.m4s"]);
    expect(at(4)).toEqual(["init.mp4", "1.m4s"]);
    expect(at(9.9)).toEqual(["init.mp4", "2.m4s"]);
    expect(at(60)).toEqual(["init.mp4"]);
  });
});

test("WEB26: what the player has asked for itself in the meantime is not fetched a second time", async () => {
  const served = new Map<string, number>();
  const list = '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:4.0,\n0.m4s\n';
  using house = Bun.serve({
    port: 0,
    fetch(request) {
      const name = new URL(request.url).pathname.slice(1);
      served.set(name, (served.get(name) ?? 0) + 1);
      if (name.endsWith("master.m3u8")) return new Response("#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=4x4\nv.m3u8\n");
      return new Response(name.endsWith("m3u8") ? list : "bytes");
    },
  });
  using page = pageAt(house.url.href);
  const early = fetchEarly("/master.m3u8");
  expect(takeEarly(page.at("other.m3u8"))).toBeNull();
  expect(takeEarly(page.at("init.mp4"))).toBeNull();
  await early;
  const segment = await takeEarly(page.at("0.m4s"));
  expect(new TextDecoder().decode(segment?.body)).toBe("bytes");
  expect(Object.fromEntries(served)).toEqual({ "master.m3u8": 1, "v.m3u8": 1, "0.m4s": 1 });
});

/** As much of a page as the fetching of a beginning reads. */
function pageAt(href: string) {
  const names = ["location", "innerWidth", "devicePixelRatio"] as const;
  const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  Object.defineProperty(globalThis, "location", { value: new URL(href), configurable: true });
  Object.defineProperty(globalThis, "innerWidth", { value: 400, configurable: true });
  Object.defineProperty(globalThis, "devicePixelRatio", { value: 1, configurable: true });
  return {
    at: (name: string) => new URL(name, href).href,
    [Symbol.dispose]() {
      for (const [at, name] of names.entries())
        if (before[at]) Object.defineProperty(globalThis, name, before[at]);
        else Reflect.deleteProperty(globalThis, name);
    },
  };
}

describe("who plays the lists", () => {
  const SAFARI =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
  const CHROME =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
  test("WEB28: Apple's browsers by themselves, with or without media sources", () => {
    expect(engineOf({ user_agent: SAFARI, media_source: true, native: true })).toBe("native");
    expect(engineOf({ user_agent: SAFARI, media_source: false, native: true })).toBe("native");
  });

  test("WEB28: others by hls.js, even where the browser says it could; where neither can, nobody pretends", () => {
    expect(engineOf({ user_agent: CHROME, media_source: true, native: true })).toBe("hls");
    expect(engineOf({ user_agent: CHROME, media_source: true, native: false })).toBe("hls");
    expect(engineOf({ user_agent: CHROME, media_source: false, native: true })).toBe("native");
    expect(engineOf({ user_agent: CHROME, media_source: false, native: false })).toBe("none");
  });
});

/** As much of hls.js as a jump meets: a level that is set by hand holds, one that is only the next is dropped at any time. */
class HlsInTheHand {
  static Events = { FRAG_LOADING: "loading", FRAG_LOADED: "loaded", MANIFEST_PARSED: "parsed" };
  static ErrorTypes = {};
  loadLevel = -1;
  nextLevel = -1;
  bandwidthEstimate = 0;
  handlers = new Map<string, (event: string, data: object) => void>();
  get autoLevelEnabled() {
    return this.loadLevel === -1;
  }
  on(event: string, handler: (event: string, data: object) => void) {
    this.handlers.set(event, handler);
  }
  tell(event: string, data: object) {
    this.handlers.get(event)?.(event, data);
  }
  loadSource() {}
  attachMedia() {}
  destroy() {}
}

describe("a jump", () => {
  const LEVELS = LADDER.map(({ height, bitrate_bps }) => ({ height, width: 2 * height, bitrate: bitrate_bps }));
  function tied(progress: number[]) {
    const video = Object.assign(new EventTarget(), { buffered: { length: 0 }, currentTime: 50, clientWidth: 0 });
    const made: HlsInTheHand[] = [];
    class Player extends HlsInTheHand {
      constructor() {
        super();
        made.push(this);
      }
    }
    const options = { ahead_s: 10, told: () => told(...progress), height: 480 };
    const tie = tieWithHls(
      Player as unknown as typeof Hls,
      video as unknown as HTMLVideoElement,
      "/master.m3u8",
      options,
    );
    const hls = made[0]!;
    hls.tell("parsed", { levels: LEVELS });
    hls.loadLevel = -1;
    return { hls, tie, jump: () => video.dispatchEvent(new Event("seeking")) };
  }

  test("WEB27: the lowest quality is held until the segment of that place is there, whatever else happens before; then the line decides", () => {
    const { hls, jump } = tied([1, 0.3]);
    const at = { type: "main", sn: 12, start: 48, end: 52 };
    jump();
    expect(hls.loadLevel).toBe(0);
    hls.tell("loaded", { frag: { ...at, type: "audio" } });
    hls.tell("loaded", { frag: { ...at, sn: "initSegment" } });
    // One that was on its way before the jump.
    hls.tell("loaded", { frag: { ...at, sn: 3, start: 12, end: 16 } });
    // Asked for, and not there yet: the house may say to come again.
    hls.tell("loading", { frag: at });
    expect(hls.loadLevel).toBe(0);
    jump();
    hls.tell("loaded", { frag: at });
    expect(hls.loadLevel).toBe(-1);
  });

  test("WEB27: where all is there the line decides, and what the viewer chooses meanwhile stays", () => {
    const whole = tied([1, 1]);
    whole.jump();
    expect(whole.hls.loadLevel).toBe(-1);
    const { hls, jump, tie } = tied([1, 0.3]);
    jump();
    tie.choose(480);
    hls.loadLevel = 1;
    hls.tell("loaded", { frag: { type: "main", sn: 12, start: 48, end: 52 } });
    expect([hls.nextLevel, hls.loadLevel]).toEqual([1, 1]);
  });
});
