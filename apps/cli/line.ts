import { type Command, command } from "./command.ts";
import { openHouse } from "./house.ts";

const renew = command({
  path: ["line", "renew"],
  summary: "After files of the database were put back: has every client take its state anew",
  about:
    "Clients know up to where they have everything. A restore from a dump and a recovery to a moment are noticed by themselves; a copy of the files that was put back is not, and clients would wait for what they believe to have. Safe at any time: it costs each client one reload of what it shows.",
  options: {},
  async run(_, terminal) {
    await using house = await openHouse(terminal);
    const epoch = await house.realtime.renewEpoch();
    terminal.out(`The streams' epoch is ${epoch} now. Running processes notice within seconds.`);
    return 0;
  },
});

/** Commands of the line. */
export const lineCommands: readonly Command[] = [renew];
