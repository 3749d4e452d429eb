/** What each side does: fill, "ready", wait for "go", empty; then its own seconds as a line of JSON. Plain JavaScript, for it runs on Node too. */
export async function runSide({ fill, empty }) {
  await fill();
  console.log("ready");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  const before = process.cpuUsage();
  const began = performance.now();
  await empty();
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ cpu_s: (user + system) / 1e6, wall_s: (performance.now() - began) / 1_000 }));
  process.stdin.unref?.();
}
