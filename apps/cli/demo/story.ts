import type { Audience } from "#kernel/wire.ts";

import { LANDSCAPE, PORTRAIT, type Shape, SQUARE } from "./film.ts";
import {
  breathing,
  fractal,
  garden,
  hills,
  lace,
  lights,
  loom,
  PALETTES,
  plucked,
  type Scene,
  type Tune,
} from "./scenes.ts";
import { but } from "./villagers.ts";

/** What the villagers write, and how they answer each other. All invented. */
export interface DemoPost {
  /** Names the post in the record of what is made already; never changes. */
  key: string;
  by: string;
  text: string;
  space?: string;
  audience?: Audience;
  pictures?: readonly { scene: Scene; shape: Shape; at_s: number; alt: string }[];
  film?: { title: string; scene: Scene; tune: Tune; shape: Shape; seconds: number };
  liked_by: readonly string[];
  reposted_by?: readonly string[];
  /** In order; `answers` is the place of the comment in this list that it answers. */
  comments?: readonly { by: string; text: string; answers?: number }[];
}

const P = PALETTES;

const C_MAJOR = [261.63, 329.63, 392.0, 523.25];
const A_MINOR = [220.0, 261.63, 329.63, 440.0];
const D_DORIAN = [146.83, 220.0, 261.63, 349.23, 293.66];

/** From the oldest to the newest: the feed shows the last one first. */
export const POSTS: readonly DemoPost[] = [
  {
    key: "welcome",
    by: "astrid",
    text: "Welcome to the house. The coffee is on, the rules are few, and the door sticks a little: pull, then push. #welcome",
    space: "village-hall",
    liked_by: but("astrid"),
    comments: [
      { by: "bjorn", text: "I can plane that door on Saturday." },
      { by: "astrid", text: "You have said so since 2019, @bjorn.", answers: 0 },
      { by: "bjorn", text: "And I have meant it every time.", answers: 1 },
      { by: "amina", text: "I bring cardamom buns. Forty. No, sixty." },
    ],
  },
  {
    key: "first-frost",
    by: "tomas",
    text: "First frost on the ridge. The whole hill sounded like paper. #slowwalks",
    pictures: [
      {
        scene: hills(P.frost, 9),
        shape: LANDSCAPE,
        at_s: 2,
        alt: "Pale blue hills one behind the other under a white winter sun",
      },
    ],
    space: "slow-walks",
    liked_by: ["ylva", "nils", "astrid", "greta", "freja"],
    comments: [{ by: "ylva", text: "Minus six at the forest edge. The spruces do not mind." }],
  },
  {
    key: "loom",
    by: "maja",
    text: "Forty seconds at the loom. One thread decides about the next three, and that is all there is to it. #weaving",
    film: {
      title: "At the loom",
      scene: loom(110, "f3e3c8", "93301f", 3),
      tune: plucked(A_MINOR, 0.32),
      shape: PORTRAIT,
      seconds: 40,
    },
    space: "weavers",
    liked_by: ["greta", "freja", "saga", "elias", "amina", "astrid"],
    comments: [
      { by: "greta", text: "My mother wove that pattern. Without a computer, I may add." },
      { by: "maja", text: "So do I, @greta. The computer only holds the camera.", answers: 0 },
    ],
  },
  {
    key: "sunrise",
    by: "nils",
    text: "The 05:40 from the harbour this morning. Three passengers, one of them a dog.",
    film: {
      title: "The 05:40",
      scene: hills(P.dawn, 4),
      tune: breathing([110, 164.81, 220, 277.18], 7),
      shape: LANDSCAPE,
      seconds: 20,
    },
    liked_by: but("nils"),
    reposted_by: ["astrid", "tomas"],
    comments: [
      { by: "greta", text: "What was the dog called?" },
      { by: "nils", text: "Director. He has a season ticket.", answers: 0 },
    ],
  },
  {
    key: "bread",
    by: "amina",
    text: "Sourdough for anyone who passes the yellow door before noon. I cannot stop and you can help.\n\n#bread #neighbours",
    pictures: [
      { scene: hills(P.autumn, 12), shape: SQUARE, at_s: 1, alt: "Ochre hills in evening light" },
      {
        scene: lights(["572c18", "c98a4b", "f2e2bd"], "radial"),
        shape: SQUARE,
        at_s: 2,
        alt: "A glow like the inside of an oven",
      },
    ],
    liked_by: ["astrid", "freja", "kofi", "greta", "nils", "maja", "bjorn"],
    reposted_by: ["kofi"],
    comments: [{ by: "kofi", text: "Two left. One left. Sorry, @nils." }],
  },
  {
    key: "valley",
    by: "elias",
    text: "A descent into the seahorse valley. I changed nothing but the distance. #mathematics",
    film: {
      title: "Into the valley",
      scene: fractal("f5e6c8", "1b3a57"),
      tune: breathing([98, 146.83, 196, 246.94], 9),
      shape: LANDSCAPE,
      seconds: 24,
    },
    liked_by: ["saga", "kofi", "maja", "astrid"],
    comments: [
      { by: "greta", text: "It looks like my doilies." },
      { by: "elias", text: "Your doilies are older than this theorem, @greta.", answers: 0 },
    ],
  },
  {
    key: "hive",
    by: "freja",
    text: "What a hive looks like from the inside, if you let the numbers be bees. #bees",
    film: {
      title: "The hive",
      scene: garden("fff1cf", "d98f2b", "3a1f0a", 11),
      tune: plucked(C_MAJOR, 0.24),
      shape: SQUARE,
      seconds: 15,
    },
    liked_by: ["elias", "ylva", "amina", "greta", "tomas"],
    reposted_by: ["ylva"],
  },
  {
    key: "boat",
    by: "bjorn",
    text: "She floats. I say no more, so as not to frighten her.",
    pictures: [
      { scene: hills(P.archipelago, 8), shape: LANDSCAPE, at_s: 3, alt: "Blue islands behind each other in the haze" },
      { scene: hills(P.noon, 10), shape: LANDSCAPE, at_s: 2, alt: "Green shores under a high sun" },
      { scene: hills(P.midsummer, 11), shape: LANDSCAPE, at_s: 1, alt: "Violet hills at midnight in June" },
    ],
    liked_by: but("bjorn", "elias"),
    comments: [
      { by: "astrid", text: "The door, Björn." },
      { by: "bjorn", text: "Saturday.", answers: 0 },
    ],
  },
  {
    key: "tape",
    by: "saga",
    text: "Night piece for two oscillators and a radiator. #tapeloops",
    film: {
      title: "Night piece",
      scene: lights(["2b1d3a", "93301f", "f0c9a0", "163a5f"], "spiral"),
      tune: breathing(D_DORIAN, 5),
      shape: PORTRAIT,
      seconds: 12,
    },
    liked_by: ["kofi", "elias", "maja"],
    reposted_by: ["kofi", "elias"],
    comments: [{ by: "kofi", text: "The radiator is in tune for once." }],
  },
  {
    key: "choir",
    by: "astrid",
    text: "Choir tonight at seven. Nobody has to be able to sing, somebody has to bring the key: @freja, I believe that you have it. #choir",
    space: "village-hall",
    liked_by: ["freja", "greta", "amina", "kofi", "nils"],
    comments: [
      { by: "freja", text: "It was in the honey shed the whole time." },
      { by: "greta", text: "I sing alto, whatever anyone says." },
    ],
  },
  {
    key: "ridge",
    by: "ylva",
    text: "From the ridge at noon. The light stands still up there, everything else moves. #forest",
    film: {
      title: "On the ridge",
      scene: hills(P.forest, 7),
      tune: plucked(D_DORIAN, 0.5),
      shape: PORTRAIT,
      seconds: 10,
    },
    liked_by: ["tomas", "freja", "bjorn", "astrid", "greta", "nils"],
    reposted_by: ["tomas"],
    comments: [{ by: "tomas", text: "I was on the other side of that cloud." }],
  },
  {
    key: "lace",
    by: "greta",
    text: "My grandson said nobody wants to see lace. I ask the house.",
    film: {
      title: "Lace",
      scene: lace("fdf6e9", "23384f", 3),
      tune: plucked([392, 493.88, 587.33, 783.99], 0.28),
      shape: SQUARE,
      seconds: 8,
    },
    liked_by: but("greta"),
    reposted_by: ["maja", "astrid", "amina"],
    comments: [
      { by: "maja", text: "The house wants to see lace." },
      { by: "elias", text: "The house wants to see a great deal more lace." },
    ],
  },
  {
    key: "kora",
    by: "kofi",
    text: "Lesson one: three strings and the sea. Six seconds is all it takes to be in love. #kora",
    film: {
      title: "Lesson one",
      scene: hills(P.archipelago, 3),
      tune: plucked([174.61, 261.63, 349.23, 440, 523.25], 0.2),
      shape: PORTRAIT,
      seconds: 6,
    },
    liked_by: ["saga", "astrid", "amina", "elias", "greta"],
    comments: [{ by: "amina", text: "Ten fingers, present." }],
  },
  {
    key: "mending",
    by: "greta",
    text: "To the weavers only: I found the blue yarn. It was under the cat.",
    space: "weavers",
    audience: "space",
    liked_by: ["maja", "freja"],
  },
  {
    key: "diary",
    by: "tomas",
    text: "For those who walk with me: the bench at the third bend is mended. Sit on it, it likes that.",
    audience: "followers",
    liked_by: ["ylva", "astrid"],
  },
  {
    key: "soup",
    by: "astrid",
    text: "Thursday is soup. Bring a bowl, a story, or an onion. #soup",
    pictures: [
      { scene: hills(P.falu, 14), shape: LANDSCAPE, at_s: 2, alt: "Red hills, as red as the paint on the hall" },
    ],
    liked_by: but("astrid", "elias"),
    reposted_by: ["amina"],
    comments: [
      { by: "nils", text: "I have stories but they are all about the 61." },
      { by: "astrid", text: "Then an onion, @nils.", answers: 0 },
    ],
  },
];
