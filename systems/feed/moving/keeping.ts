import { Problem } from "#kernel/errors.ts";
import type { PersonId, PostId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { LIST_NAME_CHARS_MAX } from "../lists/bounds.ts";
import { createListNow, deleteListNow, setListPerson } from "../lists/change.ts";
import { findList, type ListId, listsOf } from "../lists/store.ts";
import { bookmark, unbookmark } from "../reactions/reactions.ts";
import { rulesFor } from "../reading/rules.ts";
import { addressOf } from "./csv.ts";
import { ownPostId } from "./export.ts";
import * as store from "./imports-store.ts";
import type { MovingGround } from "./index.ts";
import { clean } from "./words.ts";

/** Lines of lists of people (`name,address`) and of bookmarks (`address of a post`), each through the same door as by hand. */

type Put = (
  outcome: store.LineRow["outcome"],
  detail: string | null,
  more?: Partial<Pick<store.LineRow, "result_id" | "about_id" | "made">>,
) => Promise<void>;

interface Line {
  row: store.ImportRow;
  n: number;
  cells: readonly string[];
  /** By which names this house is known. */
  hosts: ReadonlySet<string>;
  viewer: SignedIn;
  put: Put;
}

/** What it may do and may not is told on its line; what broke goes on up. */
async function asByHand(
  work: () => Promise<unknown>,
  put: Put,
  about: () => Parameters<Put>[2] = () => ({}),
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    await put("left", error.detail, about());
  }
}

const nameOf = (text: string): string => [...clean(text)].slice(0, LIST_NAME_CHARS_MAX).join("").trim();

/** @returns a person of this house whom this viewer may see; or why not */
async function personAt(ground: MovingGround, { hosts, viewer }: Line, text: string) {
  const address = addressOf(text);
  if (!address) return "This is no address of anybody.";
  if (address.host !== null && !hosts.has(address.host)) return "They live in another house.";
  const them = (await ground.people.byHandles([address.handle])).get(address.handle);
  if (!them) return "Nobody here has this name.";
  const rules = await rulesFor(viewer, ground);
  return rules.person("read", them).ok ? them : "There is no such person, or it is not for you.";
}

export async function takeListed(ground: MovingGround, line: Line): Promise<void> {
  const { reading } = ground;
  const { row, n, viewer, put } = line;
  const name = nameOf(line.cells[0] ?? "");
  if (name === "") return put("left", "A line has the name of a list, and the address of somebody in it.");
  const them = await personAt(ground, line, line.cells[1] ?? "");
  if (typeof them === "string") return put("left", them);
  const named = async () =>
    (await listsOf(ground.sql.pool, row.person_id, them.id)).find(
      (one) => one.name.toLowerCase() === name.toLowerCase(),
    );
  const list = await named();
  const before = await store.lineAt(ground.sql.pool, row.id, n);
  const begun = before?.outcome === "taken";
  if (list?.has_person && !begun) return put("there", null, { result_id: them.id, about_id: list.id });
  // Written before it is done, as of every line: an attempt that is cut off leaves behind what an undo looks for.
  const made = list === undefined || (begun && before.made);
  let about_id: ListId | null = list?.id ?? null;
  const told = () => ({ result_id: them.id, about_id, made });
  await put("taken", null, told());
  await asByHand(
    async () => {
      if (about_id === null) {
        const empty = { name, out_of_home: false, member_id: null };
        about_id = await createListNow({ ...ground, ...reading }, viewer, empty);
        await put("taken", null, told());
      }
      await setListPerson({ ...ground, ...reading }, viewer, about_id, them.id, true);
    },
    put,
    () => ({ about_id, made }),
  );
}

export async function takeBookmarked(ground: MovingGround, line: Line): Promise<void> {
  const { row, n, viewer, put } = line;
  const { pool } = ground.sql;
  const url = line.cells[0] ?? "";
  const post_id = ownPostId(url, line.hosts) ?? (await store.broughtAlong(pool, row.person_id, url));
  if (post_id === null) return put("left", "This is no address of a post in this house.");
  const is_kept = await store.isBookmarked(pool, row.person_id, post_id);
  if (is_kept && !(await store.hasTaken(pool, row.id, n))) return put("there", null, { result_id: post_id });
  const found = await ground.reading.reader.post(viewer, post_id).catch((error: unknown) => {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  });
  if (!found) return put("left", "There is no such post, or it is not for you.");
  await put("taken", null, { result_id: post_id });
  await asByHand(() => bookmark(ground, viewer, found.post, found.rules), put);
}

const unlessGone = (error: unknown): null => {
  if (error instanceof Problem && error.status === 404) return null;
  throw error;
};

/** What is not so any more is left as it is. */
export async function takeListedBack(ground: MovingGround, viewer: SignedIn, line: store.LineRow): Promise<void> {
  if (line.about_id === null || line.result_id === null) return;
  const { reading } = ground;
  await setListPerson(
    { ...ground, ...reading },
    viewer,
    line.about_id as ListId,
    line.result_id as PersonId,
    false,
  ).catch(unlessGone);
}

/** Lists that an import made, once nobody is in them any more. */
export async function takeListBack(ground: MovingGround, viewer: SignedIn, line: store.LineRow): Promise<void> {
  const id = line.about_id as ListId | null;
  if (!line.made || id === null) return;
  const list = await findList(ground.sql.pool, id);
  if (list?.person_id !== viewer.person_id || list.people.length > 0) return;
  await deleteListNow({ ...ground, ...ground.reading }, viewer, id).catch(unlessGone);
}

export async function takeBookmarkBack(ground: MovingGround, viewer: SignedIn, line: store.LineRow): Promise<void> {
  const found = await ground.reading.reader.post(viewer, line.result_id as PostId).catch(unlessGone);
  if (found) await unbookmark(ground, viewer, found.post, found.rules);
}
