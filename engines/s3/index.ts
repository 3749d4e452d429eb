import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { notFound, Transient } from "#kernel/errors.ts";
import { createAllow } from "#ports/blobs/allow.ts";
import { type BlobHead, type Blobs, LIST_NAMES_MAX, type MissingMaker } from "#ports/blobs/index.ts";
import { checkMediaType, checkName, checkPrefix } from "#ports/blobs/names.ts";
import { createSigner } from "#ports/blobs/signing.ts";
import { createBinding, createUrls } from "#ports/blobs/urls.ts";
import type { Calls } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { createS3Client, S3Refusal } from "./client.ts";
import { createS3Handler, PLAYLIST } from "./handler.ts";
import { headFrom } from "./headers.ts";
import { readList } from "./lists.ts";
import { createS3Multipart } from "./multipart.ts";
import { putBody } from "./put.ts";
import { parseS3Url, type S3Place } from "./url.ts";
import { escapeXml, textOf, textsOf } from "./xml.ts";

export { parseS3Url, type S3Place } from "./url.ts";

export interface S3BlobsNeeds {
  /** `S3_URL` (see `url.ts`), or what is in it. */
  url: string | S3Place;
  clock: Clock;
  /** Those of the house, where it is seen how the store does; its own where nothing is said. */
  calls?: Calls;
  /** Signs our own addresses, which lead to S3's; at least 32 characters, the same in every process. */
  secret: string;
  /** `/blobs`, where `handler` is mounted. */
  base_path: string;
  /** Where `localFile` puts its copies; the system's own place where nothing is said. */
  tmp_folder?: string;
  onError: (error: unknown) => void;
}

const DELETE_NAMES_MAX = 1_000;

/**
 * Blobs in an S3 bucket that exists. Browsers talk to it themselves, so it needs CORS for our origin: GET, HEAD and PUT,
 * and `ETag` among the exposed headers. It should have an origin of its own: what people uploaded is served from there.
 */
export function createS3Blobs(needs: S3BlobsNeeds): Blobs {
  const place = typeof needs.url === "string" ? parseS3Url(needs.url) : needs.url;
  const { clock } = needs;
  const client = createS3Client(place, clock, needs.calls);
  const urls = createUrls(needs.base_path, createSigner(needs.secret));
  let maker: MissingMaker | null = null;
  const missing = (error: unknown) => error instanceof S3Refusal && error.status === 404;

  const head = async (name: string): Promise<BlobHead | null> => {
    try {
      const { headers } = await client.call({ method: "HEAD", name: checkName(name) });
      return headFrom(name, headers);
    } catch (error) {
      if (missing(error)) return null;
      throw error;
    }
  };
  const get: Blobs["get"] = async (name, range) => {
    try {
      const headers: Record<string, string> = range ? { range: `bytes=${range.start}-${range.end_exclusive - 1}` } : {};
      const answer = await client.call({ method: "GET", name: checkName(name), headers });
      return { head: headFrom(name, answer.headers), body: answer.body ?? new Blob([]).stream() };
    } catch (error) {
      if (missing(error)) throw notFound("blob");
      throw error;
    }
  };
  const page = async (prefix: string, options: { after?: string; limit?: number } = {}) => {
    if (prefix !== "") checkPrefix(prefix);
    const limit = Math.max(1, Math.min(options.limit ?? LIST_NAMES_MAX, LIST_NAMES_MAX));
    const query = {
      "list-type": "2",
      "max-keys": String(limit),
      prefix: place.key_prefix + prefix,
      ...(options.after === undefined ? {} : { "start-after": place.key_prefix + options.after }),
    };
    const xml = await readList(client, { method: "GET", query });
    const items = textsOf(xml, "Contents");
    const names = items.map((item) => (textOf(item, "Key") ?? "").slice(place.key_prefix.length));
    return { items, names, next_after: textOf(xml, "IsTruncated") === "true" ? (names.at(-1) ?? null) : null };
  };
  const list: Blobs["list"] = async (prefix, options) => {
    const { names, next_after } = await page(prefix, options);
    return { names, next_after };
  };
  const remove = async (names: string[]): Promise<void> => {
    for (let at = 0; at < names.length; at += DELETE_NAMES_MAX) {
      const objects = names
        .slice(at, at + DELETE_NAMES_MAX)
        .map((name) => `<Object><Key>${escapeXml(place.key_prefix + name)}</Key></Object>`);
      const body = `<Delete><Quiet>true</Quiet>${objects.join("")}</Delete>`;
      const xml = await (await client.call({ method: "POST", query: { delete: "" }, body })).text();
      const [failed] = textsOf(xml, "Error");
      if (failed) throw new Transient(`S3 did not delete ${textOf(failed, "Key")}: ${textOf(failed, "Code")}`);
    }
  };

  const allow = createAllow({ base_path: needs.base_path, urls, clock, blobs: { head, list } });

  return {
    async put(name, body, options) {
      const media_type = checkMediaType(options.media_type);
      await putBody(client, checkName(name), body, media_type, options.cache_control ?? "immutable");
      const found = await head(name);
      if (!found) throw notFound("blob");
      return found;
    },
    get,
    head,
    delete: async (names) => remove(names.map(checkName)),
    list,
    async measure(prefix, options) {
      const { items, names, next_after } = await page(prefix, options);
      const measured = items.map((item, i) => ({
        name: names[i] ?? "",
        size_bytes: Number(textOf(item, "Size")),
        modified_at: new Date(textOf(item, "LastModified") ?? 0),
      }));
      return { blobs: measured, next_after };
    },
    async deletePrefix(prefix) {
      checkPrefix(prefix);
      for (let blobs = 0, first: string | undefined; ;) {
        const { names } = await list(prefix);
        if (names.length === 0) return blobs;
        // A store that lists what it said it deleted is asked again later, and not for ever now.
        if (names[0] === first) throw new Transient(`S3 still lists ${first}, which it deleted`);
        first = names[0];
        await remove(names);
        blobs += names.length;
      }
    },

    urlPublic(name) {
      const url = urls.public(name);
      // The names in a list resolve below its own address: here, where what they name is made if it is not stored yet.
      return place.public_url === null || PLAYLIST.test(name) ? url : `${place.public_url}/${name}`;
    },
    urlSigned: (name, { expires_at_ms, download_as }) => urls.one(name, expires_at_ms, download_as),
    urlSignedPrefix: urls.prefix,

    multipart: createS3Multipart({ client, key_prefix: place.key_prefix, head, tmp_folder: needs.tmp_folder }),
    async localFile(name) {
      const { body } = await get(name);
      const folder = await mkdtemp(join(needs.tmp_folder ?? tmpdir(), "folkhus-blob-"));
      const gone = () => rm(folder, { recursive: true, force: true });
      try {
        const path = join(folder, "file");
        const to = await open(path, "wx", 0o644);
        try {
          for await (const chunk of body) {
            for (let done = 0; done < chunk.length;) done += (await to.write(chunk, done)).bytesWritten;
          }
        } finally {
          await to.close();
        }
        return { path, [Symbol.asyncDispose]: gone };
      } catch (error) {
        await gone();
        throw error;
      }
    },
    freeBytes: async () => null,
    /** S3 leaves nothing lying about but open uploads, and those are `multipart.listOpen`'s. */
    sweep: async () => 0,
    onMissing(named) {
      maker = named;
    },
    guardWith: allow.guardWith,
    bindTo: createBinding(needs.base_path),
    handler: createS3Handler({
      allow,
      blobs: { get, head },
      client,
      urls,
      clock,
      public_url: place.public_url,
      maker: () => maker,
      onError: needs.onError,
    }),
    async [Symbol.asyncDispose]() {},
  };
}
