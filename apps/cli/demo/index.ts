import { readConfig } from "../../server/config.ts";
import { command } from "../command.ts";
import { openHouse } from "../house.ts";
import { fill, HandleTaken } from "./fill.ts";
import { createStudio } from "./film.ts";
import { openRecord } from "./record.ts";
import { PEOPLE } from "./villagers.ts";

export const demoCommand = command({
  path: ["demo"],
  summary: "Fill the house with people, posts, pictures and films to try it with",
  about:
    "A small village by the sea moves in: twelve people who follow, answer and write to each other, three spaces, pictures, and\n" +
    "short films with sound that ffmpeg draws. It takes a few minutes, most of them for the films. Run it again and it makes only\n" +
    "what is missing. All of them have one password, which is made here and printed at the end.",
  options: {
    "no-films": { type: "boolean", says: "leave the films out: done in half a minute" },
    quiet: { type: "boolean", says: "print only the end" },
  },
  async run(values, terminal) {
    const { config } = readConfig(terminal.env);
    const ffmpeg = config.ffmpeg_path ?? Bun.which("ffmpeg");
    if (!ffmpeg)
      terminal.err("There is no ffmpeg, so there are only words. Run it again when there is, and the films are added.");
    await using house = await openHouse(terminal);
    house.work();
    const record = await openRecord(config.data_folder);
    try {
      await fill({
        house,
        record,
        studio: ffmpeg ? createStudio(ffmpeg) : null,
        films: !values["no-films"],
        say: (line) => values.quiet || terminal.out(`  ${line}`),
      });
    } catch (error) {
      if (!(error instanceof HandleTaken)) throw error;
      terminal.err(error.message);
      return 1;
    }
    terminal.out("");
    terminal.out(
      `  Sign in as ${PEOPLE.slice(0, 3)
        .map(({ handle }) => handle)
        .join(", ")} or any of the others, with the password`,
    );
    terminal.out(`  ${record.password}`);
    return 0;
  },
});
