import type { Logger } from "pino";

import { buildPage } from "../web/build.ts";
import { createAssets } from "./assets.ts";
import { createEmbed } from "./embed.ts";
import { createPage, type PageNeeds } from "./page.ts";
import { createProgram } from "./program.ts";

/** Builds the page, and what serves it. One that cannot be built must not take the API and the media down with it. */
export async function openPage(needs: { outdir: string; lines: Logger; about: Omit<PageNeeds, "build"> }) {
  const { outdir, lines } = needs;
  try {
    const build = await buildPage({ outdir });
    const about = { ...needs.about, build };
    return {
      asset: createAssets(build),
      page: createPage(about),
      embed: createEmbed(about),
      program: createProgram(about),
    };
  } catch (err) {
    lines.error(
      { err: String(err), errors: err instanceof AggregateError ? err.errors.slice(0, 5).map(String) : [] },
      "the page could not be built; the API goes on",
    );
    const away = () =>
      new Response("The page could not be built. The log says why; the API at /v1 works.", { status: 503 });
    const program = { worker: away, manifest: async () => away() };
    return { asset: away, page: async () => away(), embed: async () => away(), program };
  }
}
