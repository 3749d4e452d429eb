import { createInterface } from "node:readline";

/** What everybody sends: a line of chat, and when it was said, in µs of the wall clock. */
export const messageAt = (n) => ({
  id: String(249_819_897_717_063_680n + BigInt(n)),
  sender_id: "249819897717063000",
  at: "2026-11-21T19:00:00.000Z",
  text: `message ${n}: the quick brown fox jumps over the lazy dog, said at <${Math.round((performance.timeOrigin + performance.now()) * 1_000)}>`,
});

/** `FROM COUNT AT_ONCE EVERY_MS` says so many in a turn of the loop, and again after that time. */
export function onCommands(port, say) {
  const commands = createInterface({ input: process.stdin });
  // Whoever started it is gone.
  commands.on("close", () => process.exit(0));
  commands.on("line", (line) => {
    const [from, count, at_once, every_ms] = line.split(" ").map(Number);
    let n = from;
    const turn = () => {
      for (let i = 0; i < at_once && n < from + count; i++) say(n++);
      if (n < from + count) setTimeout(turn, every_ms);
    };
    turn();
  });
  console.log(port);
}
