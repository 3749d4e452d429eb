import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import type { People } from "#systems/people/index.ts";

import { controlFolder, type Guest, GUESTS_MAX, zGuest } from "./contract.ts";
import type { Guests } from "./drills.ts";

export interface GuestsNeeds {
  data_folder: string;
  people: Pick<People, "createPerson">;
  /** The house's own door. */
  fetch: (request: Request, peer_address: string) => Promise<Response>;
}

const zRecord = z.array(zGuest).max(GUESTS_MAX * 16);
const ADDRESS = "127.0.0.1";
const ORIGIN = "http://127.0.0.1";
/** Of drills that were killed one after the other; more than that is not noted, and so not made. */
const NOTED_MAX = GUESTS_MAX * 16;

/**
 * People of a drill. They are noted with their passwords before they are made, so that whoever comes later can remove exactly
 * these and nobody else; they delete their accounts by the same door as anybody.
 */
export function createGuests({ data_folder, people, fetch }: GuestsNeeds): Guests {
  // In the control folder, which nobody else can look into.
  const path = join(controlFolder(data_folder), "guests.json");
  let writing: Promise<unknown> = Promise.resolve();

  async function noted(): Promise<Guest[]> {
    const text = await readFile(path, "utf8").catch(() => "[]");
    try {
      return zRecord.parse(JSON.parse(text));
    } catch {
      return [];
    }
  }
  async function note(guests: Guest[]): Promise<void> {
    if (guests.length === 0) return rm(path, { force: true });
    const draft = `${path}.${process.pid}`;
    const file = await open(draft, "w", 0o600);
    await file.writeFile(JSON.stringify(guests));
    await file.sync();
    await file.close();
    await rename(draft, path);
  }
  /** One change of the record at a time. */
  function turn<T>(work: () => Promise<T>): Promise<T> {
    const mine = writing.then(work);
    writing = mine.catch(() => {});
    return mine;
  }
  const call = (method: string, route: string, body: unknown, token: string | null) =>
    fetch(
      new Request(`${ORIGIN}${route}`, {
        method,
        headers: {
          "content-type": "application/json",
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
      }),
      ADDRESS,
    );

  /** @returns true when there is no such person any more */
  async function remove({ handle, password }: Guest): Promise<boolean> {
    const signed_in = await call("POST", "/v1/sessions", { handle, password }, null);
    if (signed_in.status === 401) return true;
    if (signed_in.status !== 201) return false;
    const { token } = (await signed_in.json()) as { token: string };
    const gone = await call("POST", "/v1/people/me/deletion", { password }, token);
    return gone.status === 204;
  }

  return {
    make: (count) =>
      turn(async () => {
        const before = await noted();
        const guests = Array.from({ length: Math.min(count, NOTED_MAX - before.length) }, () => ({
          handle: `game_day_${randomBytes(6).toString("hex")}`,
          password: randomBytes(24).toString("base64url"),
        }));
        await note([...before, ...guests]);
        for (const { handle, password } of guests)
          await people.createPerson({ handle, password, display_name: "A guest of the game day" });
        return guests;
      }),
    removeAll: () =>
      turn(async () => {
        const left: Guest[] = [];
        const all = await noted();
        for (const guest of all) if (!(await remove(guest))) left.push(guest);
        if (all.length > 0) await note(left);
        return left.length;
      }),
    areHere: async () => (await noted()).length > 0,
  };
}
