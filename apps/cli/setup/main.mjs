// What npm runs before `start`, `test`, `verify` and `folk`: everything that a machine with nothing but Node and npm
// still lacks. Plain Node without dependencies, because nothing is installed yet. Silent when there is nothing to do.
import { installPackages } from "./packages.mjs";
import { installPrograms } from "./programs.mjs";
import { say } from "./say.mjs";

const NODE_MAJOR_MIN = 20;

/** What each command needs: npm packages for development or not, and programs of the system. */
const NEEDS = {
  start: { development: false, programs: ["ffmpeg", "bubblewrap"] },
  folk: { development: false, programs: [] },
  test: { development: true, programs: ["ffmpeg", "bubblewrap", "chromium-libraries", "nginx"] },
  verify: { development: true, programs: [] },
};

const purpose = process.argv[2] ?? "start";
const needs = NEEDS[purpose];
if (!needs) {
  say(`there is no set-up called "${purpose}"; it is one of ${Object.keys(NEEDS).join(", ")}`);
  process.exit(2);
}
if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR_MIN) {
  say(`needs Node ${NODE_MAJOR_MIN} or newer to set itself up; this is ${process.version}`);
  process.exit(1);
}

// Both wait mostly on the network, so they run side by side.
const [packages] = await Promise.all([installPackages(needs), installPrograms(needs.programs)]);
process.exit(packages ? 0 : 1);
