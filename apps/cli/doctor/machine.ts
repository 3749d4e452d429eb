import { constants } from "node:fs";
import { access, readFile, statfs } from "node:fs/promises";
import { availableParallelism, freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";

import { type Config, DISK_WARN_BYTES } from "../../server/config.ts";
import { broken, type Finding, gib, ok, outputOf, warn } from "./finding.ts";

const ROOT = join(import.meta.dirname, "../../..");
const NODE_MAJOR_MIN = 20;
/** An idle house and its database take about 300 MiB, and an encoder a few hundred more. */
const MEMORY_BYTES_MIN = 2 ** 30;

export async function machine(config: Config): Promise<Finding[]> {
  return [...(await versions()), await node(), memory(), await dataFolder(config), await disk(config)];
}

async function versions(): Promise<Finding[]> {
  const { version, dependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    version: string;
    dependencies: { bun: string };
  };
  const bun =
    Bun.version === dependencies.bun
      ? ok("bun", Bun.version)
      : warn("bun", Bun.version, `This house is made for Bun ${dependencies.bun}. Start it with npm, which brings it.`);
  return [ok("folkhus", version), bun];
}

async function node(): Promise<Finding> {
  const version = (await outputOf(["node", "--version"]))?.trim();
  if (version === undefined)
    return warn("node", "not found", "Only npm's own set-up needs it; the house runs under Bun.");
  return Number(/\d+/.exec(version)?.[0]) >= NODE_MAJOR_MIN
    ? ok("node", version.replace(/^v/, ""))
    : warn("node", version, `The set-up needs Node ${NODE_MAJOR_MIN} or newer.`);
}

function memory(): Finding {
  const detail = `${availableParallelism()} cores, ${gib(freemem())} of ${gib(totalmem())} memory free`;
  return totalmem() >= MEMORY_BYTES_MIN
    ? ok("machine", detail)
    : warn("machine", detail, "Video needs 1 GiB of memory or more.");
}

async function dataFolder({ data_folder }: Config): Promise<Finding> {
  for (let at = data_folder; ; at = dirname(at)) {
    const there = await access(at).then(
      () => true,
      () => false,
    );
    if (!there && at !== dirname(at)) continue;
    const writable = await access(at, constants.W_OK).then(
      () => true,
      () => false,
    );
    if (!writable)
      return broken("data", data_folder, `${at} cannot be written by this user. Change its owner or FOLKHUS_DATA.`);
    return ok("data", at === data_folder ? data_folder : `${data_folder} (made at the first start)`);
  }
}

async function disk({ data_folder, free_bytes_min }: Config): Promise<Finding> {
  for (let at = data_folder; ; at = dirname(at)) {
    const stats = await statfs(at).catch(() => null);
    if (!stats && at !== dirname(at)) continue;
    if (!stats) return warn("disk", "unknown", "The free room could not be read.");
    const free = stats.bavail * stats.bsize;
    const detail = `${gib(free)} of ${gib(stats.blocks * stats.bsize)} free`;
    if (free < free_bytes_min)
      return broken(
        "disk",
        detail,
        "Uploads are refused until there is room. Free some, or lower FOLKHUS_FREE_MIB_MIN.",
      );
    return free < DISK_WARN_BYTES
      ? warn("disk", detail, "Room is getting short; video needs about as much again as its source.")
      : ok("disk", detail);
  }
}
