import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";

import { blobsContract } from "../contract.suite.ts";
import { createFileBlobs } from "../index.ts";

blobsContract("files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "blobs-"));
  const blobs = await createFileBlobs({
    folder,
    clock: createSystemClock(),
    secret: "a secret of more than thirty-two characters",
    base_path: "/blobs",
    onError: (error) => console.error(error),
  });
  return {
    blobs,
    part_size_bytes: 300_000,
    async [Symbol.asyncDispose]() {
      await blobs[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
