export { createDrills, type Drills } from "./drills.ts";
export { openControl } from "./socket.ts";
export { createSteppedClock, type SteppedClock } from "./stepped-clock.ts";
export { type CutCalls, cuttable } from "./cut.ts";
export { worldOfProcess } from "./world.ts";
export { wipeable, type WipedCaches } from "./wiped.ts";
