/** One quality as the list or the house tells of it. */
export interface Level {
  /** Of the short side, as people name it: 480 for `480p`. */
  height: number;
  bitrate_bps: number;
}

/** What the house says of a quality (`renditions` of a video). */
export interface Told {
  rung: string;
  /** 0…1 of its segments are stored. */
  progress: number;
  /** `copy` is cut from the source in milliseconds, whatever its progress. */
  kind?: string | undefined;
}

/** Of what the line carries, a beginning uses so much: a first picture that is late costs more than one that is coarse. */
const START_SHARE = 0.7;

/** Whether a quality comes from the store at once; one that nobody told of is taken to be there. */
export const isThere = (level: Level, told: readonly Told[]): boolean => {
  const said = told.find(({ rung }) => Number.parseInt(rung, 10) === level.height);
  return said === undefined || said.kind === "copy" || said.progress >= 1;
};

/**
 * The quality to begin with: the best that is there, that the line carries and that the picture can show; the lowest
 * where none is. A quality whose segments are made on demand would make the first picture wait for an encoder.
 * @param levels smallest first
 * @param side_px the short side of the picture, in device pixels
 * @returns an index of `levels`; 0 for none
 */
export function startLevel(
  levels: readonly Level[],
  { told, bandwidth_bps, side_px }: { told: readonly Told[]; bandwidth_bps: number; side_px: number },
): number {
  const enough = levels.findIndex((level) => level.height >= side_px);
  const top = enough === -1 ? levels.length - 1 : enough;
  for (let at = top; at > 0; at--) {
    const level = levels[at]!;
    if (level.bitrate_bps <= bandwidth_bps * START_SHARE && isThere(level, told)) return at;
  }
  return 0;
}

/** The quality of somebody who chose one: theirs, else the next lower one, else the lowest. `null` lets the line decide. */
export function levelFor(levels: readonly Level[], height: number | null): number {
  if (height === null) return -1;
  const best = levels.findLast((level) => level.height <= height) ?? levels[0];
  // Two of a height are two codecs: the first has fewer bits.
  return Math.max(
    0,
    levels.findIndex((level) => level.height === best?.height),
  );
}

/** One of each height, as people choose. */
export const heightsOf = (levels: readonly Level[]): Level[] =>
  levels.filter((level, i) => levels.findIndex(({ height }) => height === level.height) === i);

const SIZES: readonly [number, string][] = [
  [2160, "4K"],
  [1440, "1440p"],
];

export const levelName = (height: number): string => SIZES.find(([size]) => size === height)?.[1] ?? `${height}p`;
