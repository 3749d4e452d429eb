import type { Video } from "#systems/media/contract.ts";

import type { Storyboard } from "./storyboard.ts";

/** Words to a film that are there to be read. */
export type CaptionFile = Video["captions"][number] & { url: string };

/** A storyboard with the address of each of its sheets. */
export function storyboardOf(told: Video["storyboard"]): Storyboard | null {
  if (!told || !(told.columns * told.rows > 0)) return null;
  const sheets = Math.ceil(told.count / (told.columns * told.rows));
  return {
    ...told,
    urls: Array.from({ length: sheets }, (_none, at) => told.url_template.replace("{sheet}", String(at))),
  };
}

export const captionsOf = ({ captions }: Pick<Video, "captions">): CaptionFile[] =>
  captions.flatMap(({ url, ...told }) => (url === null ? [] : [{ ...told, url }]));
