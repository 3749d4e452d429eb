import type { SpaceId } from "#kernel/ids.ts";

import { type Board, createBoard, type SavedBoard, type TrendWindow, WINDOWS } from "./board.ts";
import * as b from "./bounds.ts";
import { type Act, countedFor, type PostSubjects, type TrendKind } from "./subjects.ts";

/** All boards of this process: of the house and of the spaces that were lively last, each kind and window with its own. */
export interface Boards {
  act(act: Act, subjects: PostSubjects, who: { person_hash: number; weight: number }, at_ms: number): void;
  /** What a post was counted for and is not any more is taken off; what it is again comes back. Null: it is not there. */
  turn(post_id: string, before: PostSubjects | null, now: PostSubjects | null): void;
  /** Null where nothing happened yet. `space_id` null is the whole house. */
  board(space_id: SpaceId | null, kind: TrendKind, window: TrendWindow): Board | null;
  save(): SavedBoards;
  load(saved: SavedBoards): void;
  stats(): { spaces: number; boards: number; bytes: number };
}

export type SavedBoards = { place: string; boards: { name: string; board: SavedBoard }[] }[];

/** The name of the whole house among the places. */
export const HOUSE = "";
const WINDOW_NAMES = Object.keys(WINDOWS) as TrendWindow[];

export function createBoards(): Boards {
  /** By place; the place that was acted on last stands last. */
  const places = new Map<string, Map<string, Board>>();

  function placeFor(place: string): Map<string, Board> {
    const known = places.get(place) ?? new Map<string, Board>();
    places.delete(place);
    places.set(place, known);
    if (places.size > b.SPACES_WATCHED_MAX + 1) {
      for (const oldest of places.keys()) {
        if (oldest === HOUSE) continue;
        places.delete(oldest);
        break;
      }
    }
    return known;
  }

  function boardFor(place: string, boards: Map<string, Board>, kind: TrendKind, window: TrendWindow): Board {
    const name = `${kind}.${window}`;
    let board = boards.get(name);
    if (!board) {
      board = createBoard(
        window,
        place === HOUSE
          ? { subjects_max: b.OVERALL_SUBJECTS_MAX, registers: b.OVERALL_REGISTERS }
          : { subjects_max: b.SPACE_SUBJECTS_MAX, registers: b.SPACE_REGISTERS },
      );
      boards.set(name, board);
    }
    return board;
  }

  return {
    act(act, subjects, who, at_ms) {
      for (const place of placesOf(subjects)) {
        const boards = placeFor(place);
        for (const [kind, key] of countedFor(act, subjects)) {
          for (const window of WINDOW_NAMES)
            boardFor(place, boards, kind, window).act(key, { ...who, at_ms, witness: act.post_id });
        }
      }
    },
    turn(post_id, before, now) {
      const [was, is] = [countsIn(before, post_id), countsIn(now, post_id)];
      const each = (
        from: ReturnType<typeof countsIn>,
        but: ReturnType<typeof countsIn>,
        done: "withdraw" | "giveBack",
      ) => {
        for (const [name, [place, kind, key]] of from)
          if (!but.has(name))
            for (const window of WINDOW_NAMES) places.get(place)?.get(`${kind}.${window}`)?.[done](key, post_id);
      };
      each(was, is, "withdraw");
      each(is, was, "giveBack");
    },
    board: (space_id, kind, window) => places.get(space_id ?? HOUSE)?.get(`${kind}.${window}`) ?? null,
    save: () =>
      [...places].map(([place, boards]) => ({
        place,
        boards: [...boards].map(([name, board]) => ({ name, board: board.save() })),
      })),
    load(saved) {
      places.clear();
      for (const { place, boards } of saved) {
        const into = placeFor(place);
        for (const { name, board } of boards) {
          const [kind, window] = name.split(".") as [TrendKind, TrendWindow];
          boardFor(place, into, kind, window).load(board);
        }
      }
    },
    stats() {
      const boards = [...places.values()].flatMap((place) => [...place.values()]);
      return {
        spaces: places.size - (places.has(HOUSE) ? 1 : 0),
        boards: boards.length,
        bytes: boards.reduce((sum, board) => sum + board.bytes, 0),
      };
    },
  };
}

const placesOf = ({ is_public, space_id }: PostSubjects): string[] => [
  ...(is_public ? [HOUSE] : []),
  ...(space_id === null ? [] : [space_id]),
];

/** Everything that an act on a post counts for, by one name each. */
function countsIn(subjects: PostSubjects | null, post_id: string): Map<string, [string, TrendKind, string]> {
  const all = new Map<string, [string, TrendKind, string]>();
  if (subjects === null) return all;
  for (const place of placesOf(subjects))
    for (const [kind, key] of countedFor({ post_id, person_id: "", writes: false }, subjects))
      all.set(`${place} ${kind} ${key}`, [place, kind, key]);
  return all;
}
