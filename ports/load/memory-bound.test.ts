import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";

import { systemMemory } from "./index.ts";

async function machine(files: Record<string, string>) {
  const root = await mkdtemp(join(tmpdir(), "folkhus-load-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

test("LD12: the least of the machine and of every control group above", async () => {
  await using second = await machine({
    "proc/self/cgroup": "0::/house.slice/web\n",
    "sys/fs/cgroup/house.slice/web/memory.max": "max\n",
    "sys/fs/cgroup/house.slice/memory.max": "536870912\n",
    "proc/meminfo": "MemTotal:        1000 kB\nMemFree:          100 kB\nMemAvailable:     250 kB\n",
  });
  const memory = systemMemory(second.root);
  expect([memory.bytes_max, memory.free()]).toEqual([512 * 2 ** 20, 0.25]);
  await using first = await machine({
    "proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/a/b\n0::/\n",
    "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "1073741824\n",
    "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "268435456\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
  });
  expect(systemMemory(first.root).bytes_max).toBe(256 * 2 ** 20);
});

test("LD12: where the system says nothing the machine's memory is the bound, and none of it is short", async () => {
  await using nothing = await machine({});
  const memory = systemMemory(nothing.root);
  expect([memory.bytes_max, memory.free()]).toEqual([totalmem(), 1]);
  expect(memory.rss()).toBeGreaterThan(1_000_000);
});
