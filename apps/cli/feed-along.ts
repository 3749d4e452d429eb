import { rename, rm, stat } from "node:fs/promises";
import { basename } from "node:path";

import type { AnswerOf, Route } from "#kernel/contract.ts";
import { Problem } from "#kernel/errors.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";
import type { CallAsked } from "#ports/http/index.ts";
import { type Export, feedRoutes as r, type Import } from "#systems/feed/contract.ts";
import { exportedArchive } from "#systems/feed/index.ts";

import type { House } from "../server/compose.ts";
import { readConfig } from "../server/config.ts";
import { type Command, command, type Terminal, UsageError } from "./command.ts";
import { openHouse } from "./house.ts";

/** Somebody's things out of the house and into it, by the same routes as on the page, for who runs the house. */

const KINDS = ["posts", "follows", "mutes", "blocks", "lists", "bookmarks"] as const;
const AUDIENCES = ["public", "followers", "private"] as const;
const LOOK_MS = 200;
const LEFT_SHOWN_MAX = 20;

const handle = {
  type: "string",
  value: "HANDLE",
  says: "whose; their name in the house, without the @",
  required: true,
} as const;

const exportCommand = command({
  path: ["feed", "export"],
  summary: "Writes all that somebody wrote and keeps into a zip, as their own export on the page does",
  about:
    "Posts with what stood there before, comments, pictures and films, likes, bookmarks, reposts, follows, mutes, blocks, lists, drafts. The file must not be there yet. Works beside a running server.",
  options: {
    handle,
    to: { type: "string", value: "FILE", says: "where the zip is to be", required: true },
    json: { type: "boolean", says: "as JSON" },
  },
  async run(values, terminal) {
    if (await isThere(values.to)) throw new UsageError(`${values.to} is there already. Name another file.`);
    await using house = await openHouse(terminal);
    const call = await callerFor(house, values.handle, terminal);
    const { id } = await call(r.startExport);
    house.work();
    const made = await until(
      async () => (await call(r.listExports)).items.find((one) => one.id === id)!,
      ({ state }) => state !== "working",
    );
    if (made.state !== "ready") {
      terminal.err(made.reason ?? "The archive was not made.");
      return 1;
    }
    // Whole or not at all.
    const part = `${values.to}.part`;
    try {
      await Bun.write(part, new Response(await exportedArchive(house.ground.blobs, id)));
      await rename(part, values.to);
    } finally {
      await rm(part, { force: true });
    }
    terminal.out(values.json ? JSON.stringify(made) : toldOfExport(made, values.to));
    return 0;
  },
});

const importCommand = command({
  path: ["feed", "import"],
  summary: "Brings somebody's posts (an archive) or lists (CSV as Mastodon writes it) into the house, as on the page",
  about:
    "It can be taken back as a whole on the page, under Settings. Exit code 1: it could not be read, or nothing of it was taken or there. Works beside a running server.",
  options: {
    handle,
    kind: { type: "string", value: "KIND", says: "what it is", required: true, one_of: KINDS },
    file: { type: "string", value: "FILE", says: "the zip, outbox.json or CSV", required: true },
    audience: {
      type: "string",
      value: "WHO",
      says: "the most that may see old posts here; public where nothing is said",
      one_of: AUDIENCES,
    },
    json: { type: "boolean", says: "as JSON" },
  },
  async run(values, terminal) {
    if (!(await isThere(values.file))) throw new UsageError(`There is no file ${values.file}.`);
    const kind = values.kind as Import["kind"];
    const audience = (values.audience ?? "public") as (typeof AUDIENCES)[number];
    await using house = await openHouse(terminal);
    const call = await callerFor(house, values.handle, terminal);
    const file = Bun.file(values.file);
    const filename = basename(values.file).slice(-200);
    let id: Import["id"];
    if (kind === "posts") {
      const begun = await call(r.startImport, { body: { kind, filename, audience, size_bytes: file.size } });
      const { part_size_bytes, parts } = begun.upload!;
      const put = [];
      for (const { part_number, url } of parts) {
        const start = (part_number - 1) * part_size_bytes;
        put.push({ part_number, etag: await putPart(house, url, file.slice(start, start + part_size_bytes)) });
      }
      id = begun.import.id;
      await call(r.beginImport, { params: { id }, body: { parts: put } });
    } else {
      id = (await call(r.startImport, { body: { kind, filename, csv: await file.text() } })).import.id;
    }
    house.work();
    const done = await until(
      () => call(r.getImport, { params: { id } }),
      ({ state }) => state !== "working" && state !== "waiting",
    );
    const query = { outcome: "left", limit: LEFT_SHOWN_MAX } as const;
    const left = (await call(r.listImportLines, { params: { id }, query })).items;
    if (values.json) terminal.out(JSON.stringify({ ...done, lines_left: left }));
    else {
      terminal.out(
        `${done.taken} of ${done.lines} lines were taken in, ${done.there} were so before, ${done.left} were not taken.`,
      );
      for (const line of left) terminal.out(`  ${line.n}  ${line.subject}: ${line.detail ?? ""}`);
      if (done.left > left.length) terminal.out(`  … and ${done.left - left.length} more; the page has them all.`);
    }
    if (done.state !== "done") terminal.err(done.reason ?? "It came to no end.");
    return done.state === "done" && done.taken + done.there > 0 ? 0 : 1;
  },
});

export const alongCommands: readonly Command[] = [exportCommand, importCommand];

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Calls the house's routes as this person, who asked whoever runs the house to. @throws Problem 404 */
async function callerFor(house: House, name: string, terminal: Terminal) {
  const wanted = name.replace(/^@/, "").toLowerCase();
  const card = (await house.people.byHandles([wanted])).get(wanted);
  if (!card) throw new Problem(404, "person.not_found", "There is no such person in the house.");
  const { config } = readConfig(terminal.env);
  const viewer: SignedIn = {
    kind: "person",
    person_id: card.id,
    handle: card.handle,
    role: "member",
    suspended: card.suspended,
    credential: { kind: "session", id: "0" },
    scopes: SCOPES,
  };
  const by = {
    viewer,
    address: "127.0.0.1",
    origin: config.public_url ?? `http://localhost:${config.port}`,
    request_id: "folk",
    signal: new AbortController().signal,
  };
  return <R extends Route>(route: R, asked?: CallAsked<R>): Promise<AnswerOf<R>> => house.api.call(route, by, asked);
}

async function until<T>(look: () => Promise<T>, is: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look();
    if (is(found)) return found;
    await Bun.sleep(LOOK_MS);
  }
}

/** Storage elsewhere is reached over the network; our own is asked in this process. */
async function putPart({ ground }: House, url: string, body: Blob): Promise<string> {
  const request = new Request(new URL(url, "http://house.local"), { method: "PUT", body });
  const response = url.startsWith("/") ? await ground.blobs.handler(request) : await fetch(request);
  const etag = response.headers.get("etag");
  if (!response.ok || etag === null) throw new Error(`A part was refused with ${response.status}.`);
  return etag;
}

const toldOfExport = ({ posts, files, left_out, size_bytes }: Export, to: string): string =>
  `${posts} posts and ${files} files are in ${to} (${Math.ceil((size_bytes ?? 0) / 1024)} KiB)${
    left_out > 0 ? `; ${left_out} things did not fit, the archive names them` : ""
  }.`;
