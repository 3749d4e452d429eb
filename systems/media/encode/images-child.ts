/**
 * Runs in the sandbox, as a program of its own: `bun images-child.ts <source> <folder> <width,width,…> <pixels_max>`.
 * Decodes a stranger's picture, writes `<width>.webp` into the folder and one line of JSON to stdout. It imports nothing of
 * the house: only this file and the runtime are inside.
 */
const [source, folder, widths, pixels_max] = process.argv.slice(2);

const answer = (said: object) => process.stdout.write(`${JSON.stringify(said)}\n`);

async function main(): Promise<void> {
  const bytes = new Uint8Array(await Bun.file(source!).arrayBuffer());
  // Orientation is applied before all else; EXIF, GPS and profiles end here, since only pixels go on.
  const open = () => new Bun.Image(bytes, { maxPixels: Number(pixels_max), autoOrient: true });
  const { width, height, format } = await open().metadata();
  const variants: { width: number; height: number; file: string }[] = [];
  for (const wide of widthsFor(width, widths!.split(",").map(Number))) {
    const picture = open().resize(wide, undefined, { withoutEnlargement: true }).webp({ quality: 80 });
    const file = `${wide}.webp`;
    await Bun.write(`${folder}/${file}`, await picture.bytes());
    variants.push({ width: picture.width, height: picture.height, file });
  }
  answer({ width, height, format, variants, placeholder: await open().placeholder() });
}

/** Those below the source's own, and the source's own where it is no larger than the largest. */
function widthsFor(own: number, wanted: number[]): number[] {
  const largest = Math.max(...wanted);
  return [...wanted.filter((width) => width < Math.min(own, largest)), Math.min(own, largest)];
}

try {
  await main();
} catch (error) {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  answer({ refused: code, said: String(error).slice(0, 300) });
}

export {};
