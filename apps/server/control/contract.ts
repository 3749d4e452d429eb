import { join } from "node:path";

import { z } from "zod";

/** Below the data folder; one socket for each process of the house that runs here. */
export const CONTROL_FOLDER = "control";
export const SOCKET_NAME = /^([1-9]\d{0,9})\.sock$/;
/** A unix socket's path holds 107 bytes on Linux and 103 on macOS. */
export const SOCKET_PATH_BYTES_MAX = 103;
export const COMMAND_BYTES_MAX = 4_096;
/** Whoever holds the house says so again before this is over, or everything is undone. */
export const HOLD_S_MAX = 60;
export const FAULT_S_MAX = 120;
/** Either way. */
export const STEP_MS_MAX = 3_600_000;
/** People whom the house makes for one drill, and removes. */
export const GUESTS_MAX = 8;

const zHold = z.string().min(1).max(64);
const zDrill = z
  .string()
  .max(32)
  .regex(/^[a-z][a-z-]*$/);
const zLease = z.number().int().min(1).max(HOLD_S_MAX);

/** All that may be asked over the socket. */
export const zCommand = z.discriminatedUnion("command", [
  z.strictObject({ command: z.literal("hello") }),
  z.strictObject({ command: z.literal("hold"), drill: zDrill, lease_s: zLease }),
  z.strictObject({
    command: z.literal("renew"),
    hold: zHold,
    lease_s: zLease,
    /** The next one begins under the same hold. */
    drill: zDrill.optional(),
  }),
  z.strictObject({ command: z.literal("release"), hold: zHold }),
  z.strictObject({
    command: z.literal("step_clock"),
    hold: zHold,
    by_ms: z.number().int().min(-STEP_MS_MAX).max(STEP_MS_MAX),
    lease_s: z.number().int().min(1).max(FAULT_S_MAX),
  }),
  z.strictObject({
    command: z.literal("cut"),
    hold: zHold,
    what: z.enum(["mail", "store"]),
    /** null mends it. */
    how: z.enum(["gone", "stalls", "slow"]).nullable(),
    lease_s: z.number().int().min(1).max(FAULT_S_MAX),
  }),
  z.strictObject({ command: z.literal("wipe_caches"), hold: zHold }),
  z.strictObject({
    command: z.literal("make_guests"),
    hold: zHold,
    count: z.number().int().min(1).max(GUESTS_MAX),
  }),
]);
export type Command = z.output<typeof zCommand>;
/** What of the world outside a drill may cut the house off from, and how. */
export type Cut = Extract<Command, { command: "cut" }>["what"];
export type CutHow = NonNullable<Extract<Command, { command: "cut" }>["how"]>;

/** What a process of the house says of itself. */
export const zHello = z.object({
  pid: z.number().int().positive(),
  version: z.string(),
  /** Where it answers HTTP on this machine; null for one without the role `web`. */
  url: z.string().nullable(),
  /** The drill that is under way. */
  drill: z.string().nullable(),
  embedded_database: z.boolean(),
  /** It starts its embedded database again when that dies. */
  keeps_database: z.boolean(),
  redis: z.boolean(),
  /** Its letters leave it by a mail server. */
  mail: z.boolean(),
  /** Its files are in an S3. */
  store: z.boolean(),
  free_bytes_min: z.number(),
  /** Pages and apps of people that are connected to this process now. */
  lines_open: z.number().int(),
  /** Where its process number and its address mean something; null where that is everywhere. */
  world: z.string().nullable(),
});
export type Hello = z.output<typeof zHello>;

export const zGuest = z.object({ handle: z.string(), password: z.string() });
export type Guest = z.output<typeof zGuest>;

export const zHeld = z.object({ hold: z.string() });
export const zGuests = z.object({ guests: z.array(zGuest) });
export const zWiped = z.object({ caches: z.number().int() });

export const controlFolder = (data_folder: string): string => join(data_folder, CONTROL_FOLDER);
