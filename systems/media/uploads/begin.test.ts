import { afterAll, beforeEach, expect, test } from "bun:test";

import { AwsV4Signer } from "aws4fetch";

import { Problem } from "#kernel/errors.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { createUpload } from "../contract.ts";
import { importUpload } from "../imports/contract.ts";
import { good, mediaHouse } from "../testing.ts";

/** What stands in the way of an upload's beginning, while a shield is tight. */
const asked: string[] = [];
const taken_back: string[] = [];
let refuses = false;
let roomLook: () => Promise<unknown> = async () => {};

const media = await mediaHouse({
  limits: {
    person_bytes_max: 20_000_000,
    free_bytes_reserve: 0,
    async person_room() {
      await roomLook();
      return null;
    },
    async begin_upload(person_id: string) {
      asked.push(person_id);
      if (refuses) throw new Problem(429, "shield.uploading", "Wait a little.", { retry_after_s: 60 });
      return async () => void taken_back.push(person_id);
    },
  },
});
afterAll(() => media[Symbol.asyncDispose]());
beforeEach(() => {
  asked.length = taken_back.length = 0;
});
const { client } = media;
const astrid = await media.person("astrid");
const keys = await (async () => {
  const made = good(
    await client.call(peopleRoutes.createToken, { token: astrid.token, body: { name: "films", scopes: ["write"] } }),
  );
  return good(await client.call(peopleRoutes.tokenKeys, { token: astrid.token, params: { id: made.id } }));
})();
const ORIGIN = "http://house.test";
const send = (request: Request) => media.house.api.fetch(request, "192.0.2.1");
const picture = (size_bytes = 10) => ({ filename: "a.png", size_bytes, media_type: "image/png" });

async function s3(): Promise<Response> {
  const body = "0123456789";
  const { method, url, headers } = await new AwsV4Signer({
    accessKeyId: keys.access_key_id,
    secretAccessKey: keys.secret_access_key,
    method: "PUT",
    url: `${ORIGIN}/v1/s3/uploads/a.png`,
    region: "house",
    service: "s3",
    headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "content-type": "image/png" },
  }).sign();
  headers.set("host", new URL(ORIGIN).host);
  headers.set("content-length", String(body.length));
  return send(new Request(url, { method, headers, body }));
}
const doors: Record<string, () => Promise<{ status: number; said: string }>> = {
  async "the page's own"() {
    const { status, code } = await client.call(createUpload, { token: astrid.token, body: picture() });
    return { status, said: code ?? "" };
  },
  async tus() {
    const headers = {
      authorization: `Bearer ${astrid.token}`,
      "tus-resumable": "1.0.0",
      "upload-length": "10",
      "upload-metadata": `filename ${btoa("a.png")},filetype ${btoa("image/png")}`,
    };
    const answer = await send(new Request(`${ORIGIN}/v1/tus`, { method: "POST", headers }));
    return { status: answer.status, said: await answer.text() };
  },
  async S3() {
    const answer = await s3();
    return { status: answer.status, said: await answer.text() };
  },
  async "an address"() {
    const body = { url: "https://films.example/a.png" };
    const { status, code } = await client.call(importUpload, { token: astrid.token, body });
    return { status, said: code ?? "" };
  },
  async "another system's form"() {
    const bytes = (async function* bytes() {
      yield new Uint8Array(10);
    })();
    const file = { filename: "a.png", media_type: "image/png" };
    return media.media.receive(astrid.id, file, bytes, new AbortController().signal).then(
      () => ({ status: 201, said: "" }),
      (problem: Problem) => ({ status: problem.status, said: problem.code }),
    );
  },
};

test.each(Object.keys(doors))("MD222: by %s an upload that a shield stands before does not begin", async (name) => {
  const before = await media.house.db.sql.pool`SELECT 1 FROM media_uploads`;
  refuses = true;
  const { status, said } = await doors[name]!();
  refuses = false;
  expect([status, asked]).toEqual([name === "S3" ? 503 : 429, [astrid.id]]);
  expect(said).toMatch(name === "S3" ? /SlowDown/ : /shield\.uploading/);
  expect(await media.house.db.sql.pool`SELECT 1 FROM media_uploads`).toHaveLength(before.length);
  expect([200, 201, 202]).toContain((await doors[name]!()).status);
  expect([asked, taken_back]).toEqual([[astrid.id, astrid.id], []]);
});

test("MD222: one that did not begin for another reason does not count; what is refused before is not asked", async () => {
  const large = await client.call(createUpload, { token: astrid.token, body: picture(20_000_001) });
  expect([large.code, asked, taken_back]).toEqual(["upload.quota_exceeded", [astrid.id], [astrid.id]]);
  const wrong = { ...picture(), media_type: "text/html" };
  expect((await client.call(createUpload, { token: astrid.token, body: wrong })).code).toBe("upload.type_refused");
  expect(asked).toHaveLength(1);
});

test("MD223: whoever asks the database for somebody's room holds no connection meanwhile, so that many who begin at once end", async () => {
  const { pool } = media.house.db.sql;
  roomLook = () => pool`SELECT 1`;
  // Twice as many as there are connections, each of a person of their own.
  const many = await Promise.all(Array.from({ length: 16 }, (_, i) => media.person(`many${i}`)));
  const began = await Promise.all(many.map(({ token }) => client.call(createUpload, { token, body: picture() })));
  expect(began.map(({ status }) => status)).toEqual(many.map(() => 201));
});
