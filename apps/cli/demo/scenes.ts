/** A scene is the text of an ffmpeg filter graph that makes endless video; a tune is one that makes so many seconds of sound. */
export type Scene = (frame: { width: number; height: number; fps: number }) => string;
export type Tune = (seconds: number) => string;

/** From the top of the sky to the ground in front. */
export interface Palette {
  sky: [string, string, string];
  sun: string;
  /** Hills from the farthest to the nearest. */
  hills: string[];
}

export const PALETTES = {
  dawn: { sky: ["1d2b4a", "c9736b", "f6d9b0"], sun: "fff1cf", hills: ["8d6f7d", "5f4a5e", "33293d"] },
  noon: { sky: ["4f9bc9", "a9d3e3", "eef4ea"], sun: "fffbe6", hills: ["9fb8a3", "6c9275", "3d6347"] },
  falu: { sky: ["e9d9c2", "f0c9a0", "e58f6a"], sun: "fff3da", hills: ["c06a4d", "93301f", "5a1710"] },
  frost: { sky: ["22384f", "6f93a8", "dbe7ea"], sun: "ffffff", hills: ["b7cbd3", "7f9aa9", "46606f"] },
  midsummer: { sky: ["36417d", "8d7bb5", "f3b8a4"], sun: "ffe2b8", hills: ["6c6296", "454a77", "232a4c"] },
  forest: { sky: ["10231f", "2f5a4a", "c8d8a8"], sun: "f5f3c6", hills: ["547f5b", "2f5a41", "14312a"] },
  archipelago: { sky: ["163a5f", "4f86a6", "f5d7b2"], sun: "fff0d2", hills: ["7fa3b0", "41728a", "1c445e"] },
  autumn: { sky: ["5c6f86", "c7b299", "f2e2bd"], sun: "fff4d6", hills: ["c98a4b", "9a5527", "572c18"] },
} satisfies Record<string, Palette>;

/** A walk over hills towards the sun: layers that scroll at their own speeds, as a landscape does from a train. */
export const hills =
  (palette: Palette, seed = 0): Scene =>
  ({ width, height, fps }) => {
    const size = `${width}x${height}`;
    const sky = gradient(palette.sky, width, height, fps);
    const sunSize = Math.round(Math.min(width, height) / 4) * 2;
    const sun =
      `color=c=0x${palette.sun}:s=${sunSize}x${sunSize}:r=${fps}:d=${1 / fps},format=gbrap,` +
      `geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*min(1,0.9*lt(hypot(X-W/2,Y-H/2),W/5)+0.4*pow(max(0,1-hypot(X-W/2,Y-H/2)/(W/2)),2))',` +
      still(fps);
    const layers = palette.hills.map((colour, i) => {
      const base = 0.52 + 0.15 * i;
      const rise = 0.085 - 0.012 * i;
      const [a, b] = [1 + i + (seed % 2), 3 + 2 * i + (seed % 3)];
      const line = `H*(${base}+${rise}*sin(2*PI*${a}*X/W+${seed + i * 1.7})+${rise / 2.5}*sin(2*PI*${b}*X/W+${seed * 2 + i}))`;
      return (
        `color=c=0x${colour}:s=${size}:r=${fps}:d=${1 / fps},format=gbrap,` +
        `geq=r='r(X,Y)*(1.12-0.3*(Y/H))':g='g(X,Y)*(1.12-0.3*(Y/H))':b='b(X,Y)*(1.12-0.3*(Y/H))':a='255*clip((Y-${line})/2+0.5,0,1)',` +
        `${still(fps)},scroll=h=${(0.03 * (i + 1) ** 1.5) / fps}`
      );
    });
    const named = layers.map((layer, i) => `${layer}[hill${i}]`).join(";");
    const sunX = `(W-w)*${(0.25 + ((seed * 0.37) % 0.5)).toFixed(3)}`;
    const over = layers.map((_, i) => `[scene${i}][hill${i}]overlay=format=gbrp[scene${i + 1}]`).join(";");
    return `${sky}[sky];${sun}[sun];${named};[sky][sun]overlay=x=${sunX}:y='H*0.34-h/2-6*t':format=gbrp[scene0];${over};[scene${layers.length}]null`;
  };

/** Slow lights that turn around each other. */
export const lights =
  (colours: string[], type: "spiral" | "radial" | "circular" = "spiral"): Scene =>
  ({ width, height, fps }) =>
    `gradients=s=${width}x${height}:r=${fps}:nb_colors=${colours.length}:type=${type}:speed=${0.3 / fps}:seed=7:${colours
      .map((colour, i) => `c${i}=0x${colour}`)
      .join(":")},format=gbrp,gblur=sigma=${Math.round(height / 60)}:steps=2,vignette=PI/5`;

/** A journey into the seahorse valley of the Mandelbrot set, printed in two colours. */
export const fractal =
  (light: string, dark: string): Scene =>
  ({ width, height, fps }) =>
    `mandelbrot=s=${width}x${height}:r=${fps}:start_scale=0.9:end_scale=0.0008:end_pts=${30 * fps}:maxiter=600:inner=black,` +
    `format=gray,${tinted(light, dark)},gblur=sigma=0.6`;

/** A garden that grows, blooms and dies back by the rules of Conway's Life. */
export const garden =
  (life: string, mold: string, death: string, seed: number): Scene =>
  ({ width, height, fps }) =>
    `life=s=${Math.round(width / 8)}x${Math.round(height / 8)}:r=${Math.min(fps, 15)}:ratio=0.22:mold=24:seed=${seed}:stitch=1:` +
    `life_color=0x${life}:mold_color=0x${mold}:death_color=0x${death},fps=${fps},scale=${width}:${height}:flags=neighbor`;

/** Cloth on a loom: one row after the other, by the rule of a cellular automaton. */
export const loom =
  (rule: number, warp: string, weft: string, seed: number): Scene =>
  ({ width, height, fps }) =>
    `cellauto=s=${Math.round(width / 8)}x${Math.round(height / 8)}:rule=${rule}:r=${fps}:random_seed=${seed}:random_fill_ratio=0.3:full=1,` +
    `${tinted(warp, weft)},scale=${width}:${height}:flags=neighbor`;

/** A slow pan over a Sierpinski carpet, as lace against the light. */
export const lace =
  (light: string, thread: string, seed: number): Scene =>
  ({ width, height, fps }) =>
    `sierpinski=s=${width}x${height}:r=${fps}:seed=${seed}:jump=60,format=gray,${tinted(light, thread)},gblur=sigma=0.8,vignette=PI/4`;

/** Prints light and dark as two colours. */
function tinted(light: string, dark: string): string {
  const [low, high] = [channels(dark), channels(light)];
  return `format=gbrp,lutrgb=${low.map((v, i) => `${"rgb"[i]}='${v}+(${high[i]}-${v})*val/255'`).join(":")}`;
}

const channels = (hex: string) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

/** One frame for ever: drawn once, so that drawing may be slow. */
const still = (fps: number) => `loop=loop=-1:size=1,setpts=N/${fps}/TB`;

const gradient = (colours: string[], width: number, height: number, fps: number) =>
  `gradients=s=${width}x${height}:r=${fps}:x0=0:y0=0:x1=0:y1=${Math.round(height * 0.8)}:nb_colors=${colours.length}:speed=0.00001:` +
  colours.map((colour, i) => `c${i}=0x${colour}`).join(":");

/** An arpeggio of plucked strings with a little room around it. Frequencies in Hz. */
export const plucked =
  (notes: number[], beat_s: number): Tune =>
  (seconds) => {
    const pick = (octave: number) =>
      notes.map((hz, i) => `${hz * octave}*eq(mod(floor(t/${beat_s}),${notes.length}),${i})`).join("+");
    const strike = `exp(-5*mod(t,${beat_s})/${beat_s})`;
    const voice = `0.22*${strike}*sin(2*PI*t*(${pick(1)}))+0.08*${strike}*sin(2*PI*t*(${pick(2)}))`;
    return `aevalsrc='${voice}|0.9*(${voice})':s=48000:d=${seconds},aecho=0.8:0.7:180|260:0.35|0.25,${fades(seconds)}`;
  };

/** A chord that breathes. */
export const breathing =
  (chord: number[], breath_s: number): Tune =>
  (seconds) => {
    const voice = (side: number) =>
      chord
        .map(
          (hz, i) =>
            `${(0.3 / chord.length).toFixed(3)}*sin(2*PI*${hz + side * 0.4}*t)*(0.6+0.4*sin(2*PI*t/${breath_s + i}))`,
        )
        .join("+");
    return `aevalsrc='${voice(0)}|${voice(1)}':s=48000:d=${seconds},lowpass=f=1800,${fades(seconds)}`;
  };

const fades = (seconds: number) => `afade=t=in:d=0.4,afade=t=out:st=${Math.max(0, seconds - 1.2)}:d=1.2`;
