/**
 * Of the wait that a read bears, how long a turn of the loop goes on beginning work: what comes after that stands in a line where it is seen, ordered and
 * bounded, instead of in the loop's own queue, which is none of it. 5 ms is some requests, and what comes in meanwhile waits no longer.
 */
export const TURN_SHARE = 0.1;
/** From which share of the same wait on a turn says that too much is at work at once. */
export const LONG_SHARE = 0.4;
/** Begun from the line in one turn, at most: doubled while turns are short, halved where they are not. */
export const AT_A_TURN_MAX = 64;

/** How often the watchdogs look. */
export const LOOK_MS = 100;

/**
 * Longest wait for the loop or the gate that a read of a person is asked to bear while the house is behind. DAGOR (Zhou et al.,
 * SoCC '18) takes 20 ms of queueing in C++; one turn of a loop that shares two cores is coarser, and 50 ms nobody sees.
 */
export const WAIT_TARGET_MS = 50;
/** A wait is a burst for so long, and a standing queue after it (CoDel's interval, Nichols and Jacobson 2012; several round trips). */
export const BURST_MS = 500;
/** A line at the gate is a burst for so long: its waits are seen one by one, where a turn's are one number. */
export const LINE_BURST_MS = 200;
/** Who was behind a moment ago is believed sooner, as CoDel does after its first drop. */
export const BURST_AGAIN_MS = 100;
export const BEHIND_REMEMBERED_MS = 5_000;
/** And so many must have come to it: what one page asks for (about ten) is no load, on a machine that gives us no core for a moment either. */
export const LINED_MIN = 32;
/** So long after the last who waited too long the line is believed to stand: who is refused empties it. Whoever finds room is let in all the same. */
export const STANDS_MS = 1_000;
/** One long turn is somebody's large answer; this many in a row are load. */
export const LONG_TURNS_MIN = 3;
/** A longer turn is none: the process was stopped, or one piece of work held it. */
export const STOPPED_MS = 5_000;
/** Of the time since the first long turn. Less says that the loop slept in between, so that it is not behind. */
export const BUSY_SHARE_MIN = 0.7;

/** Requests at work at once: where it begins, and what it never leaves. Below 16 a pool of 12 connections would stand idle now and then. */
export const AT_ONCE_START = 128;
export const AT_ONCE_MIN = 16;
export const AT_ONCE_MAX = 1_024;
/** When own queues are long: times this. Additive increase, multiplicative decrease (Chiu and Jain 1989). */
export const AT_ONCE_DECREASE = 0.9;
/** Where they were not long for so many looks it rises by this part of itself, and by its square root until then: as TCP starts (Jacobson 1988). */
export const AT_ONCE_RISE = 0.25;
export const CALM_WINDOWS = 100;
/** Beyond the limit, for what is critical alone; never less than the minimum. */
export const RESERVE_SHARE = 0.1;
export const RESERVE_MIN = 8;

/** Of the requests at work at once, what is critical for whoever calls it (signing in) may fill by itself: a crowd of strangers takes no more. */
export const CLAIMED_SHARE = 0.5;

/** Requests that wait at the gate. One more pushes out the least important, or is refused. */
export const WAITING_MAX = 512;

/** Of what the process may have. A stage is left 5 % below where it began. */
export const MEMORY_STAGES = { caution: 0.75, shed: 0.85, refuse: 0.92 } as const;
export const MEMORY_STEP_BACK = 0.05;
/** Of the machine, what is free for anybody: whoever takes the last of it is killed, and it may be us. */
export const FREE_STAGES = { caution: 0.06, shed: 0.04, refuse: 0.025 } as const;
export const FREE_STEP_BACK = 0.01;
export const MEMORY_LOOK_MS = 1_000;
/** Between two collections that the watchdog asks for. */
export const COLLECT_MS = 10_000;
