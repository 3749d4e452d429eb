import { STEP_MS } from "./bounds.ts";
import type { Fault } from "./fault.ts";
import { clockBack, clockForward } from "./faults/clock.ts";
import { cutOff, mailGone } from "./faults/cut.ts";
import { diskFull } from "./faults/disk.ts";
import { nodeKilled } from "./faults/node.ts";
import { postgresGone, postgresKilled, postgresSlow } from "./faults/postgres.ts";
import { redisGone } from "./faults/redis.ts";
import { cacheWiped, hotKey, retryStorm } from "./faults/storm.ts";
import type { ProbeName } from "./probes.ts";

/** What the house promises of a bad day; a drill fails where it is not so. */
export interface Expectations {
  /** Of all requests while it lasts, this share was answered well, also where slowly. */
  answered_share_min: number;
  /** This share met an error that says nothing. */
  failed_share_max: number;
  /** This share met silence, or a line that broke. */
  unanswered_share_max: number;
  /** What may be refused clearly and is not counted in the shares above. */
  may_refuse: readonly ProbeName[];
  /** From the end of the fault until all is as before. */
  heal_ms_max: number;
  /** `/readyz` says so by one of these names while it lasts; none where nobody needs to be told. */
  told_as: readonly string[];
}

export interface Drill {
  name: string;
  /** What will be done, for whoever is asked. */
  does: string;
  /** What people should see, in a sentence. */
  promise: string;
  /** What to do where it was not so. */
  advice: string;
  expects: Expectations;
  /** Beside the two who measure. */
  guests: number;
  fault: Fault;
}

const minutes = STEP_MS / 60_000;
/** Nobody should notice; a request in a hundred may be unlucky. */
const UNNOTICED: Expectations = {
  answered_share_min: 0.99,
  failed_share_max: 0,
  unanswered_share_max: 0,
  may_refuse: [],
  heal_ms_max: 10_000,
  told_as: [],
};

/** By name, in the order in which they are run: what hurts least comes first. */
export const DRILLS: readonly Drill[] = [
  {
    name: "cache-wiped",
    does: "throws all caches of the house away each second, while 32 clients read",
    promise: "Nobody notices but by a few ms: what is hot is made again from the database.",
    advice:
      "see which times above rose. What is slow without a cache is slow at each start: GET /metrics names the caches that missed most.",
    expects: UNNOTICED,
    guests: 4,
    fault: cacheWiped,
  },
  {
    name: "hot-key",
    does: "has 32 clients read and like one post at once; only its writer's followers, who are guests too, can see it",
    promise: "Nobody notices: everybody else's requests are answered as before.",
    advice:
      "the machine may be too small for 32 readers at once, or busy; run it again when nothing else runs, then compare GET /metrics.",
    expects: UNNOTICED,
    guests: 4,
    fault: hotKey,
  },
  {
    name: "clock-forward",
    does: `sets the house's own clock ${minutes} minutes ahead (not the machine's)`,
    promise: "Nobody notices: sessions, limits and leases go by durations; what was written keeps its order.",
    advice:
      "this is a fault of the house: please report it with this page. Keep the machine's clock right by NTP until then.",
    expects: { ...UNNOTICED, told_as: ["database"] },
    guests: 0,
    fault: clockForward,
  },
  {
    name: "clock-back",
    does: `sets the house's own clock ${minutes} minutes back (not the machine's)`,
    promise: "Nobody notices, and no name is given twice.",
    advice:
      "this is a fault of the house: please report it with this page. Keep the machine's clock right by NTP until then.",
    expects: { ...UNNOTICED, told_as: ["database"] },
    guests: 0,
    fault: clockBack,
  },
  {
    name: "redis-gone",
    does: "has the house's Redis answer nobody (CLIENT PAUSE, which ends by itself); also others who use this Redis wait",
    promise:
      "Reads come from memory and the database, limits are counted in each process: the same pages, a little slower.",
    advice:
      "see the log for what waited on Redis. Where only times rose, the database has to carry all reads alone: give it more room.",
    expects: { ...UNNOTICED, told_as: ["redis", "limits"] },
    guests: 0,
    fault: redisGone,
  },
  {
    name: "mail-gone",
    does: "cuts the house off from its mail server, which is gone at first and then says nothing, while a guest asks for a letter",
    promise: "Nobody notices: letters wait, and are tried again for about a day.",
    advice: "see the admin's page of jobs: letters that wait are there with the reason, and can be tried again.",
    expects: UNNOTICED,
    guests: 1,
    fault: mailGone(),
  },
  {
    name: "store-slow",
    does: "has each answer of the S3 that keeps the files come a second later",
    promise: "Uploads take longer; all else is as before.",
    advice: "see which times above rose beside uploads: what waits for the store there should not.",
    expects: { ...UNNOTICED, may_refuse: ["upload"] },
    guests: 0,
    fault: cutOff("store", ["slow"]),
  },
  {
    name: "store-gone",
    does: "cuts the house off from the S3 that keeps its files, which is gone at first and then says nothing",
    promise: "Uploads are refused with the reason, or wait; all else goes on.",
    advice: "see the reasons above: what failed and is no upload should not need the store.",
    expects: { ...UNNOTICED, may_refuse: ["upload"], told_as: ["s3", "s3_bodies"], heal_ms_max: 40_000 },
    guests: 0,
    fault: cutOff("store", ["gone", "stalls"]),
  },
  {
    name: "disk-full",
    does: "takes the room on disk down to just below the house's reserve (FOLKHUS_FREE_MIB_MIN), by a file without a name",
    promise: "Uploads are refused with the reason before they start; all else goes on.",
    advice: "raise FOLKHUS_FREE_MIB_MIN if others fill this disk too, or give the data folder a disk of its own.",
    expects: { ...UNNOTICED, may_refuse: ["upload"], told_as: ["disk"] },
    guests: 0,
    fault: diskFull,
  },
  {
    name: "postgres-slow",
    does: "stops the embedded database's processes for 300 ms of each 400 ms",
    promise: "All is slower; nobody meets an error that says nothing.",
    advice: "see which requests waited above; a database this slow needs a quicker disk or less beside it.",
    expects: { ...UNNOTICED, answered_share_min: 0.9 },
    guests: 0,
    fault: postgresSlow,
  },
  {
    name: "postgres-gone",
    does: "stops the embedded database's processes: it takes connections and answers nobody",
    promise:
      "People wait, or are told to come back in a moment; nothing that was acknowledged is lost, and all comes back by itself.",
    advice:
      "see the log from that time on. What did not come back by itself comes back when the house is started again.",
    expects: {
      ...UNNOTICED,
      answered_share_min: 0,
      told_as: ["database"],
      heal_ms_max: 15_000,
    },
    guests: 0,
    fault: postgresGone,
  },
  {
    name: "postgres-killed",
    does: "kills the embedded database (kill -9); the house must start it again by itself",
    promise: "People wait, or are told to come back in a moment; nothing that was acknowledged is lost.",
    advice:
      "see postgres/postgres.log in the data folder; the house tells in its own log how often it tried. Start the house again if it ended.",
    expects: { ...UNNOTICED, answered_share_min: 0, heal_ms_max: 20_000 },
    guests: 0,
    fault: postgresKilled,
  },
  {
    name: "retry-storm",
    does: "stops the database for a third of the time, while 32 clients ask for home and ask again at once whatever they are told",
    promise: "Who storms is told to come later; the others wait for as long as the database stood, and no longer.",
    advice:
      "limit what one address may ask (the admin's page of limits), or put a proxy that holds crowds back before the house.",
    expects: { ...UNNOTICED, answered_share_min: 0.6, heal_ms_max: 15_000 },
    guests: 4,
    fault: retryStorm,
  },
  {
    name: "node-killed",
    does: "kills the house (kill -9); whoever supervises it must start it again",
    promise: "Open requests break and are sent again; nothing that was acknowledged is lost, and no line stays away.",
    advice: "see how long what supervises the house takes to start it again (systemd: Restart=always, RestartSec=1).",
    expects: {
      ...UNNOTICED,
      answered_share_min: 0,
      unanswered_share_max: 1,
      heal_ms_max: 30_000,
    },
    guests: 0,
    fault: nodeKilled,
  },
];

/** @throws RangeError for one that there is not */
export function drillNamed(name: string): Drill {
  const drill = DRILLS.find((one) => one.name === name);
  if (!drill) throw new RangeError(`there is no drill ${name}`);
  return drill;
}
