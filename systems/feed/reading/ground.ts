import type { CatchUp } from "../catch-up/catch-up.ts";
import type { Ground } from "../ground.ts";
import type { ListBook } from "../lists/book.ts";
import type { Timeline } from "../timelines/timeline.ts";
import type { WishBook } from "../wishes/wishes.ts";
import type { Reader } from "./reader.ts";

/** What the rooms of readers (wishes, lists, folders, places, catch-up) stand on. */
export interface ReadingGround extends Ground {
  reader: Reader;
  timeline: Timeline;
  wishes: WishBook;
  lists: ListBook;
  catchUp: CatchUp;
}
