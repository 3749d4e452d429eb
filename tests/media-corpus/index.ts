import { CONTAINERS } from "./containers.ts";
import { DAMAGE } from "./damage.ts";
import type { Entry } from "./entry.ts";
import { EXTENTS } from "./extents.ts";
import { PICTURES } from "./pictures.ts";
import { SOUNDS } from "./sounds.ts";
import { TIMES } from "./times.ts";
import { WORDS } from "./words.ts";

export const CORPUS: readonly Entry[] = [
  ...CONTAINERS,
  ...EXTENTS,
  ...TIMES,
  ...PICTURES,
  ...SOUNDS,
  ...DAMAGE,
  ...WORDS,
];

export { type Entry } from "./entry.ts";
