import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";

/**
 * An S3 server from npm in a folder of its own. It checks signatures as S3 does, the signed length of a part among them.
 * What it lacks is answered here from its own folder, in the form that S3's reference gives: ListParts,
 * ListMultipartUploads, AbortMultipartUpload, the check of an upload's id and parts, and lists in byte order.
 */
export interface TestS3 extends AsyncDisposable {
  url: string;
  endpoint: string;
}

/** What we use of the server, which comes without types: a Koa application. */
interface S3rver {
  middleware: ((context: Context, next: () => Promise<void>) => Promise<void>)[];
  configureBuckets(): Promise<unknown>;
  callback(): RequestListener;
}

interface Context {
  method: string;
  path: string;
  query: Record<string, string | undefined>;
  req: Readable;
  status: number;
  type: string;
  body: unknown;
}

export const BUCKET = "house";
export const KEY = "S3RVER";
export const SECRET_KEY = "S3RVER";

export async function startTestS3(): Promise<TestS3> {
  const directory = await mkdtemp(join(tmpdir(), "s3-"));
  const Server = createRequire(import.meta.url)("@20minutes/s3rver") as new (options: object) => S3rver;
  const app = new Server({ directory, silent: true, configureBuckets: [{ name: BUCKET }], vhostBuckets: false });
  app.middleware.unshift((context: Context, next: () => Promise<void>) => missing(directory, context, next));
  await app.configureBuckets();
  const server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    url: `s3://${KEY}:${SECRET_KEY}@127.0.0.1:${port}/${BUCKET}/some/folder?tls=0`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function missing(directory: string, context: Context, next: () => Promise<void>): Promise<void> {
  const { method, query } = context;
  const uploads = join(directory, BUCKET, "._S3rver_uploads");
  const answer = (status: number, body: string) => {
    context.status = status;
    context.type = "application/xml";
    context.body = `<?xml version="1.0" encoding="UTF-8"?>${body}`;
  };
  const refuse = (status: number, code: string) => answer(status, `<Error><Code>${code}</Code></Error>`);
  const key = context.path.slice(BUCKET.length + 2);

  if (method === "GET" && query.uploads !== undefined) {
    const items: string[] = [];
    for (const id of (await readdir(uploads).catch(() => [])).sort()) {
      const of = await readFile(join(uploads, id, "key"), "utf8");
      const { birthtime } = await stat(join(uploads, id, "key"));
      if (!of.startsWith(query.prefix ?? "") || id <= (query["upload-id-marker"] ?? "")) continue;
      items.push(
        `<Upload><Key>${of}</Key><UploadId>${id}</UploadId><Initiated>${birthtime.toISOString()}</Initiated></Upload>`,
      );
    }
    // Two a page, so that pages are tried.
    const page = items.slice(0, 2).join("");
    const last = /<Key>([^<]*)<\/Key><UploadId>([^<]*)<\/UploadId>(?!.*<UploadId>)/.exec(page);
    const next = last
      ? `<NextKeyMarker>${last[1]}</NextKeyMarker><NextUploadIdMarker>${last[2]}</NextUploadIdMarker>`
      : "";
    return answer(200, `<R><IsTruncated>${items.length > 2}</IsTruncated>${next}${page}</R>`);
  }
  if (method === "GET" && query["list-type"] === "2") {
    const end = "._S3rver_object";
    const files = await readdir(join(directory, BUCKET), { recursive: true });
    const keys = files.filter((file) => file.endsWith(end)).map((file) => file.slice(0, -end.length));
    const after = keys.filter((of) => of.startsWith(query.prefix ?? "") && of > (query["start-after"] ?? "")).sort();
    const page = after.slice(0, Number(query["max-keys"] ?? 1000));
    const contents: string[] = [];
    for (const of of page) {
      const { size, mtime } = await stat(join(directory, BUCKET, of + end));
      const facts = `<LastModified>${mtime.toISOString()}</LastModified><Size>${size}</Size>`;
      contents.push(`<Contents><Key>${of}</Key>${facts}</Contents>`);
    }
    return answer(200, `<R><IsTruncated>${after.length > page.length}</IsTruncated>${contents.join("")}</R>`);
  }
  if (query.uploadId === undefined) return next();

  const folder = join(uploads, query.uploadId);
  if ((await readFile(join(folder, "key"), "utf8").catch(() => null)) !== key) return refuse(404, "NoSuchUpload");
  const etagOf = (part: string) => readFile(join(folder, `${part}.md5`), "utf8").catch(() => null);
  if (method === "DELETE") {
    await rm(folder, { recursive: true });
    return answer(204, "");
  }
  if (method === "GET") {
    const numbers = (await readdir(folder)).filter((file) => /^\d+$/.test(file)).map(Number);
    const after = numbers.sort((a, b) => a - b).filter((n) => n > Number(query["part-number-marker"] ?? 0));
    const parts = await Promise.all(
      after.slice(0, 2).map(async (n) => {
        const { size } = await stat(join(folder, String(n)));
        return `<Part><PartNumber>${n}</PartNumber><ETag>&quot;${await etagOf(String(n))}&quot;</ETag><Size>${size}</Size></Part>`;
      }),
    );
    const next = `<NextPartNumberMarker>${after[1] ?? 0}</NextPartNumberMarker>`;
    return answer(200, `<R><IsTruncated>${after.length > 2}</IsTruncated>${next}${parts.join("")}</R>`);
  }
  if (method !== "POST") return next();

  const chunks: Uint8Array[] = [];
  for await (const chunk of context.req) chunks.push(chunk as Uint8Array);
  const parts = [
    ...Buffer.concat(chunks)
      .toString()
      .matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>&quot;([^&]*)&quot;/g),
  ];
  for (const [, number = "", etag] of parts) if ((await etagOf(number)) !== etag) return refuse(400, "InvalidPart");
  context.req = Readable.from(chunks);
  await next();
  // The server gives the MD5 of the whole, S3 that of the parts' MD5s.
  const md5s = Buffer.concat(parts.map(([, , etag = ""]) => Buffer.from(etag, "hex")));
  const etag = `${createHash("md5").update(md5s).digest("hex")}-${parts.length}`;
  await writeFile(join(directory, BUCKET, `${key}._S3rver_object.md5`), etag);
}
