import type { Ids } from "#kernel/ids.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Outside } from "#ports/outside/index.ts";
import type { Sandbox } from "#ports/sandbox/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { fillAv1Job } from "./av1/fill.ts";
import { offerAv1Job } from "./av1/offer.ts";
import { readTextsJob } from "./captions/from-file.ts";
import { forgetFilesJob, publishTextsJob } from "./captions/publish.ts";
import { closeCollectionsJob } from "./collections/follow.ts";
import { endEarlyJob } from "./early/arrive.ts";
import { finishEditJob } from "./edits/finish.ts";
import { trimVideoJob } from "./edits/trim.ts";
import type { FfmpegTools } from "./encode/tools.ts";
import type { Tell } from "./events.ts";
import { trimHistoryJob } from "./history/index.ts";
import { makeImageJob } from "./images/make.ts";
import { importUploadJob } from "./imports/fetch.ts";
import type { MediaLimits } from "./limits.ts";
import { fillJobs } from "./making/fill.ts";
import type { Making } from "./making/index.ts";
import type { SpaceFacts } from "./rules.ts";
import { makeSoundJob } from "./sounds/make.ts";
import { classifyVideosJob } from "./storage/classes.ts";
import { evictColdJob, relievePressureJob } from "./storage/evict.ts";
import { takeStockJob } from "./storage/walk.ts";
import { storyboardJob } from "./storyboard/make.ts";
import { thumbnailJob } from "./thumbnail/make.ts";
import { collectOrphansJob } from "./upkeep/collect.ts";
import { deleteImageJob, deletePlaceJobs, deleteSoundJob, deleteVideoJob } from "./upkeep/delete.ts";
import { deleteOfPersonJob } from "./upkeep/follow.ts";
import { moveImageJob, moveVideoJob } from "./upkeep/move.ts";
import { freeUnusedJob } from "./upkeep/unused.ts";
import { expireUploadsJob, freeUploadJob } from "./uploads/free.ts";
import type { EarlyVideos, Uploads } from "./uploads/index.ts";
import { finishUploadJob, type Intake } from "./uploads/intake.ts";
import { posterJob } from "./videos/poster.ts";
import { probeVideoJob } from "./videos/probe.ts";
import { publishVideoJob } from "./videos/publish.ts";
import { countViewsJob, recountViewsJob } from "./watching/views.ts";

/** What the jobs stand on. */
export interface WorkNeeds {
  sql: Sql;
  jobs: Jobs;
  blobs: Blobs;
  sandbox: Sandbox;
  clock: Clock;
  ids: Ids;
  tell: Tell;
  uploads: Uploads;
  early: EarlyVideos;
  intake: Intake;
  making: Making;
  outside: Outside;
  spaces: Pick<SpaceFacts, "storageMax">;
  limits: MediaLimits;
  tools: FfmpegTools | null;
  scratch_folder: string;
  /** Names a day's viewers. */
  secret: string;
}

/** Declares all of media's jobs on this node. */
export function defineMediaJobs(needs: WorkNeeds): void {
  const { jobs } = needs;
  jobs.define(makeImageJob(needs));
  jobs.define(makeSoundJob(needs));
  jobs.define(probeVideoJob(needs));
  jobs.define(posterJob(needs));
  for (const kind of fillJobs(needs)) jobs.define(kind);
  jobs.define(offerAv1Job(needs));
  jobs.define(fillAv1Job(needs));
  jobs.define(publishVideoJob(needs));
  jobs.define(endEarlyJob(needs));
  jobs.define(freeUploadJob(needs));
  jobs.define(finishUploadJob(needs));
  jobs.define(importUploadJob(needs));
  jobs.define(expireUploadsJob(needs));
  jobs.define(deleteVideoJob(needs));
  jobs.define(deleteImageJob(needs));
  jobs.define(deleteSoundJob(needs));
  for (const kind of deletePlaceJobs(needs)) jobs.define(kind);
  jobs.define(deleteOfPersonJob(needs));
  jobs.define(moveVideoJob(needs));
  jobs.define(moveImageJob(needs));
  jobs.define(freeUnusedJob(needs));
  jobs.define(collectOrphansJob(needs));
  jobs.define(countViewsJob(needs));
  jobs.define(trimHistoryJob(needs));
  jobs.define(closeCollectionsJob(needs));
  jobs.define(trimVideoJob(needs));
  jobs.define(finishEditJob(needs));
  jobs.define(recountViewsJob(needs));
  jobs.define(takeStockJob(needs));
  jobs.define(classifyVideosJob(needs));
  jobs.define(evictColdJob(needs));
  jobs.define(relievePressureJob(needs));
  jobs.define(publishTextsJob(needs));
  jobs.define(forgetFilesJob(needs));
  jobs.define(readTextsJob(needs));
  jobs.define(storyboardJob(needs));
  jobs.define(thumbnailJob(needs));
}
