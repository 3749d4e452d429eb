import { lchownSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { Transient } from "#kernel/errors.ts";

/** Above what a system hands out and below what it reserves: 1000…59999 are for people on Debian, given from the bottom. */
const UID_FIRST = 59_000;
export const ACCOUNTS_MAX = 500;
/** A write folder with more entries than this is not handed over; nothing that we make comes near. */
const FOLDER_ENTRIES_MAX = 20_000;

export interface Account extends Disposable {
  uid: number;
}

/**
 * Accounts without a name, one for each running command: processes are counted by account, so the bound is exact, and no
 * two commands can touch one another.
 */
export function createAccounts(random: () => number) {
  const taken = new Set<number>();
  // Two servers on one machine start at different places.
  let next = Math.floor(random() * ACCOUNTS_MAX);
  return {
    /** @throws Transient when all of them are at work */
    take(): Account {
      if (taken.size >= ACCOUNTS_MAX) throw new Transient(`${ACCOUNTS_MAX} sandboxed commands run already.`);
      while (taken.has(next)) next = (next + 1) % ACCOUNTS_MAX;
      const slot = next;
      taken.add(slot);
      next = (next + 1) % ACCOUNTS_MAX;
      return { uid: UID_FIRST + slot, [Symbol.dispose]: () => void taken.delete(slot) };
    },
  };
}

/** Gives a folder and what is in it to an account. Never follows a link. @throws Error for a folder with too much in it */
export function giveFolder(folder: string, uid: number): void {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  if (names.length > FOLDER_ENTRIES_MAX) throw new Error(`${folder} holds more than ${FOLDER_ENTRIES_MAX} entries.`);
  for (const entry of names) lchownSync(join(entry.parentPath, entry.name), uid, uid);
  lchownSync(folder, uid, uid);
}
