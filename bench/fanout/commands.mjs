import { createInterface } from "node:readline";

/** What everybody sends: a line of chat. */
export const messageAt = (n) => ({
  id: String(249_819_897_717_063_680n + BigInt(n)),
  sender_id: "249819897717063000",
  at: "2026-11-21T19:00:00.000Z",
  text: `message ${n}: the quick brown fox jumps over the lazy dog, and the dog does not mind at all`,
});

/** `together FROM COUNT AT_ONCE` says so many in each turn of the loop; `alone` is one in each. */
export function onCommands(port, say) {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const [from, count, at_once] = line.split(" ").map(Number);
    let n = from;
    const turn = () => {
      for (let i = 0; i < at_once && n < from + count; i++) say(n++);
      if (n < from + count) setTimeout(turn, 2);
    };
    turn();
  });
  console.log(port);
}
