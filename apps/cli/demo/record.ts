import { randomBytes } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

/**
 * What the demo made, in `demo.json` of the data folder, readable by its owner alone: a second run, or one after a
 * crash, makes only the rest, and never touches an account that it did not make.
 */
export interface DemoRecord {
  /** Of all demo people; made by chance, because a known one would be a way in. */
  password: string;
  handleIsOurs(handle: string): boolean;
  /** Noted before the account is made, so that a crash in between leaves no account that nobody owns up to. */
  claimHandle(handle: string): Promise<void>;
  get(key: string): string | undefined;
  set(key: string, id: string): Promise<void>;
}

interface Stored {
  version: 1;
  password: string;
  handles: string[];
  made: Record<string, string>;
}

const PASSWORD_WORDS = 4;

export async function openRecord(data_folder: string): Promise<DemoRecord> {
  const path = join(data_folder, "demo.json");
  const text = await readFile(path, "utf8").catch(() => null);
  const stored: Stored =
    text === null ? { version: 1, password: makePassword(), handles: [], made: {} } : (JSON.parse(text) as Stored);
  const save = async () => {
    const draft = `${path}.${process.pid}`;
    const file = await open(draft, "w", 0o600);
    await file.writeFile(JSON.stringify(stored, null, 2));
    await file.close();
    await rename(draft, path);
  };
  if (text === null) await save();
  return {
    password: stored.password,
    handleIsOurs: (handle) => stored.handles.includes(handle),
    async claimHandle(handle) {
      if (stored.handles.includes(handle)) return;
      stored.handles.push(handle);
      await save();
    },
    get: (key) => stored.made[key],
    async set(key, id) {
      stored.made[key] = id;
      await save();
    },
  };
}

const WORDS =
  "amber anchor apple barley basket birch bridge candle cedar clover copper cradle ember falcon feather fennel fiddle garden ginger hammer harbour hazel honey island jetty juniper kettle ladder lantern linen maple marble meadow mitten needle nettle orchard otter paddle pebble pepper plover quilt ribbon rowan rudder saffron sailor shuttle spruce summer thimble thistle timber velvet walnut willow window winter".split(
    " ",
  );

/** Four words and four digits, easy to type: 60⁴ × 10⁴ is about 2³⁷, and sign-in is throttled. */
function makePassword(): string {
  const bytes = randomBytes(PASSWORD_WORDS * 2 + 4);
  const words = Array.from({ length: PASSWORD_WORDS }, (_, i) => WORDS[bytes.readUInt16BE(i * 2) % WORDS.length]);
  return `${words.join("-")}-${String(bytes.readUInt32BE(PASSWORD_WORDS * 2) % 10_000).padStart(4, "0")}`;
}
