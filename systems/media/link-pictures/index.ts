import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";

import type { Blobs } from "#ports/blobs/index.ts";
import type { Sandbox } from "#ports/sandbox/index.ts";

import { makeImage } from "../encode/images.ts";
import { MediaRefusal } from "../encode/tools.ts";
import { MAKE, openScratch } from "../scratch.ts";

/** Wide enough for a card on a sharp screen. */
const WIDTH_PX_MAX = 640;

/**
 * Copies of the pictures that other sites show for a page, for cards of links: decoded in the sandbox and made anew, so that
 * no reader ever asks the other site, and nothing of its file comes into the house but how it looks.
 */
export interface LinkPictures {
  /**
   * @param id of the link; its pictures lie in a folder of its own
   * @returns null where it is no picture that we take
   */
  keep(id: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<LinkPicture | null>;
  urlOf(name: string): string;
  /** Everything in that folder goes but this one. */
  dropOthers(id: string, name: string | null): Promise<void>;
}

export interface LinkPicture {
  name: string;
  width: number;
  height: number;
}

export function createLinkPictures(needs: { blobs: Blobs; sandbox: Sandbox; scratch_folder: string }): LinkPictures {
  const { blobs, sandbox } = needs;
  const folderOf = (id: string) => `public/links/${id}/`;
  return {
    async keep(id, body, signal) {
      await using source = await openScratch(needs.scratch_folder, { id: MAKE });
      await using made = await openScratch(needs.scratch_folder, { id: MAKE });
      const path = join(source.path, "picture");
      await using file = await open(path, "w", 0o644);
      for await (const bytes of body) await file.write(bytes);
      await file.sync();
      try {
        const { variants } = await makeImage({ sandbox }, path, made.path, { signal });
        const best = variants.findLast((variant) => variant.width <= WIDTH_PX_MAX) ?? variants[0]!;
        const name = `${folderOf(id)}${randomBytes(8).toString("hex")}.webp`;
        await blobs.put(name, { path: join(made.path, best.file) }, { media_type: "image/webp" });
        return { name, width: best.width, height: best.height };
      } catch (error) {
        if (error instanceof MediaRefusal && error.lasting) return null;
        throw error;
      }
    },
    urlOf: (name) => blobs.urlPublic(name),
    async dropOthers(id, name) {
      const { names } = await blobs.list(folderOf(id));
      await blobs.delete(names.filter((other) => other !== name));
    },
  };
}
