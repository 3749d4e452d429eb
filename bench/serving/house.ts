import { createFileBlobs } from "#ports/blobs/index.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import { createFront, type FrontNeeds } from "../../apps/server/front.ts";
import { listen } from "../../apps/server/listen.ts";
import type { Job } from "../serving.ts";

/**
 * The house's own door, front and store of files in a process of its own; what is behind the API is not there, because no
 * request of this bench goes there. Prints its port and, for each file, the address of the public and of the signed name.
 */
const { folder, files } = JSON.parse(process.env.BENCH_SERVING ?? "{}") as Job;
const clock = createSystemClock();
const blobs = await createFileBlobs({
  folder,
  clock,
  secret: "a secret of more than thirty-two characters",
  base_path: "/blobs",
  onError: (error) => console.error(error),
});
for (const { name, path, media_type, cache_control } of files) {
  for (const under of ["public/", ""]) await blobs.put(under + name, { path }, { media_type, cache_control });
}
const away = () => {
  throw new Error("nothing of this bench goes here");
};
const nowhere = new Proxy({}, { get: away }) as Omit<FrontNeeds, "blobs">;
const front = createFront({ ...({ api: nowhere, health: nowhere, metrics: nowhere } as object), blobs } as FrontNeeds);
const { port } = listen({ port: 0, host: "127.0.0.1", fetch: front, onError: console.error, onDrain() {} });
const until_ms = clock.now() + 3_600_000;
const signed = blobs.urlSignedPrefix("videos/1/2/", until_ms);
console.log(
  JSON.stringify({
    port,
    public: files.map(({ name }) => blobs.urlPublic(`public/${name}`)),
    signed: files.map(({ name }) => signed + name.slice("videos/1/2/".length)),
  }),
);
// So that a profile is written at the end.
process.on("SIGINT", () => process.exit(0));
