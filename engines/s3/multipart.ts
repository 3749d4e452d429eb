import { Transient } from "#kernel/errors.ts";
import { PARTS_MAX } from "#ports/blobs/bounds.ts";
import { etagOf } from "#ports/blobs/etags.ts";
import type { BlobHead, Multipart, PartInfo } from "#ports/blobs/index.ts";
import { checkMediaType, checkName } from "#ports/blobs/names.ts";
import { partMismatch, partTooLong, partTooShort, uploadGone } from "#ports/blobs/problems.ts";
import { checkPart } from "#ports/blobs/urls.ts";

import { appendToS3, openSpool, type SpooledFile, tailsOf } from "./append.ts";
import { type S3Client, S3Refusal } from "./client.ts";
import { storedHeaders } from "./headers.ts";
import { readList } from "./lists.ts";
import { escapeXml, textOf, textsOf } from "./xml.ts";

/** True for an upload that S3 does not know, or not under this name. */
const isGone = (error: unknown) => error instanceof S3Refusal && error.status === 404;

export function createS3Multipart(needs: {
  client: S3Client;
  key_prefix: string;
  head: (name: string) => Promise<BlobHead | null>;
  tmp_folder: string | undefined;
}): Multipart {
  const { client, key_prefix, tmp_folder } = needs;
  const tails = (name: string) => tailsOf(client, key_prefix, name, tmp_folder);
  const send = async (name: string, multipart_id: string, part_number: number, file: SpooledFile) => {
    const query = { partNumber: String(part_number), uploadId: multipart_id };
    try {
      const { headers } = await client.call({ method: "PUT", name, query, file });
      return (headers.get("etag") ?? "").replaceAll('"', "");
    } catch (error) {
      throw isGone(error) ? uploadGone() : error;
    }
  };
  return {
    async create(name, { media_type }) {
      const headers = storedHeaders(checkName(name), checkMediaType(media_type), "immutable");
      const xml = await (await client.call({ method: "POST", name, query: { uploads: "" }, headers })).text();
      const multipart_id = textOf(xml, "UploadId");
      if (multipart_id === null) throw new Transient("S3 began an upload without giving its id");
      return { multipart_id };
    },

    async signPart(name, multipart_id, part_number, size_bytes, expires_at_ms) {
      checkPart(part_number, size_bytes, null);
      const query = { partNumber: String(part_number), uploadId: multipart_id };
      const headers = { "content-length": String(size_bytes) };
      return client.presign({ method: "PUT", name: checkName(name), query, headers }, expires_at_ms);
    },

    // Its parts are nowhere to be read before they are completed.
    partial: async () => null,

    async putPart(name, multipart_id, part_number, size_bytes, body) {
      checkPart(part_number, size_bytes, null);
      await using scratch = await openSpool(tmp_folder);
      const spool = await scratch.begin();
      let arrived_bytes = 0;
      for await (const chunk of body) {
        arrived_bytes += chunk.byteLength;
        if (arrived_bytes > size_bytes) throw partTooLong(size_bytes);
        await spool.write(chunk);
      }
      if (arrived_bytes < size_bytes) throw partTooShort(arrived_bytes, size_bytes);
      const etag = await send(checkName(name), multipart_id, part_number, await spool.end());
      return { part_number, size_bytes, etag };
    },

    async append(name, multipart_id, at_bytes, body, options) {
      const putPart = async (part_number: number, file: SpooledFile) => {
        await send(checkName(name), multipart_id, part_number, file);
      };
      return appendToS3({ client, tmp_folder, tails: tails(name), putPart }, at_bytes, body, options);
    },

    async listParts(name, multipart_id) {
      const parts: PartInfo[] = [];
      let marker = "0";
      // 1,000 a page: 10,000 parts are ten of them.
      for (let pages = 0; pages <= PARTS_MAX / 1_000; pages++) {
        const query = { uploadId: multipart_id, "part-number-marker": marker };
        let xml: string;
        try {
          xml = await readList(client, { method: "GET", name: checkName(name), query });
        } catch (error) {
          if (isGone(error)) return [];
          throw error;
        }
        for (const part of textsOf(xml, "Part")) {
          parts.push({
            part_number: Number(textOf(part, "PartNumber")),
            size_bytes: Number(textOf(part, "Size")),
            etag: (textOf(part, "ETag") ?? "").replaceAll('"', ""),
          });
        }
        const next = textOf(xml, "NextPartNumberMarker");
        if (textOf(xml, "IsTruncated") !== "true" || next === null) break;
        marker = next;
      }
      return parts.sort((a, b) => a.part_number - b.part_number);
    },

    async complete(name, multipart_id, wanted) {
      checkName(name);
      if (wanted.length < 1 || wanted.length > PARTS_MAX)
        throw partMismatch(`An upload has from 1 to ${PARTS_MAX} parts.`);
      const parts = wanted.map(({ part_number, etag }, i) => {
        if (part_number !== i + 1) throw partMismatch("List the parts in order, from 1 on, without a gap.");
        return { part_number, etag: etag.replaceAll('"', "") };
      });
      const body = `<CompleteMultipartUpload>${parts
        .map(
          ({ part_number, etag }) =>
            `<Part><PartNumber>${part_number}</PartNumber><ETag>${escapeXml(`"${etag}"`)}</ETag></Part>`,
        )
        .join("")}</CompleteMultipartUpload>`;
      try {
        await client.call({ method: "POST", name, query: { uploadId: multipart_id }, body });
      } catch (error) {
        if (!(error instanceof S3Refusal)) throw error;
        if (error.code.startsWith("InvalidPart"))
          throw partMismatch("A part is missing or has other bytes. List the parts and put it again.");
        if (error.code === "EntityTooSmall") throw partMismatch("Every part but the last must have at least 5 MiB.");
        if (!isGone(error)) throw error;
        // Completed before, and the answer lost? Then the blob is what these parts make.
        const head = await needs.head(name);
        if (head?.etag !== etagOf(parts)) throw uploadGone();
        return head;
      }
      await tails(name).dropAll();
      const head = await needs.head(name);
      if (!head) throw uploadGone();
      return head;
    },

    async abort(name, multipart_id) {
      try {
        await client.call({ method: "DELETE", name: checkName(name), query: { uploadId: multipart_id } });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
      await tails(name).dropAll();
    },

    async listOpen(begun_before_ms) {
      const open: { name: string; multipart_id: string }[] = [];
      let markers: Record<string, string> = {};
      for (;;) {
        const query = { uploads: "", ...(key_prefix === "" ? {} : { prefix: key_prefix }), ...markers };
        const xml = await readList(client, { method: "GET", query });
        for (const upload of textsOf(xml, "Upload")) {
          const key = textOf(upload, "Key") ?? "";
          const multipart_id = textOf(upload, "UploadId") ?? "";
          if (!key.startsWith(key_prefix) || !(Date.parse(textOf(upload, "Initiated") ?? "") < begun_before_ms))
            continue;
          open.push({ name: key.slice(key_prefix.length), multipart_id });
        }
        const [key, id] = [textOf(xml, "NextKeyMarker"), textOf(xml, "NextUploadIdMarker")];
        if (textOf(xml, "IsTruncated") !== "true" || key === null || id === null) return open;
        markers = { "key-marker": key, "upload-id-marker": id };
      }
    },
  };
}
