import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { freePort } from "#ports/http/testing.ts";

const UNPACKED = join(import.meta.dirname, "../../.cache/unpacked/usr/sbin");

/** Debian keeps it where only root looks; the set-up of the tests may have unpacked one beside. */
export const nginxPath = (): string | null =>
  Bun.which("nginx", { PATH: [process.env.PATH ?? "", "/usr/sbin", "/usr/local/sbin", UNPACKED].join(delimiter) });

export interface Edge extends AsyncDisposable {
  origin: string;
  folder: string;
  log(): Promise<string>;
}

/** A real nginx with the configuration of this folder, in a folder of its own. @param house `host:port` */
export async function startEdge(nginx: string, house: string): Promise<Edge> {
  const folder = await mkdtemp(join(tmpdir(), "edge-"));
  await chmod(folder, 0o755);
  const port = freePort();
  const made = Bun.spawnSync([join(import.meta.dirname, "render.sh"), join(folder, "conf")], {
    env: {
      PATH: process.env.PATH ?? "",
      FOLKHUS_HOUSE: house,
      FOLKHUS_LISTEN: `listen 127.0.0.1:${port};`,
      FOLKHUS_CACHE: join(folder, "cache"),
      FOLKHUS_CACHE_SIZE: "200m",
      FOLKHUS_LOG: join(folder, "edge.log"),
    },
  });
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  await Bun.$`mkdir -p ${folder}/cache`;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  await writeFile(
    join(folder, "nginx.conf"),
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log warn; worker_processes 2; worker_rlimit_nofile 8192;
events { worker_connections 2048; }
http {
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
  include ${folder}/conf/edge.conf;
}`,
  );
  const child = Bun.spawn([nginx, "-p", folder, "-c", join(folder, "nginx.conf")], {
    stdout: "ignore",
    stderr: "pipe",
  });
  const origin = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${origin}/blobs/x`).catch(() => null))) {
    if (child.exitCode !== null)
      throw new Error(
        `nginx ended: ${await new Response(child.stderr).text()} ${await readFile(join(folder, "error.log"), "utf8").catch(() => "")}`,
      );
    await Bun.sleep(10);
  }
  return {
    origin,
    folder,
    async log() {
      const file = join(folder, "edge.log");
      return existsSync(file) ? readFile(file, "utf8") : "";
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
