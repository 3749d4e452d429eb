import { join } from "node:path";

import type { PageBuild, PageFile } from "../web/build.ts";

/** Serves the page's built files, squeezed where the browser takes it. Names carry a hash, so they are kept for a year. */
export function createAssets(build: PageBuild) {
  const files = new Map<string, PageFile>(build.files.map((file) => [file.name, file]));
  return (name: string, request: Request): Response => {
    // Only names that the build made: nothing that a caller writes becomes a path.
    const file = files.get(name);
    if (!file) return new Response("There is no such file.", { status: 404 });
    const encoding = file.compressed ? encodingOf(request.headers.get("accept-encoding") ?? "") : null;
    return new Response(Bun.file(join(build.dir, file.name + (encoding?.suffix ?? ""))), {
      headers: {
        "content-type": file.media_type,
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
        vary: "accept-encoding",
        ...(encoding ? { "content-encoding": encoding.name } : {}),
      },
    });
  };
}

function encodingOf(accepted: string): { name: string; suffix: string } | null {
  if (/\bbr\b/.test(accepted)) return { name: "br", suffix: ".br" };
  return /\bgzip\b/.test(accepted) ? { name: "gzip", suffix: ".gz" } : null;
}
