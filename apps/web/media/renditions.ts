import type { Level } from "./hls.ts";

/**
 * The qualities of a video in the shape that media-chrome's menu asks a media element for (`videoRenditions` of the
 * media tracks proposal). Choosing one tells the player; -1 is "as the line allows".
 */
export interface RenditionEntry {
  id: string;
  width: number;
  height: number;
  bitrate: number;
}

export class Renditions extends EventTarget {
  [index: number]: RenditionEntry;
  length = 0;
  #selected = -1;
  #choose: (level: number) => void = () => {};

  get selectedIndex() {
    return this.#selected;
  }
  set selectedIndex(index: number) {
    this.#selected = index;
    this.#choose(index);
    this.dispatchEvent(new Event("change"));
  }

  set(levels: readonly Level[], choose: (level: number) => void) {
    for (let at = 0; at < this.length; at++) delete this[at];
    this.#selected = -1;
    this.#choose = choose;
    this.length = levels.length;
    for (const [at, level] of levels.entries()) {
      this[at] = {
        id: String(at),
        width: Math.round((level.height * 16) / 9),
        height: level.height,
        bitrate: level.bitrate_bps,
      };
    }
    this.dispatchEvent(new Event("addrendition"));
  }

  *[Symbol.iterator](): Iterator<RenditionEntry> {
    for (let at = 0; at < this.length; at++) yield this[at]!;
  }
}
