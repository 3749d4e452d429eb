/** As much of HLS lists as it takes to fetch a beginning before the player is there. hls.js reads them in earnest. */
export interface Variant {
  url: string;
  height: number;
  bitrate_bps: number;
  /** RFC 6381; empty where the list does not say. */
  codecs: string;
  /** The group of its sound. */
  audio: string | null;
}

export interface Master {
  /** Smallest first, of two of a size the one with fewer bits: the order of hls.js. */
  variants: Variant[];
  /** The default sound of each group. */
  sounds: Map<string, string>;
}

export function readMaster(text: string, base: string): Master {
  const variants: Variant[] = [];
  const sounds = new Map<string, string>();
  const lines = linesOf(text);
  for (const [at, line] of lines.entries()) {
    if (line.startsWith("#EXT-X-MEDIA:")) {
      const { TYPE, URI, DEFAULT, "GROUP-ID": group } = attributes(line);
      if (TYPE === "AUDIO" && URI && group && (DEFAULT === "YES" || !sounds.has(group)))
        sounds.set(group, new URL(URI, base).href);
    } else if (line.startsWith("#EXT-X-STREAM-INF:")) {
      const path = lines.slice(at + 1).find((next) => !next.startsWith("#"));
      const { BANDWIDTH, RESOLUTION, AUDIO, CODECS } = attributes(line);
      const sides = (RESOLUTION ?? "").split("x").map(Number);
      if (path === undefined) continue;
      variants.push({
        url: new URL(path, base).href,
        height: sides.length === 2 ? Math.min(sides[0]!, sides[1]!) || 0 : 0,
        bitrate_bps: Number(BANDWIDTH) || 0,
        codecs: CODECS ?? "",
        audio: AUDIO ?? null,
      });
    }
  }
  return { variants: variants.toSorted((a, b) => a.height - b.height || a.bitrate_bps - b.bitrate_bps), sounds };
}

/** @returns the address of a list's header and of the segment that holds `at_s` */
export function readBeginning(text: string, base: string, at_s: number): string[] {
  const lines = linesOf(text);
  const header = lines.find((line) => line.startsWith("#EXT-X-MAP:"));
  const found: string[] = [];
  const uri = header === undefined ? undefined : attributes(header).URI;
  if (uri) found.push(new URL(uri, base).href);
  let ends_s = 0;
  for (const line of lines) {
    if (line.startsWith("#EXTINF:")) ends_s += Number.parseFloat(line.slice(8)) || 0;
    else if (!line.startsWith("#") && ends_s > at_s) {
      found.push(new URL(line, base).href);
      break;
    }
  }
  return found;
}

const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** `#TAG:NAME=value,OTHER="quoted, with a comma"` */
function attributes(line: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, quoted, plain] of line.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^",]*))/g))
    found[name!] = quoted ?? plain ?? "";
  return found;
}
