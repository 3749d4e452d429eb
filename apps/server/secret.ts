import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

/** The key that signs blob URLs. Made once, readable by its owner alone; a new one only makes old signed URLs invalid. */
export async function signingSecret(data_folder: string): Promise<string> {
  const path = join(data_folder, "signing-secret");
  const found = await readFile(path, "utf8").catch(() => null);
  if (found !== null && found.trim().length >= 32) return found.trim();
  await mkdir(data_folder, { recursive: true });
  const secret = randomBytes(32).toString("base64url");
  // Written whole under another name first: half a secret after a crash would be a different one.
  const draft = `${path}.${process.pid}`;
  const file = await open(draft, "w", 0o600);
  await file.writeFile(`${secret}\n`);
  await file.sync();
  await file.close();
  await rename(draft, path);
  return secret;
}
