import { afterAll, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createSandbox } from "#ports/sandbox/index.ts";

import { openScratch } from "./scratch.ts";

const clock = createSystemClock();
const data = await mkdtemp(join(tmpdir(), "data-"));
await chmod(data, 0o711);
afterAll(() => rm(data, { recursive: true, force: true }));

test("MD34: what a job makes can be made in its own folder without bubblewrap too, and others cannot look into it", async () => {
  const sandbox = await createSandbox({ clock, strongest: "rlimits" });
  const limits = {
    wall_ms_max: 10_000,
    cpu_s_max: 5,
    memory_bytes_max: 256 * 1024 * 1024,
    processes_max: 16,
    file_bytes_max: 1024,
    output_bytes_max: 4_096,
  };
  let path: string;
  {
    await using scratch = await openScratch(join(data, "scratch"), { id: "7" });
    ({ path } = scratch);
    expect((await stat(path)).mode & 0o066).toBe(0);
    const poster = join(path, "poster");
    await mkdir(poster);
    for (const write_folder of [poster, path]) {
      const argv = ["sh", "-c", "echo made > made"];
      expect(await sandbox.run({ argv, read_paths: [], write_folder, limits })).toMatchObject({ exit_code: 0 });
      expect(await readFile(join(write_folder, "made"), "utf8")).toBe("made\n");
    }
  }
  await expect(stat(path)).rejects.toThrow();
});
