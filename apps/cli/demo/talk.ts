import { SQUARE } from "./film.ts";
import { hills, loom, PALETTES } from "./scenes.ts";
import type { DemoPost } from "./story.ts";
import { but } from "./villagers.ts";

/** What the villagers write to each other in their chats. All invented. */
export interface DemoMessage {
  by: string;
  text: string;
  /** The place in the list of the message that is quoted, or in whose thread this stands. */
  quotes?: number;
  in_thread_of?: number;
  picture?: NonNullable<DemoPost["pictures"]>[number];
  /** Emoji and who chose it. */
  reactions?: Readonly<Record<string, readonly string[]>>;
  pinned_by?: string;
  /** What it says since. */
  now?: string;
}

export type DemoRoom =
  | { direct: readonly [string, string] }
  | { group: string; by: string; others: readonly string[] }
  | {
      space: string;
      name: string;
      kind: "public" | "private" | "announcement";
      topic: string;
      by: string;
      others: readonly string[];
    };

export interface DemoTalk {
  /** Names the chat in the record of what is made already; never changes. */
  key: string;
  room: DemoRoom;
  messages: readonly DemoMessage[];
  /** So many at the end are not read by them. Everybody else has read all. */
  unread?: Readonly<Record<string, number>>;
}

const P = PALETTES;
const WALKERS = ["tomas", "ylva", "nils", "astrid", "freja", "bjorn"] as const;

/** From the quietest to the one where something was said last. */
export const TALKS: readonly DemoTalk[] = [
  {
    key: "notices",
    room: {
      space: "village-hall",
      name: "notices",
      kind: "announcement",
      topic: "What everybody should know. Few words, seldom.",
      by: "astrid",
      others: but("astrid"),
    },
    messages: [
      {
        by: "astrid",
        text: "The hall has a new boiler. It hums in **G major**, which Kofi says is an improvement.",
        reactions: { "🎉": ["kofi", "amina", "greta"], "🔥": ["saga", "nils"] },
      },
      {
        by: "astrid",
        text: "Soup on Thursdays moves to six, because the bus does. Same pot, same price: nothing.",
        reactions: { "👍": ["nils", "amina", "tomas", "freja", "ylva"], "🍲": ["greta"] },
        pinned_by: "astrid",
      },
    ],
    unread: { bjorn: 1, maja: 1 },
  },
  {
    key: "tomas-ylva",
    room: { direct: ["tomas", "ylva"] },
    messages: [
      { by: "tomas", text: "Is the plank over the stream still there?" },
      { by: "ylva", text: "It is. The stream is what moved." },
    ],
  },
  {
    key: "sunday",
    room: {
      space: "slow-walks",
      name: "sunday",
      kind: "public",
      topic: "Ten o'clock at the jetty, or whenever you get there",
      by: "tomas",
      others: WALKERS.slice(1),
    },
    messages: [
      { by: "tomas", text: "This Sunday: the ridge and back, four hours if nobody talks, six if we do." },
      { by: "bjorn", text: "Six, then." },
      {
        by: "ylva",
        text: "There is a fallen spruce after the second gate. We go around, not over. I have counted the rings and it deserves respect.",
        picture: { scene: hills(P.forest, 12), shape: SQUARE, at_s: 3, alt: "Morning light through the forest" },
        reactions: { "🌲": ["tomas", "freja", "astrid"] },
      },
      { by: "freja", text: "I bring apples. @nils, does the 61 stop at the jetty on Sundays?" },
      {
        by: "nils",
        text: "It stops where I stop it.",
        reactions: { "😂": ["freja", "bjorn", "astrid", "tomas"] },
        pinned_by: "tomas",
      },
    ],
  },
  {
    key: "loom",
    room: {
      space: "weavers",
      name: "at the loom",
      kind: "public",
      topic: "Drafts, knots, and who has the big reed",
      by: "maja",
      others: ["greta", "freja", "amina", "saga"],
    },
    messages: [
      {
        by: "maja",
        text: "The draft for the hall's curtains, if somebody wishes to begin:\n```\nshafts  1 . . 4\n        . 2 3 .\n        . 2 3 .\n        1 . . 4\ntreadle 1-2-3-4-3-2\n```",
        picture: { scene: loom(90, "f3e3c8", "93301f", 9), shape: SQUARE, at_s: 2, alt: "A red and white weave" },
        pinned_by: "maja",
      },
      {
        by: "greta",
        text: "In my day we had two shafts and were glad of them.",
        reactions: { "❤️": ["maja", "saga"] },
      },
      { by: "saga", text: "I can make the loom *play* this. Four shafts are a four-step sequencer.", quotes: 0 },
      { by: "maja", text: "Of course you can. Of course.", in_thread_of: 2 },
      { by: "greta", text: "Will it be louder than the boiler?", in_thread_of: 2 },
      { by: "saga", text: "In tune with it, at least.", in_thread_of: 2 },
      { by: "amina", text: "I have two evenings and no talent. Where do I sit?" },
      {
        by: "maja",
        text: "Next to Greta. She has talent for both.",
        now: "Next to Greta. She has talent enough for both.",
      },
    ],
    unread: { astrid: 0, greta: 2 },
  },
  {
    key: "maja-elias",
    room: { direct: ["maja", "elias"] },
    messages: [
      { by: "elias", text: "Your twill is a space-filling curve. I thought that you should know." },
      { by: "maja", text: "It is a tablecloth, Elias." },
      { by: "elias", text: "It can be both.", reactions: { "😂": ["maja"] } },
    ],
    unread: { maja: 1 },
  },
  {
    key: "band",
    room: { group: "Midsummer band", by: "kofi", others: ["saga", "astrid", "elias"] },
    messages: [
      { by: "kofi", text: "Set list so far: three polskas, one from Kayes, and whatever Saga brings on tape." },
      { by: "saga", text: "I bring forty seconds of the harbour crane, slowed to a lullaby." },
      { by: "elias", text: "Is there a part for somebody who can count but not play?", reactions: { "👀": ["kofi"] } },
      {
        by: "kofi",
        text: "Tambourine. Always tambourine.",
        quotes: 2,
        reactions: { "😂": ["saga", "astrid", "elias"] },
      },
      { by: "astrid", text: "The hall is yours on Wednesdays from seven. Mind the door." },
      { by: "kofi", text: "Then Wednesday at seven it is, @astrid. We pull, then push." },
    ],
    unread: { astrid: 1 },
  },
  {
    key: "astrid-greta",
    room: { direct: ["astrid", "greta"] },
    messages: [
      { by: "greta", text: "I have found the button that makes the letters large. Now I see everything." },
      { by: "astrid", text: "Then you also see that you are on the list for coffee on Friday." },
      {
        by: "greta",
        text: "I see it. I had hoped that you would not see that I saw it.",
        reactions: { "❤️": ["astrid"] },
      },
    ],
  },
  {
    key: "astrid-bjorn",
    room: { direct: ["astrid", "bjorn"] },
    messages: [
      { by: "astrid", text: "The door." },
      { by: "bjorn", text: "I know." },
      { by: "astrid", text: "It is Saturday." },
      { by: "bjorn", text: "I have the plane, the oil and a sandwich. On my way." },
      { by: "bjorn", text: "The sandwich did not survive the boat. The plane did." },
    ],
    unread: { astrid: 2 },
  },
  {
    key: "hall",
    room: {
      space: "village-hall",
      name: "the hall",
      kind: "public",
      topic: "Keys, cake, and what happens today",
      by: "astrid",
      others: but("astrid"),
    },
    messages: [
      {
        by: "astrid",
        text: "Good morning. The key hangs where it hangs; who takes it writes it here.",
        pinned_by: "astrid",
        reactions: { "👍": ["amina", "nils", "maja", "kofi"] },
      },
      { by: "nils", text: "Took it at 05:40 for the lost umbrella of row 12. Hung it back at 05:44." },
      { by: "amina", text: "Sixty cardamom buns on the long table. They are for the choir. I am looking at nobody." },
      {
        by: "kofi",
        text: "Fifty-eight.",
        reactions: { "😂": ["amina", "astrid", "saga", "freja", "maja"], "👀": ["nils"] },
      },
      {
        by: "freja",
        text: "Is the hall free on the 14th? The bees have a birthday, the association I mean. About thirty people.",
      },
      { by: "astrid", text: "Free from three. Take the small stove out before, it smokes.", in_thread_of: 4 },
      { by: "freja", text: "Thank you! I bring honey for the key.", in_thread_of: 4 },
      { by: "bjorn", text: "I can look at the stove when I do the door.", in_thread_of: 4 },
      { by: "astrid", text: "One thing at a time, @bjorn.", in_thread_of: 4 },
      {
        by: "elias",
        text: "Numbers for the chairs, since somebody asked:\n```python\nrows, seats = 12, 14\nprint(rows * seats - 3)  # three are only decoration\n```",
      },
      { by: "greta", text: "I know which three. I have sat on all of them.", quotes: 9 },
      {
        by: "ylva",
        text: "Wood for the winter is stacked behind the hall. Birch on the left, what is not birch on the right.",
        picture: {
          scene: hills(P.autumn, 14),
          shape: SQUARE,
          at_s: 4,
          alt: "Hills in autumn, seen from behind the hall",
        },
        reactions: { "❤️": ["astrid", "tomas"], "🔥": ["nils", "bjorn", "kofi"] },
      },
      { by: "tomas", text: "I walked past it. It smells like a library." },
      { by: "saga", text: "Tape night on Friday: bring a sound of no more than a minute. I bring the machine." },
      { by: "amina", text: "I have the sound of bread cooling. It crackles." },
      { by: "saga", text: "That goes first, @amina.", reactions: { "🎉": ["amina"] } },
      {
        by: "maja",
        text: "@astrid, the curtains are on the loom. Two weeks, if the yarn from the mainland comes with Tuesday's boat.",
      },
    ],
    unread: { astrid: 3, bjorn: 5, maja: 4 },
  },
  {
    key: "astrid-amina",
    room: { direct: ["astrid", "amina"] },
    messages: [
      { by: "amina", text: "Kofi ate two. I have witnesses." },
      { by: "astrid", text: "I was one of the witnesses. I also ate one." },
      { by: "amina", text: "I know. Fifty-seven.", reactions: { "😂": ["astrid"] } },
    ],
    unread: { astrid: 1 },
  },
];

/** What they say of themselves. */
export const STATUSES: Readonly<Record<string, readonly [emoji: string, text: string]>> = {
  bjorn: ["⛵", "On the water"],
  amina: ["🍞", "Baking until noon"],
  nils: ["🚌", "Driving the 61"],
  saga: ["🎧", "Recording, knock twice"],
  greta: ["☕", "Coffee"],
};
