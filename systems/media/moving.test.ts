import { afterAll, expect, setDefaultTimeout, test } from "bun:test";

import { getImage, getVideo } from "./contract.ts";
import { good, machineFfmpeg, makeClip, makePicture, mediaHouse } from "./testing.ts";

setDefaultTimeout(60_000);
const media = await mediaHouse();
afterAll(() => media[Symbol.asyncDispose]());
const { moving } = media.media;
const astrid = await media.person("astrid");
const never = new AbortController().signal;

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000) yield bytes.slice(at, at + 1_000);
}
const refusal = (file: { filename: string; media_type: string; bytes: Uint8Array; says?: number }) =>
  moving
    .takeIn(
      astrid.id,
      { ...file, size_bytes: file.says ?? file.bytes.length, alt: "", body: chunksOf(file.bytes) },
      never,
    )
    .then(
      () => "taken",
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );

test("MD300: a file that is brought along meets the same checks as one that is sent by hand", async () => {
  const picture = await makePicture();
  expect(await refusal({ filename: "x.exe", media_type: "application/x-msdownload", bytes: picture })).toBe(
    "upload.type_refused",
  );
  expect(await refusal({ filename: "x.png", media_type: "image/png", bytes: new Uint8Array() })).toBe("upload.empty");
  expect(await refusal({ filename: "x.png", media_type: "image/png", bytes: picture, says: picture.length - 10 })).toBe(
    "upload.too_long",
  );
});

test("MD300: a picture that is brought along is one of its owner's, and goes out again in its largest size", async () => {
  const picture = await makePicture();
  const made = await moving.takeIn(
    astrid.id,
    {
      filename: "loom.png",
      media_type: "image/png",
      size_bytes: picture.length,
      alt: "A loom",
      body: chunksOf(picture),
    },
    never,
  );
  if (made.kind !== "image") throw new Error("it became a film");
  await media.settled();
  const image = good(await media.client.call(getImage, { token: astrid.token, params: { image_id: made.id } }));
  expect(image).toMatchObject({ owner_id: astrid.id, status: "ready", alt: "A loom" });
  const [file] = await moving.filesOf({ image_ids: [made.id], video_ids: [] });
  expect(file).toMatchObject({
    id: made.id,
    media_type: "image/webp",
    alt: "A loom",
    width: image.width,
    height: image.height,
  });
  const head = await media.blobs.head(file!.blob);
  expect(head!.size_bytes).toBe(file!.size_bytes);
  expect(await moving.filesOf({ image_ids: ["1"], video_ids: ["1"] })).toEqual([]);
});

test.skipIf(machineFfmpeg() === null)(
  "MD300: a film that is brought along is its owner's alone, and goes out again as it was sent",
  async () => {
    const clip = await makeClip({ seconds: 1 });
    const made = await moving.takeIn(
      astrid.id,
      { filename: "walk.mp4", media_type: "video/mp4", size_bytes: clip.length, alt: "", body: chunksOf(clip) },
      never,
    );
    if (made.kind !== "video") throw new Error("it became a picture");
    const video = good(await media.client.call(getVideo, { token: astrid.token, params: { video_id: made.id } }));
    expect(video).toMatchObject({ owner_id: astrid.id, title: "walk.mp4", audience: "private" });
    const [file] = await moving.filesOf({ image_ids: [], video_ids: [made.id] });
    expect(file).toMatchObject({ id: made.id, media_type: "video/mp4", size_bytes: clip.length });
    const { body } = await media.blobs.get(file!.blob);
    expect(new Uint8Array(await new Response(body).arrayBuffer())).toEqual(clip);
    await media.settled();
  },
);
