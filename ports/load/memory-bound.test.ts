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

test("LD23: a container is as full as all that is in it, less what is a copy of files", async () => {
  await using second = await machine({
    "proc/self/cgroup": "0::/house\n",
    "sys/fs/cgroup/house/memory.max": "1000000\n",
    "sys/fs/cgroup/house/memory.current": "990000\n",
    "sys/fs/cgroup/house/memory.stat":
      "anon 400000\ninactive_file 300000\nactive_file 200000\nslab_reclaimable 40000\n",
    "proc/meminfo": "MemTotal:        1000 kB\nMemAvailable:     900 kB\n",
  });
  expect(systemMemory(second.root).free()).toBeCloseTo(0.55, 5);
  await using first = await machine({
    "proc/self/cgroup": "4:memory:/house\n",
    "sys/fs/cgroup/memory/house/memory.limit_in_bytes": "1000000\n",
    "sys/fs/cgroup/memory/house/memory.usage_in_bytes": "980000\n",
    "sys/fs/cgroup/memory/house/memory.stat": "inactive_file 1\ntotal_inactive_file 10000\ntotal_active_file 10000\n",
    "proc/meminfo": "MemTotal:        1000 kB\nMemAvailable:     900 kB\n",
  });
  expect(systemMemory(first.root).free()).toBeCloseTo(0.04, 5);
});
