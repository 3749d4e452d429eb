#!/usr/bin/env node
// `npx folk …`: sets up what is missing, then hands over to Bun with the same arguments, terminal and signals.
import { spawn, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const purpose = process.argv[2] === "up" ? "start" : "folk";
const ready = spawnSync(process.execPath, [join(here, "setup/main.mjs"), purpose], {
  stdio: ["ignore", "inherit", "inherit"],
});
if (ready.status !== 0) process.exit(ready.status ?? 1);

const bun = join(here, "../../node_modules/bun/bin/bun.exe");
const folk = spawn(bun, [join(here, "main.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => folk.kill(signal));
}
folk.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
