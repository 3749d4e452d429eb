import { gunzipSync } from "node:zlib";

/** Who knows whom: for each person, by number, the others. */
export type Graph = readonly (readonly number[])[];

const textOf = async (path: string): Promise<string> => {
  const bytes = new Uint8Array(await Bun.file(path).arrayBuffer());
  return new TextDecoder().decode(path.endsWith(".gz") ? gunzipSync(bytes) : bytes);
};

/** SNAP's ego-Facebook as one list: the number of people, then `u v …` for each edge in both directions. */
export async function readGraph(path: string): Promise<Graph> {
  const [first, ...lines] = (await textOf(path)).trim().split("\n");
  const graph: number[][] = Array.from({ length: Number(first) }, () => []);
  for (const line of lines) {
    const [u, v] = line.split(/\s+/).map(Number);
    // The file ends with a line of its own.
    if (v !== undefined) graph[u!]?.push(v);
  }
  return graph;
}

export interface Message {
  from: number;
  to: number;
  at_ms: number;
}

/** SNAP's CollegeMsg: `src dst unix_time`, one message a line. */
export async function readMessages(path: string): Promise<Message[]> {
  return (await textOf(path))
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [from, to, at_s] = line.split(/\s+/).map(Number);
      return Number.isFinite(at_s) ? [{ from: from!, to: to!, at_ms: at_s! * 1_000 }] : [];
    })
    .toSorted((a, b) => a.at_ms - b.at_ms);
}

/** Circles of about `circle` people who mostly know each other, where no file is given. */
export function makeGraph(people: number, circle: number, chance: () => number): Graph {
  const sets = Array.from({ length: people }, () => new Set<number>());
  const tie = (a: number, b: number) => {
    if (a !== b) {
      sets[a]!.add(b);
      sets[b]!.add(a);
    }
  };
  for (let a = 0; a < people; a++) {
    const first = a - (a % circle);
    for (let i = 0; i < circle / 3; i++) tie(a, Math.min(people - 1, first + Math.floor(chance() * circle)));
    for (let i = 0; i < 3; i++) tie(a, Math.floor(chance() * people));
  }
  return sets.map((set) => [...set]);
}
