import { existsSync } from "node:fs";
import { basename, join } from "node:path";

const COMPRESSIBLE = /\.(?:js|css|svg|html|json|txt|map|webmanifest)$/;

/** Serves the page's built files. Names carry a hash of their content, so they are kept by browsers for a year. */
export function createAssets(folder: string) {
  const squeezed = new Map<string, Uint8Array<ArrayBuffer>>();
  return async (name: string, request: Request): Promise<Response> => {
    // The name is one segment: whatever else was asked for is not ours.
    const path = join(folder, basename(name));
    if (name !== basename(name) || name.startsWith(".") || !existsSync(path))
      return new Response("There is no such file.", { status: 404 });
    const file = Bun.file(path);
    const headers: Record<string, string> = {
      "content-type": file.type,
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
      vary: "accept-encoding",
    };
    if (COMPRESSIBLE.test(name) && /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) {
      let bytes = squeezed.get(name);
      if (!bytes) squeezed.set(name, (bytes = Bun.gzipSync(new Uint8Array(await file.arrayBuffer()), { level: 9 })));
      return new Response(bytes, { headers: { ...headers, "content-encoding": "gzip" } });
    }
    return new Response(file, { headers });
  };
}
