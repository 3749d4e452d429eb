import { Unusable } from "./source.ts";

/** What an `esds` box says of AAC-LC sound. */
export interface Aac {
  sample_rate_hz: number;
  channels: 1 | 2;
  /** The AudioSpecificConfig: two bytes or a little more. */
  config: Uint8Array;
}

const RATES_HZ = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/** Below 32 kHz it may be HE-AAC that does not say so. */
const RATES_TAKEN_HZ = new Set([32_000, 44_100, 48_000]);

/**
 * ISO/IEC 14496-1, 7.2.6 and 14496-3, 1.6.2.
 * @throws Unusable for all that is not plain AAC-LC in mono or stereo with 1,024 samples a frame
 */
export function parseAac(esds: Uint8Array): Aac {
  const broken = () => new Unusable("its description of the sound is broken");
  let at = 4;
  const byte = (): number => {
    const value = esds[at++];
    if (value === undefined) throw broken();
    return value;
  };
  const open = (tag: number): number => {
    if (byte() !== tag) throw broken();
    let length = 0;
    for (let i = 0; i < 4; i++) {
      const next = byte();
      length = length * 128 + (next & 127);
      if (!(next & 128)) break;
    }
    if (at + length > esds.length) throw broken();
    return length;
  };
  open(3);
  at += 2;
  const flags = byte();
  if (flags & 128) at += 2;
  if (flags & 64) at += byte();
  if (flags & 32) at += 2;
  open(4);
  if (byte() !== 0x40) throw new Unusable("its sound is not AAC");
  at += 12;
  const length = open(5);
  const config = esds.slice(at, at + length);
  if (config.length < 2 || config.length > 64) throw broken();
  const bits = (config[0]! << 8) | config[1]!;
  if (bits >> 11 !== 2) throw new Unusable("its sound is not AAC-LC");
  const sample_rate_hz = RATES_HZ[(bits >> 7) & 15];
  const channels = (bits >> 3) & 15;
  if (sample_rate_hz === undefined || !RATES_TAKEN_HZ.has(sample_rate_hz))
    throw new Unusable("its sound has an unusual rate");
  if (channels !== 1 && channels !== 2) throw new Unusable("its sound is neither mono nor stereo");
  // Frame length, core coder, extension: all zero. A sync extension behind them may say that SBR is there: HE-AAC.
  const extended = config.length >= 4 && ((config[2]! << 3) | (config[3]! >> 5)) === 0x2b7;
  if ((bits & 7) !== 0 || (extended && (config[4] ?? 0) >> 7 === 1))
    throw new Unusable("its sound is not plain AAC-LC");
  return { sample_rate_hz, channels, config };
}
