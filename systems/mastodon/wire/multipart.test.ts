import { expect, test } from "bun:test";

import { Problem } from "#kernel/errors.ts";

import { fieldsOf, listOf } from "./fields.ts";
import { boundaryOf, partsOf } from "./multipart.ts";

async function* cut(bytes: Uint8Array, sizes: () => number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const size = Math.max(1, sizes());
    yield bytes.slice(at, at + size);
    at += size;
  }
}
const form = (text: string) => new TextEncoder().encode(text.replaceAll("\n", "\r\n"));
async function read(source: AsyncIterable<Uint8Array>, take = true) {
  const parts: { name: string; filename: string | null; media_type: string; text: string }[] = [];
  for await (const part of partsOf(source, "b", 10)) {
    let text = "";
    if (take) for await (const chunk of part.body) text += Buffer.from(chunk).toString("latin1");
    const { name, filename, media_type } = part;
    parts.push({ name, filename, media_type, text });
  }
  return parts;
}
const FORM = form(
  '--b\nContent-Disposition: form-data; name="a"\n\none\n--b\ncontent-disposition: form-data; name="file"; filename="x%22y.png"\nContent-Type: image/png\n\n\n--\n-b--b-\n\n--b--\nwhat follows',
);

test("MA13: however the line cuts a form, its parts are the same; bytes like a delimiter's beginning stay bytes", async () => {
  const whole = await read(cut(FORM, () => FORM.length));
  expect(whole).toEqual([
    { name: "a", filename: null, media_type: "", text: "one" },
    { name: "file", filename: 'x"y.png', media_type: "image/png", text: "\r\n--\r\n-b--b-\r\n" },
  ]);
  for (let size = 1; size < 40; size++) expect(await read(cut(FORM, () => size))).toEqual(whole);
  expect(
    (
      await read(
        cut(FORM, () => 7),
        false,
      )
    ).map(({ name }) => name),
  ).toEqual(["a", "file"]);
});

test("MA13: of a large file no more is held than what came last and a delimiter", async () => {
  let held_max = 0;
  let given = 0;
  const chunk = new Uint8Array(64 * 1024).fill(120);
  async function* line() {
    yield form('--b\nContent-Disposition: form-data; name="file"; filename="x"\n\n');
    for (let i = 0; i < 200; i++) {
      given += chunk.length;
      yield chunk;
    }
    yield form("\n--b--\n");
  }
  let taken = 0;
  for await (const part of partsOf(line(), "b", 10))
    for await (const bytes of part.body) {
      taken += bytes.length;
      held_max = Math.max(held_max, given - taken);
    }
  expect(taken).toBe(200 * chunk.length);
  expect(held_max).toBeLessThan(2 * chunk.length);
});

test.each([
  ["ends before its end", '--b\nContent-Disposition: form-data; name="a"\n\none'],
  ["is followed by something", '--b\nContent-Disposition: form-data; name="a"\n\none\n--bx'],
  ["has no delimiter", "hello"],
  ["has a head without end", `--b\n${"x".repeat(10_000)}`],
  ["has a part that is none", "--b\nContent-Disposition: attachment\n\none\n--b--"],
  ["has too many parts", `${'--b\nContent-Disposition: form-data; name="a"\n\none\n'.repeat(11)}--b--`],
])("MA12: a form that %s is refused", async (_, text) => {
  const error = await read(cut(form(text), () => 5)).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(Problem);
  expect((error as Problem).status).toBe(400);
});

test("MA12: a boundary as clients write it; none is refused", () => {
  expect(boundaryOf("multipart/form-data; boundary=abc")).toBe("abc");
  expect(boundaryOf('multipart/form-data; charset=utf-8; boundary="a b"')).toBe("a b");
  expect(() => boundaryOf("multipart/form-data")).toThrow(Problem);
});

test("MA12: names in brackets nest; a name of a prototype is a name like others", () => {
  const fields = fieldsOf([
    ["a", "1"],
    ["list[]", "x"],
    ["list[]", "y"],
    ["fields[1][name]", "second"],
    ["fields[0][name]", "first"],
    ["__proto__[polluted]", "yes"],
    ["constructor[prototype][polluted]", "yes"],
  ]);
  expect(listOf(fields.list)).toEqual(["x", "y"]);
  expect(listOf(fields.fields).map((field) => (field as { name: string }).name)).toEqual(["first", "second"]);
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});
