import type { SignedIn } from "#kernel/viewer.ts";
import type { Blobs } from "#ports/blobs/index.ts";

import type { Ground } from "../ground.ts";
import type { ReadingGround } from "../reading/ground.ts";
import { exportJob } from "./export.ts";
import type { MovingFiles } from "./files.ts";
import { listJob } from "./lists.ts";
import { postsJob } from "./posts.ts";
import { sweepJob } from "./sweep.ts";
import { undoJob } from "./undo.ts";

/** Taking one's things along: archives out, lists and archives in. */
export interface MovingNeeds {
  /** The feed's own (`feed.rooms.ground`). */
  ground: Ground;
  blobs: Blobs;
  files: MovingFiles;
  relating: Relating;
  /** The feed's own rooms of readers (`feed.rooms`): lists of people and bookmarks. */
  reading: Pick<ReadingGround, "reader" | "timeline" | "wishes" | "lists" | "catchUp">;
}

export interface MovingGround extends Ground {
  blobs: Blobs;
  files: MovingFiles;
  relating: Relating;
  reading: MovingNeeds["reading"];
}

/** People's own door for follows, mutes and blocks. */
export interface Relating {
  follow(viewer: SignedIn, handle: string): Promise<unknown>;
  unfollow(viewer: SignedIn, handle: string): Promise<unknown>;
  mute(viewer: SignedIn, handle: string): Promise<unknown>;
  unmute(viewer: SignedIn, handle: string): Promise<unknown>;
  block(viewer: SignedIn, handle: string): Promise<unknown>;
  unblock(viewer: SignedIn, handle: string): Promise<unknown>;
}

export type Moving = MovingGround;

/** Declares its jobs; they run where jobs are worked on. */
export function createMoving({ ground, blobs, files, relating, reading }: MovingNeeds): Moving {
  const moving: MovingGround = { ...ground, blobs, files, relating, reading };
  for (const job of [exportJob, listJob, postsJob, undoJob, sweepJob]) moving.jobs.define(job(moving));
  return moving;
}

export { exportedArchive } from "./export.ts";
export type { KeptFile, MovingFiles } from "./files.ts";
export { serveMoving } from "./routes.ts";
