import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "#ports/clock/index.ts";

import type { Mail, StoredMail } from "./index.ts";
import { checkMessage } from "./message.ts";

/** Above it the oldest are removed: an outbox that nobody reads must not fill the disk. */
export const OUTBOX_MESSAGES_MAX = 2_000;

/** Mail holds invitations and reset links: for the owner of the house alone. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** A message is one file, named by the hash of its key: that is what makes it sent once, and no key reaches a path. */
export function createOutboxMail(needs: { folder: string; clock: Clock; messages_max?: number }): Mail {
  const { folder, clock, messages_max = OUTBOX_MESSAGES_MAX } = needs;

  return {
    leaves_house: false,
    async send(message) {
      const { key, ...rest } = checkMessage(message);
      await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
      const hash = createHash("sha256").update(key).digest("hex");
      const fresh = join(folder, `.${randomBytes(12).toString("hex")}`);
      try {
        await writeSynced(fresh, JSON.stringify({ key, at: new Date(clock.now()).toISOString(), ...rest }, null, 2));
        // Atomic, and refused when the name is taken: the first of two senders wins, and both are told that it is sent.
        await link(fresh, join(folder, `${hash}.json`)).catch((error: unknown) => {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        });
      } finally {
        await rm(fresh, { force: true });
      }
      await syncFolder(folder);
      await trim();
    },
    async outbox(limit) {
      const mails: StoredMail[] = [];
      for (const { path } of (await filesByAge()).slice(0, Math.max(0, Math.min(limit, messages_max)))) {
        const text = await readFile(path, "utf8").catch(goneAsNull);
        if (text === null) continue;
        const mail = JSON.parse(text) as Omit<StoredMail, "at"> & { at: string };
        mails.push({ ...mail, at: new Date(mail.at) });
      }
      return mails.sort((a, b) => b.at.getTime() - a.at.getTime());
    },
  };

  /** The newest first. */
  async function filesByAge(): Promise<{ path: string; at_ms: number }[]> {
    const names = (await readdir(folder).catch(goneAsNull)) ?? [];
    const files: { path: string; at_ms: number }[] = [];
    for (const name of names) {
      if (!name.endsWith(".json")) continue;
      const path = join(folder, name);
      const found = await stat(path).catch(goneAsNull);
      if (found) files.push({ path, at_ms: found.mtimeMs });
    }
    return files.sort((a, b) => b.at_ms - a.at_ms);
  }

  async function trim(): Promise<void> {
    const names = await readdir(folder);
    if (names.length <= messages_max) return;
    for (const { path } of (await filesByAge()).slice(messages_max)) await rm(path, { force: true });
  }
}

function goneAsNull(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
  throw error;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", FILE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
