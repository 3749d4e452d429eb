import { afterAll, expect, test } from "bun:test";

import { mediaHouse } from "../testing.ts";

const h = await mediaHouse();
afterAll(() => h[Symbol.asyncDispose]());
const { link_pictures: pictures } = h.media;
const signal = new AbortController().signal;

/** A bitmap of one colour: large, and decoded by the same program as everything else. */
function picture(width: number, height: number): Uint8Array {
  const bmp = Buffer.alloc(54 + width * height * 4, 0x90);
  bmp.fill(0, 0, 54);
  bmp.write("BM", 0, "latin1");
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(height, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(32, 28);
  bmp.writeUInt32LE(width * height * 4, 34);
  return bmp;
}
async function* bytes(...parts: Uint8Array[]) {
  yield* parts;
}
const text = (words: string) => new TextEncoder().encode(words);

test("FD192: what is no picture, is empty or breaks off is not kept, and leaves nothing", async () => {
  for (const body of ["", "<svg onload='alert(1)'/>", "<html>not a picture</html>"]) {
    expect(await pictures.keep("7", bytes(text(body)), signal)).toBeNull();
  }
  const broken = async function* () {
    yield picture(10, 10).subarray(0, 100);
    throw new Error("the line broke");
  };
  expect(await pictures.keep("7", broken(), signal).catch((error: Error) => error.message)).toBe("the line broke");
  expect(await h.stored()).toEqual([]);
});

test("FD192: a picture is made anew, small, and served by the house; an older one goes", async () => {
  const whole = picture(1_000, 500);
  const first = (await pictures.keep("7", bytes(whole.subarray(0, 1_000), whole.subarray(1_000)), signal))!;
  expect([first.width, first.height]).toEqual([640, 320]);
  const answer = await h.ask(pictures.urlOf(first.name));
  expect([answer.status, answer.headers.get("content-type"), answer.headers.get("x-content-type-options")]).toEqual([
    200,
    "image/webp",
    "nosniff",
  ]);
  const small = (await pictures.keep("7", bytes(picture(200, 100)), signal))!;
  expect(small.width).toBe(200);
  await pictures.dropOthers("7", small.name);
  expect(await h.stored()).toEqual([small.name]);
  await pictures.dropOthers("7", null);
  expect(await h.stored()).toEqual([]);
});
