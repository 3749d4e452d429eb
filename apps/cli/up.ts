import { command } from "./command.ts";

export const upCommand = command({
  path: ["up"],
  summary: "Start the house; the same as npm start",
  options: {},
  async run() {
    // The server's entry takes over this process, its signals and its end.
    await import("../server/main.ts");
    return new Promise<number>(() => {});
  },
});
