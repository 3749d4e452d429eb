import { fractal, hills, lace, lights, loom, PALETTES, type Scene } from "./scenes.ts";

/** The people of an imagined village by the sea and the spaces that they keep. All invented. */
export interface DemoPerson {
  handle: string;
  display_name: string;
  bio: string;
  avatar: Scene;
  /** Handles. */
  follows: readonly string[];
}

export interface DemoSpace {
  slug: string;
  name: string;
  description: string;
  owner: string;
  members: readonly string[];
}

const P = PALETTES;
const EVERYBODY = [
  "astrid",
  "bjorn",
  "maja",
  "elias",
  "freja",
  "nils",
  "saga",
  "amina",
  "tomas",
  "ylva",
  "kofi",
  "greta",
] as const;
/** Everybody but these. */
export const but = (...without: string[]) => EVERYBODY.filter((handle) => !without.includes(handle));

export const PEOPLE: readonly DemoPerson[] = [
  {
    handle: "astrid",
    display_name: "Astrid Lindqvist",
    bio: "Keeps the keys of the village hall. Choir on Tuesdays, soup on Thursdays.",
    avatar: hills(P.falu, 1),
    follows: but("astrid"),
  },
  {
    handle: "bjorn",
    display_name: "Björn Hage",
    bio: "Boats, mostly wooden ones. If it leaks I have an opinion.",
    avatar: hills(P.archipelago, 2),
    follows: ["astrid", "maja", "nils", "tomas", "ylva"],
  },
  {
    handle: "maja",
    display_name: "Maja Ekström",
    bio: "Weaver and teacher. The loom is older than the house.",
    avatar: loom(90, "f3e3c8", "93301f", 5),
    follows: ["astrid", "freja", "saga", "amina", "greta"],
  },
  {
    handle: "elias",
    display_name: "Elias Norén",
    bio: "I draw with mathematics and apologise to nobody.",
    avatar: fractal("f5e6c8", "1b3a57"),
    follows: ["maja", "saga", "kofi", "astrid"],
  },
  {
    handle: "freja",
    display_name: "Freja Dahl",
    bio: "Bees, apples, and the patience that both ask for.",
    avatar: hills(P.autumn, 3),
    follows: ["astrid", "maja", "amina", "ylva", "greta"],
  },
  {
    handle: "nils",
    display_name: "Nils Berg",
    bio: "Bus driver, route 61. I see every sunrise so that you need not.",
    avatar: hills(P.dawn, 4),
    follows: ["astrid", "bjorn", "tomas", "kofi"],
  },
  {
    handle: "saga",
    display_name: "Saga Wik",
    bio: "Electronics, tape loops, long winters.",
    avatar: lights(["2b1d3a", "93301f", "f0c9a0"], "radial"),
    follows: ["elias", "kofi", "astrid", "maja"],
  },
  {
    handle: "amina",
    display_name: "Amina Yusuf",
    bio: "Nurse, baker of far too much bread. Come by.",
    avatar: hills(P.midsummer, 5),
    follows: but("amina", "elias"),
  },
  {
    handle: "tomas",
    display_name: "Tomas Vinter",
    bio: "Walks. Writes down what the walk said.",
    avatar: hills(P.frost, 6),
    follows: ["astrid", "ylva", "nils", "freja"],
  },
  {
    handle: "ylva",
    display_name: "Ylva Strand",
    bio: "Forester. Trees first, then coffee, then people.",
    avatar: hills(P.forest, 7),
    follows: ["tomas", "freja", "bjorn", "astrid"],
  },
  {
    handle: "kofi",
    display_name: "Kofi Mensah",
    bio: "Plays the kora in the hall, teaches it to anyone with ten fingers.",
    avatar: lights(["163a5f", "4f86a6", "f5d7b2"], "circular"),
    follows: ["saga", "astrid", "amina", "elias"],
  },
  {
    handle: "greta",
    display_name: "Greta Ahl",
    bio: "Eighty-one. My grandson set this up and now I am better at it than he is.",
    avatar: lace("fdf6e9", "93301f", 2),
    follows: but("greta"),
  },
];

export const SPACES: readonly DemoSpace[] = [
  {
    slug: "village-hall",
    name: "The village hall",
    description: "What happens in the hall, who has the keys, and who brings the cake.",
    owner: "astrid",
    members: but("astrid"),
  },
  {
    slug: "weavers",
    name: "Weavers and menders",
    description: "Looms, needles and things that deserve another ten years.",
    owner: "maja",
    members: ["greta", "freja", "amina", "saga"],
  },
  {
    slug: "slow-walks",
    name: "Slow walks",
    description: "Nobody is late and nobody arrives. Sundays at ten, by the jetty.",
    owner: "tomas",
    members: ["ylva", "nils", "astrid", "freja", "bjorn"],
  },
];
