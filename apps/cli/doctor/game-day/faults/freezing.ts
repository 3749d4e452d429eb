import { letGo, stopProcesses } from "#ports/sql/postmaster.ts";

/**
 * A process of its own that stops the database's processes and lets them go on: run by `postgres.ts` with the postmaster's
 * pid, ms to stop, ms to go on between, and seconds in all. When its standard input ends, whoever began it has ended: it lets
 * everything go on and ends too. That holds for a doctor that was killed.
 */
if (import.meta.main) {
  const [pid = 0, stop_ms = 0, go_ms = 0, seconds = 0] = process.argv.slice(2).map(Number);
  const until = performance.now() + seconds * 1_000;
  const end = () => {
    letGo(pid);
    process.exit(0);
  };
  process.stdin.on("end", end).on("close", end).on("error", end).resume();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
  try {
    for (let first = true; performance.now() < until; first = false) {
      stopProcesses(pid);
      if (first) process.stdout.write("stopped\n");
      await Bun.sleep(Math.min(stop_ms, until - performance.now()));
      if (go_ms === 0) continue;
      letGo(pid);
      await Bun.sleep(Math.max(0, Math.min(go_ms, until - performance.now())));
    }
  } finally {
    end();
  }
}
