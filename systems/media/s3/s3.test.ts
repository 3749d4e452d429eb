import { afterAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { AwsV4Signer } from "aws4fetch";

import type { Id, UploadId } from "#kernel/ids.ts";
import { createChecksum } from "#ports/blobs/checksums.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { createVideo, getMediaLimits, getUpload, getVideo } from "../contract.ts";
import { createSteppedClock, good, machineFfmpeg, makeClip, mediaHouse } from "../testing.ts";

const MIB = 1024 * 1024;
const clock = createSteppedClock();
const media = await mediaHouse({
  clock,
  limits: { video_bytes_max: 60 * MIB, person_bytes_max: 150 * MIB, image_bytes_max: 2 * MIB, free_bytes_reserve: 0 },
});
const server = Bun.serve({ port: 0, fetch: (request) => media.house.api.fetch(request, "192.0.2.1") });
const clients: S3Client[] = [];
afterAll(async () => {
  for (const one of clients) one.destroy();
  await server.stop(true);
  await media[Symbol.asyncDispose]();
});
const { client } = media;
const endpoint = `http://127.0.0.1:${server.port}/v1/s3`;
const ffmpeg = machineFfmpeg() !== null;
const astrid = await media.person("astrid");
const birger = await media.person("birger");

async function keysOf(token: string, scopes: ("read" | "write")[] = ["write"]) {
  const made = good(await client.call(peopleRoutes.createToken, { token, body: { name: "film robot", scopes } }));
  const keys = good(await client.call(peopleRoutes.tokenKeys, { token, params: { id: made.id } }));
  return { id: made.id, accessKeyId: keys.access_key_id, secretAccessKey: keys.secret_access_key, secret: made.secret };
}
const mine = await keysOf(astrid.token);

/** The client as it comes from npm: an address, keys, path style. */
function sdk(
  keys: { accessKeyId: string; secretAccessKey: string } = mine,
  more: Partial<S3ClientConfig> = {},
): S3Client {
  const one = new S3Client({
    endpoint,
    region: "eu-north-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey },
    ...more,
  });
  clients.push(one);
  return one;
}
const s3 = sdk();
const Bucket = "uploads";
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown as { name: string; $metadata?: { httpStatusCode?: number } },
  );
  return error === null ? "it was not refused" : `${error.$metadata?.httpStatusCode} ${error.name}`;
};
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const newest = async (key: string) => {
  const [row] = await media.house.db.sql.pool<{ id: UploadId; state: string }[]>`
    SELECT id, state FROM media_uploads WHERE object_key = ${key} ORDER BY id DESC LIMIT 1`;
  return row;
};
const stored = async (key: string) => {
  const row = await newest(key);
  return new Uint8Array(await new Response((await media.blobs.get(`uploads/${row?.id}`)).body).arrayBuffer());
};
const used = async () => good(await client.call(getMediaLimits, { token: astrid.token })).used_bytes;

describe("the S3 door refuses", () => {
  const put = (from: S3Client, more: Partial<ConstructorParameters<typeof PutObjectCommand>[0]> = {}) =>
    codeOf(from.send(new PutObjectCommand({ Bucket, Key: "a.mp4", Body: "bytes", ...more })));

  test("MD100: nobody, unknown keys, a wrong secret, a token that may not write, the suspended", async () => {
    const bare = await fetch(`${endpoint}/uploads/a.mp4`, { method: "PUT", body: "x" });
    expect([bare.status, /<Code>(\w+)/.exec(await bare.text())?.[1]]).toEqual([403, "AccessDenied"]);
    expect(await put(sdk({ ...mine, accessKeyId: "123" }))).toBe("403 InvalidAccessKeyId");
    expect(await put(sdk({ ...mine, accessKeyId: "not a number" }))).toContain("40");
    expect(await put(sdk({ ...mine, secretAccessKey: `${mine.secretAccessKey.slice(1)}x` }))).toBe(
      "403 SignatureDoesNotMatch",
    );
    expect(await put(sdk(await keysOf(astrid.token, ["read"])))).toBe("403 AccessDenied");
    const erik = await media.person("erik");
    const keys = await keysOf(erik.token);
    const admin = await media.person("root", "admin");
    await client.call(peopleRoutes.suspend, {
      token: admin.token,
      params: { handle: "erik" },
      body: { reason: "noise" },
    });
    expect(await put(sdk(keys))).toBe("403 AccountProblem");
  });

  test("PE58: keys are shown to the token's owner in a session, and end with the token", async () => {
    const keys = await keysOf(astrid.token);
    const show = async (token: string | null, id: Id<"token"> = keys.id) =>
      (await client.call(peopleRoutes.tokenKeys, { token, params: { id } })).code;
    expect(await show(null)).toBe("session.required");
    expect(await show(birger.token)).toBe("token.not_found");
    expect(await show(keys.secret)).toBe("token.scope");
    expect(await put(sdk(keys), { Key: "once.mp4" })).toBe("it was not refused");
    await client.call(peopleRoutes.revokeToken, { token: astrid.token, params: { id: keys.id } });
    expect(await put(sdk(keys))).toBe("403 InvalidAccessKeyId");
    expect(await show(astrid.token)).toBe("token.not_found");
  });

  test("MD100: a clock that is too far off, an address that expired, a header that nobody signed", async () => {
    expect(await put(sdk(mine, { systemClockOffset: -16 * 60_000 }))).toBe("403 RequestTimeTooSkewed");
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "late.mp4" }), { expiresIn: 60 });
    const ask = async (headers: Record<string, string> = {}, at = url) => {
      const answer = await fetch(at, { method: "PUT", body: "bytes", headers });
      return [answer.status, /<Code>(\w+)/.exec(await answer.text())?.[1]];
    };
    expect(await ask({ "x-amz-meta-title": "Not mine" })).toEqual([403, "AccessDenied"]);
    expect(await ask({}, url.replace("late.mp4", "other.mp4"))).toEqual([403, "SignatureDoesNotMatch"]);
    clock.step(61_000);
    expect(await ask()).toEqual([403, "AccessDenied"]);
  });

  test("MD101: what cannot be taken, with S3's words, and nothing of it counts", async () => {
    const before = await used();
    expect(await put(s3, { Body: "" })).toBe("400 EntityTooSmall");
    expect(await put(s3, { Key: "a.html", ContentType: "text/html" })).toBe("400 InvalidArgument");
    expect(await put(s3, { Key: "a.png", Body: new Uint8Array(3 * MIB) })).toBe("400 EntityTooLarge");
    expect(await put(s3, { Metadata: { title: "A", "space-id": "77" } })).toContain("403");
    expect(await put(s3, { Metadata: { title: "A", audience: "everybody" } })).toBe("400 InvalidArgument");
    expect(await put(s3, { Bucket: "other" })).toBe("404 NoSuchBucket");
    expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key: "once.mp4" })))).toBe("501 NotImplemented");
    expect(await codeOf(s3.send(new HeadObjectCommand({ Bucket, Key: "never.mp4" })))).toBe("404 NotFound");
    expect(await used()).toBe(before);
  });

  test("MD102: bytes that are not those of the signature or of the checksum, in front or behind, leave nothing", async () => {
    const before = await used();
    const wrong = createChecksum("crc32");
    wrong.update(Buffer.from("other"));
    expect(await put(s3, { ChecksumCRC32: wrong.digest() })).toBe("400 BadDigest");
    expect(await put(s3, { ChecksumSHA256: createHash("sha256").update("other").digest("base64") })).toBe(
      "400 BadDigest",
    );
    expect(await put(s3, { ContentMD5: createHash("md5").update("other").digest("base64") })).toBe("400 BadDigest");
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "signed.mp4", Body: "bytes" }), {
      expiresIn: 60,
      unhoistableHeaders: new Set(["x-amz-checksum-crc32"]),
    });
    const answer = await fetch(url, { method: "PUT", body: "other" });
    expect(answer.status).toBeOneOf([200, 400, 403]);
    const trailer = (body: string, headers: Record<string, string>) => signedPut("t.mp4", body, headers);
    const chunked = (sum: string, size = "5") => `${size}\r\nbytes\r\n0\r\nx-amz-checksum-crc32:${sum}\r\n\r\n`;
    const right = createChecksum("crc32");
    right.update(Buffer.from("bytes"));
    const coded = { "x-amz-trailer": "x-amz-checksum-crc32", "x-amz-decoded-content-length": "5" };
    expect(await trailer(chunked(right.digest()), coded)).toBe("200");
    expect(await trailer(chunked(wrong.digest()), coded)).toBe("400 BadDigest");
    expect(await trailer("5\r\nbytes\r\n0\r\n\r\n", coded)).toBe("400 BadDigest");
    expect(await trailer("5\r\nbyt", coded)).toBe("400 IncompleteBody");
    expect(await trailer(chunked(right.digest(), "zz"), coded)).toBe("400 InvalidRequest");
    expect(await trailer(chunked(right.digest()), { ...coded, "x-amz-decoded-content-length": "4" })).toBe(
      "400 BadDigest",
    );
    expect(await trailer("bytes", { ...coded, "x-amz-trailer": "x-amz-checksum-crc128" })).toBe("501 NotImplemented");
    const rows = await media.house.db.sql
      .pool`SELECT 1 FROM media_uploads WHERE object_key IN ('a.mp4') AND state <> 'freeing'`;
    expect(rows).toHaveLength(0);
    await media.settled();
    expect((await used()) - before).toBeLessThanOrEqual(10);
  });

  test("MD103: parts that no upload has, of another person, out of order, with a gap or with other bytes", async () => {
    const Key = "parts.mp4";
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = (PartNumber: number, from = s3, id = UploadId) =>
      from.send(new UploadPartCommand({ Bucket, Key, UploadId: id, PartNumber, Body: Buffer.alloc(MIB, PartNumber) }));
    expect(await codeOf(part(0))).toContain("400");
    expect(await codeOf(part(10_001))).toContain("400");
    expect(await codeOf(part(1, s3, "12345"))).toBe("404 NoSuchUpload");
    expect(await codeOf(part(1, s3, "../../etc"))).toBe("404 NoSuchUpload");
    expect(await codeOf(part(1, sdk(await keysOf(birger.token))))).toBe("404 NoSuchUpload");
    const complete = (Parts: { PartNumber: number; ETag: string }[]) =>
      codeOf(s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } })));
    const etags = [(await part(1)).ETag ?? "", (await part(2)).ETag ?? ""];
    expect(
      await complete([
        { PartNumber: 2, ETag: etags[1]! },
        { PartNumber: 1, ETag: etags[0]! },
      ]),
    ).toBe("400 InvalidPartOrder");
    expect(await complete([{ PartNumber: 2, ETag: etags[1]! }])).toBe("400 InvalidPart");
    expect(await complete([{ PartNumber: 1, ETag: "0".repeat(32) }])).toBe("400 InvalidPart");
    expect(await complete([])).toContain("400");
    const params = { upload_id: UploadId as UploadId };
    expect(good(await client.call(getUpload, { token: astrid.token, params }))).toMatchObject({
      door: "s3",
      status: "open",
    });
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    expect(await codeOf(part(3))).toBe("404 NoSuchUpload");
    expect((await client.call(getUpload, { token: astrid.token, params })).status).toBe(404);
  });

  test("MD104: parts count from before they come, one that comes again counts once, and two at once cannot both take the last room", async () => {
    const dag = await media.person("dag");
    const of = async () => good(await client.call(getMediaLimits, { token: dag.token })).used_bytes;
    const his = sdk(await keysOf(dag.token));
    const begin = async (Key: string) => (await his.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId;
    const [one, two, three] = [await begin("1.mp4"), await begin("2.mp4"), await begin("3.mp4")];
    const part = (UploadId: string | undefined, Key: string, PartNumber: number, size = 30 * MIB) =>
      his.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: Buffer.alloc(size) }));
    await part(one, "1.mp4", 1);
    await part(one, "1.mp4", 1);
    expect(await of()).toBe(30 * MIB);
    expect(await codeOf(part(one, "1.mp4", 2, 31 * MIB))).toBe("400 EntityTooLarge");
    await part(one, "1.mp4", 2);
    await part(two, "2.mp4", 1);
    // 90 of 150 MiB are used: one of these fits beside the other, and a third does not.
    const answers = await Promise.all(
      [part(two, "2.mp4", 2), part(three, "3.mp4", 1), part(three, "3.mp4", 2)].map(codeOf),
    );
    expect(answers.filter((answer) => answer === "it was not refused")).toHaveLength(2);
    expect(answers.filter((answer) => answer === "403 QuotaExceeded")).toHaveLength(1);
    for (const [UploadId, Key] of [
      [one, "1.mp4"],
      [two, "2.mp4"],
      [three, "3.mp4"],
    ])
      await his.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    expect(await of()).toBe(0);
  });
});

/** One PUT whose body is coded by hand: what the client never gets wrong. */
async function signedPut(key: string, body: string, headers: Record<string, string>): Promise<string> {
  const url = `${endpoint}/uploads/${key}`;
  const signer = new AwsV4Signer({
    ...mine,
    method: "PUT",
    url,
    region: "house",
    service: "s3",
    headers: {
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "content-encoding": "aws-chunked",
      ...headers,
    },
    datetime: new Date(clock.now()).toISOString().replaceAll(/[:-]|\.\d{3}/g, ""),
  });
  const signed = await signer.sign();
  const answer = await fetch(url, { method: "PUT", headers: signed.headers, body });
  const code = /<Code>(\w+)/.exec(await answer.text())?.[1];
  return code === undefined ? String(answer.status) : `${answer.status} ${code}`;
}

describe("AWS's own client, as it comes", () => {
  test("MD105: puts bytes and streams, with names of any letters, and finds them again", async () => {
    const now = () => clock.now() - Date.now();
    const here = sdk(mine, { systemClockOffset: now() });
    const bytes = randomBytes(9 * MIB + 5);
    const Key = "somme år/(1) it's å+film*.mp4";
    const { ETag } = await here.send(new PutObjectCommand({ Bucket, Key, Body: bytes, Metadata: { camera: "one" } }));
    expect(md5(await stored(Key))).toBe(md5(bytes));
    const head = await here.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({
      ETag,
      ContentLength: bytes.length,
      ContentType: "video/mp4",
      Metadata: { camera: "one" },
    });
    await here.send(
      new PutObjectCommand({
        Bucket,
        Key: "stream.mov",
        Body: Readable.from([bytes.subarray(0, 100), bytes.subarray(100)]),
        ContentLength: bytes.length,
      }),
    );
    expect(md5(await stored("stream.mov"))).toBe(md5(bytes));
    for (const ChecksumAlgorithm of ["CRC32C", "SHA256", "SHA1"] as const) {
      await here.send(
        new PutObjectCommand({ Bucket, Key: "sum.mp4", Body: bytes.subarray(0, 70_001), ChecksumAlgorithm }),
      );
      expect(md5(await stored("sum.mp4"))).toBe(md5(bytes.subarray(0, 70_001)));
    }
    const url = await getSignedUrl(here, new PutObjectCommand({ Bucket, Key: "presigned.mp4" }), { expiresIn: 600 });
    expect((await fetch(url, { method: "PUT", body: bytes.subarray(0, 500) })).status).toBe(200);
    expect(md5(await stored("presigned.mp4"))).toBe(md5(bytes.subarray(0, 500)));
  });

  test("MD106: lib-storage sends a stream of unknown length in parts; it waits as every upload does", async () => {
    const here = sdk(mine, { systemClockOffset: clock.now() - Date.now() });
    const bytes = randomBytes(17 * MIB + 3);
    const pieces = Array.from({ length: 18 }, (_, i) => bytes.subarray(i * MIB, (i + 1) * MIB));
    await new Upload({ client: here, params: { Bucket, Key: "long.mp4", Body: Readable.from(pieces) } }).done();
    expect(md5(await stored("long.mp4"))).toBe(md5(bytes));
    const upload_id = (await newest("long.mp4"))?.id ?? "";
    expect(good(await client.call(getUpload, { token: astrid.token, params: { upload_id } }))).toMatchObject({
      status: "complete",
      size_bytes: bytes.length,
      received_bytes: bytes.length,
      filename: "long.mp4",
    });
    const used_as = await client.call(createVideo, {
      token: astrid.token,
      body: { upload_id, title: "Long", audience: "private" },
    });
    expect(used_as.status).toBe(202);
  });

  test("MD106: parts are listed in pages, may come again, and completing twice is harmless", async () => {
    const here = sdk(mine, { systemClockOffset: clock.now() - Date.now() });
    const Key = "listed.mp4";
    const { UploadId } = await here.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const parts = [randomBytes(5 * MIB), randomBytes(5 * MIB), randomBytes(11)];
    const send = (PartNumber: number, Body: Buffer) =>
      here.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    await send(2, Buffer.alloc(5 * MIB));
    for (const [i, body] of parts.entries()) await send(i + 1, body);
    const first = await here.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }));
    expect([first.Parts?.map(({ PartNumber }) => PartNumber), first.IsTruncated]).toEqual([[1, 2], true]);
    const rest = await here.send(
      new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker: first.NextPartNumberMarker }),
    );
    expect(rest.Parts?.map(({ Size }) => Size)).toEqual([11]);
    const Parts = [...(first.Parts ?? []), ...(rest.Parts ?? [])].map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
    const complete = () =>
      here.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
    const done = await complete();
    expect(await complete()).toMatchObject({ ETag: done.ETag });
    expect(md5(await stored(Key))).toBe(md5(Buffer.concat(parts)));
  });

  test.if(ffmpeg)("MD107: with a title it becomes a video by itself", async () => {
    const here = sdk(mine, { systemClockOffset: clock.now() - Date.now() });
    const clip = Buffer.from(await makeClip({ seconds: 1, size: "160x90" }));
    const title = `=?UTF-8?B?${Buffer.from("Midsommar på ön").toString("base64")}?=`;
    await here.send(
      new PutObjectCommand({ Bucket, Key: "ms.mp4", Body: clip, Metadata: { title, audience: "public" } }),
    );
    const { $metadata: _, ...head } = await here.send(new HeadObjectCommand({ Bucket, Key: "ms.mp4" }));
    expect(head.Metadata?.audience).toBe("public");
    const [row] = await media.house.db.sql.pool<
      { id: string }[]
    >`SELECT id FROM media_videos WHERE upload_id = ${(await newest("ms.mp4"))?.id ?? null}`;
    const video = good(await client.call(getVideo, { token: astrid.token, params: { video_id: row?.id ?? "" } }));
    expect(video).toMatchObject({ title: "Midsommar på ön", audience: "public" });
    await new Upload({
      client: here,
      params: { Bucket, Key: "films/boat trip.mp4", Body: clip, Metadata: { as: "video" } },
    }).done();
    const [other] = await media.house.db.sql.pool<
      { title: string; audience: string }[]
    >`SELECT title, audience FROM media_videos
      WHERE upload_id = ${(await newest("films/boat trip.mp4"))?.id ?? null}`;
    expect(other).toEqual({ title: "boat trip", audience: "private" });
    await media.settled();
  });
});

test("nothing broke that nobody meant", () => {
  expect(media.house.broken).toEqual([]);
});
