import { afterAll, expect, test } from "bun:test";

import type { SpaceId, UploadId } from "#kernel/ids.ts";

import {
  abortUpload,
  createVideo,
  deleteVideo,
  getMediaLimits,
  getSpaceStorage,
  importUpload,
  patchVideo,
} from "../contract.ts";
import { good, mediaHouse, uploadBytes } from "../testing.ts";

const MIB = 1024 * 1024;
const media = await mediaHouse({ limits: { free_bytes_reserve: 0 } });
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const astrid = await media.person("astrid");
const birger = await media.person("birger");
const SPACE: SpaceId = "4242";
media.spaces.join(astrid.id, SPACE);
media.spaces.join(birger.id, SPACE);
media.spaces.give(SPACE, 10 * MIB);

const room = async () =>
  good(await client.call(getMediaLimits, { token: astrid.token, query: { space_id: SPACE } })).space;
const send = (bytes: number, token = astrid.token) =>
  uploadBytes(media, token, new Uint8Array(bytes), { filename: "a.mp4", media_type: "video/mp4" });
const make = (
  upload_id: UploadId,
  token = astrid.token,
  more: { space_id?: SpaceId; audience?: "space" | "private" } = {},
) =>
  client.call(createVideo, {
    token,
    body: { upload_id, title: "A film", audience: "space", space_id: SPACE, ...more },
  });
const base64 = (text: string) => Buffer.from(text).toString("base64");
const tus = async (size: number, token = astrid.token) => {
  const answer = await media.house.api.fetch(
    new Request("http://house.test/v1/tus", {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "tus-resumable": "1.0.0",
        "upload-length": String(size),
        "upload-metadata": `filename ${base64("a.mp4")},title ${base64("A")},audience ${base64("space")},space_id ${base64(SPACE)}`,
      },
    }),
    "192.0.2.1",
  );
  const text = await answer.text();
  const code = text.startsWith("{") ? (JSON.parse(text) as { code: string }).code : null;
  return { status: answer.status, code, id: answer.headers.get("location")?.split("/").at(-1) as UploadId | undefined };
};

test("MD16: a film that goes into a space must fit there too, made there or moved there", async () => {
  expect(await room()).toEqual({ used_bytes: 0, quota_bytes: 10 * MIB });
  // These are no films, and whoever looked at them would give their room back.
  await media.jobs.drain(5_000);
  const first = good(await make(await send(6 * MIB)));
  const second = await send(5 * MIB, birger.token);
  const refused = await make(second, birger.token);
  expect([refused.status, refused.code]).toEqual([413, "upload.space_full"]);
  // It is still theirs, to make something of elsewhere; and from there it cannot come in either.
  const { space_id: _, ...elsewhere } = {
    space_id: SPACE,
    upload_id: second,
    title: "B",
    audience: "private" as const,
  };
  const own = good(await client.call(createVideo, { token: birger.token, body: elsewhere }));
  const moved = await client.call(patchVideo, {
    token: birger.token,
    params: { video_id: own.id },
    body: { audience: "space", space_id: SPACE },
  });
  expect(moved.code).toBe("upload.space_full");
  expect((await room())?.used_bytes).toBe(6 * MIB);
  media.jobs.start();
  for (const [token, video_id] of [
    [astrid.token, first.id],
    [birger.token, own.id],
  ] as const)
    await client.call(deleteVideo, { token, params: { video_id } });
  await media.settled();
  expect((await room())?.used_bytes).toBe(0);
});

test("MD16: what is on its way there counts, by whatever door, and two at once cannot both take the last", async () => {
  const answers = await Promise.all([tus(6 * MIB), tus(6 * MIB, birger.token), tus(6 * MIB)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 413, 413]);
  expect(answers.find(({ status }) => status === 413)?.code).toBe("upload.space_full");
  expect((await room())?.used_bytes).toBe(6 * MIB);
  const at = answers.findIndex(({ status }) => status === 201);
  const token = at === 1 ? birger.token : astrid.token;
  expect((await client.call(abortUpload, { token, params: { upload_id: answers[at]?.id ?? "" } })).status).toBe(204);
  expect((await room())?.used_bytes).toBe(0);
  const imported = await client.call(importUpload, {
    token: astrid.token,
    body: { url: "http://192.0.2.1/a.mp4", title: "A", audience: "space", space_id: SPACE },
  });
  expect(imported.status).toBe(202);
});

test("MD16: the sums are for who is in the space, and what they are of for who runs it", async () => {
  const carl = await media.person("carl");
  const ask = (token: string) => client.call(getMediaLimits, { token, query: { space_id: SPACE } });
  expect((await ask(carl.token)).code).toBe("space.not_found");
  expect((await ask(birger.token)).status).toBe(200);
  const details = (token: string) => client.call(getSpaceStorage, { token, params: { space_id: SPACE } });
  expect((await details(birger.token)).code).toBe("space.not_found");
  const admin = await media.person("root", "admin");
  expect(good(await details(admin.token)).quota_bytes).toBe(10 * MIB);
});
