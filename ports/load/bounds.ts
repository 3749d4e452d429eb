/** How often the watchdogs look. */
export const LOOK_MS = 100;

/**
 * Longest wait for the loop or the gate that a read of a person is asked to bear while the house is behind. DAGOR (Zhou et al.,
 * SoCC '18) takes 20 ms of queueing in C++; one turn of a loop that shares two cores is coarser, and 50 ms nobody sees.
 */
export const WAIT_TARGET_MS = 50;
/** A wait is a burst for so long, and a standing queue after it (CoDel's interval, Nichols and Jacobson 2012; several round trips). */
export const BURST_MS = 500;
/** Who was behind a moment ago is believed sooner, as CoDel does after its first drop. */
export const BURST_AGAIN_MS = 100;
export const BEHIND_REMEMBERED_MS = 5_000;
/** One long turn is somebody's large answer; this many in a row are load. */
export const LONG_TURNS_MIN = 3;
/** Of the time since the first long turn. Less says that the loop slept in between, so that it is not behind. */
export const BUSY_SHARE_MIN = 0.7;

/** Requests at work at once: where it begins, and what it never leaves. Below 16 a pool of 12 connections would stand idle now and then. */
export const AT_ONCE_START = 128;
export const AT_ONCE_MIN = 16;
export const AT_ONCE_MAX = 1_024;
/** When own queues are long: times this. Additive increase, multiplicative decrease (Chiu and Jain 1989). */
export const AT_ONCE_DECREASE = 0.9;
/** Beyond the limit, for what is critical alone; never less than the minimum. */
export const RESERVE_SHARE = 0.1;
export const RESERVE_MIN = 8;

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
