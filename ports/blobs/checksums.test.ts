import { afterAll, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";

import { createChecksum } from "./checksums.ts";
import { servedBlobs } from "./files/testing.ts";

const served = await servedBlobs();
afterAll(() => served[Symbol.asyncDispose]());

test("BL62: checksums are those of the standards, in pieces of any length", () => {
  const nine = Buffer.from("123456789");
  const of = (name: Parameters<typeof createChecksum>[0], bytes: Uint8Array, step = 2) => {
    const sum = createChecksum(name);
    for (let at = 0; at < bytes.length; at += step) sum.update(bytes.subarray(at, at + step));
    return Buffer.from(sum.digest(), "base64").toString("hex");
  };
  expect(of("crc32", nine)).toBe("cbf43926");
  expect(of("crc32c", nine)).toBe("e3069283");
  expect(of("crc64nvme", nine)).toBe("ae8b14860a799888");
  const long = randomBytes(100_003);
  for (const name of ["crc32c", "crc64nvme"] as const)
    for (const step of [1, 7, 8, 4096]) expect(of(name, long, step)).toBe(of(name, long, 100_003));
  for (const name of ["sha1", "sha256", "md5"] as const)
    expect(of(name, long, 999)).toBe(createHash(name).update(long).digest("hex"));
});

test("BL62: a part with another checksum is 422 and not stored; a right one is; one that is unknown is refused", async () => {
  const { blobs } = served;
  const bytes = new Uint8Array(randomBytes(70_000));
  const { multipart_id } = await blobs.multipart.create("c/one", { media_type: "video/mp4", part_size_bytes: 70_000 });
  const url = await blobs.multipart.signPart("c/one", multipart_id, 1, bytes.length, Date.now() + 60_000);
  const put = async (headers: Record<string, string>, body = bytes) => {
    const answer = await served.ask(url, { method: "PUT", body, headers });
    const text = await answer.text();
    return answer.status === 200 ? 200 : `${answer.status} ${(JSON.parse(text) as { code: string }).code}`;
  };
  const sum = (name: string, of: Uint8Array = bytes) => createHash(name).update(of).digest("base64");
  const other = bytes.slice().fill(1, 10, 11);
  expect(await put({ "content-md5": sum("md5", bytes.subarray(1)) })).toBe("422 upload.checksum_mismatch");
  expect(await put({ "x-amz-checksum-sha256": sum("sha256") }, other)).toBe("422 upload.checksum_mismatch");
  expect(await put({ "x-amz-checksum-crc32": "AAAAAA==" })).toBe("422 upload.checksum_mismatch");
  expect(await put({ "x-amz-checksum-crc128": "AAAAAAAAAAA=" })).toBe("422 upload.checksum_unknown");
  expect(await blobs.multipart.listParts("c/one", multipart_id)).toEqual([]);
  expect(await put({ "content-md5": sum("md5"), "x-amz-checksum-sha256": sum("sha256") })).toBe(200);
  expect(await blobs.multipart.listParts("c/one", multipart_id)).toHaveLength(1);
});
