import { open } from "node:fs/promises";

import { createSystemClock } from "#ports/clock/index.ts";

import { createFileBlobs } from "./index.ts";

/** For `serving.test.ts`: a server of one blob of 2 GiB (a hole, so that it takes no disk). Prints its port and address. */
const folder = process.env.SERVING_FOLDER ?? "";
const blobs = await createFileBlobs({
  folder,
  clock: createSystemClock(),
  secret: process.env.SERVING_SECRET ?? "",
  base_path: "/blobs",
  onError: console.error,
});
const { size_bytes } = await blobs.put("public/big.mp4", new Uint8Array(1), { media_type: "video/mp4" });
await using local = await blobs.localFile("public/big.mp4");
const file = await open(local.path, "r+");
await file.truncate(size_bytes * 2 * 1024 ** 3);
await file.close();
const server = Bun.serve({ port: 0, fetch: (request) => blobs.handler(request) });
console.log(JSON.stringify({ port: server.port, path: blobs.urlPublic("public/big.mp4") }));
