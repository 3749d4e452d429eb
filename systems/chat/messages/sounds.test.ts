import { afterAll, describe, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";

import { chatRoutes as r, voiceWords } from "../contract.ts";
import { testChat } from "../testing.ts";

const t = await testChat();
const { client } = t.house;
afterAll(() => t[Symbol.asyncDispose]());

let count = 0;
const people = (n: number): Promise<TestPerson[]> =>
  Promise.all(Array.from({ length: n }, () => t.house.person(`v${count++}`)));
const asked = (more: object) => ({ cid: crypto.randomUUID(), body: "", ...more });

describe("voice notes", () => {
  test("CH103: a message carries one of its author's, and nothing else that plays or shows", async () => {
    const [a, b] = await people(2);
    const ab = await t.direct(a!, b!);
    const send = async (more: object, by = a!) =>
      client.call(r.sendMessage, { token: by.token, params: { id: ab.id }, body: asked(more) });
    t.media.sound("900", a!.id);
    t.media.image("901", a!.id);
    expect((await send({ sound_id: "900", image_ids: ["901"] })).code).toBe("message.media_not_usable");
    expect((await send({ sound_id: "900", video_id: "5" })).code).toBe("message.media_not_usable");
    expect((await send({ sound_id: "900" }, b!)).code).toBe("message.media_not_usable");
    expect((await t.history(b!, ab)).items).toEqual([]);
    const { status, body } = await send({ sound_id: "900" });
    expect([status, body.sound]).toEqual([
      201,
      { id: "900", status: "ready", duration_ms: 12_300, waveform: [0, 255], url: "/blobs/sounds/900" },
    ]);
    expect(t.media.did.at(-1)).toBe(`claim:${body.id}`);
  });

  test("CH104: who reads the channel hears it; who is put out is given nothing more; deleted, it is let go", async () => {
    const [a, b, c] = await people(3);
    const group = await t.group(a!, [b!]);
    t.media.sound("910", a!.id);
    const note = await t.send(a!, group, "", { sound_id: "910" });
    expect((await t.history(b!, group)).items.at(-1)?.sound?.url).toBe("/blobs/sounds/910");
    const look = async (by: TestPerson) =>
      (await client.call(r.message, { token: by.token, params: { id: note.id } })).code;
    expect(await look(c!)).toBe("message.not_found");
    await client.call(r.leaveChannel, { token: b!.token, params: { id: group.id } });
    expect(await look(b!)).toBe("message.not_found");
    await client.call(r.deleteMessage, { token: a!.token, params: { id: note.id } });
    expect(t.media.did.at(-1)).toBe(`release:${note.id}`);
    expect((await t.history(a!, group)).items.at(-1)).toMatchObject({ deleted: true, sound: null });
  });

  test("CH105: has:voice finds them; an answer, a forward and an export say that there is one", async () => {
    const [a, b, c] = await people(3);
    const [ab, bc] = [await t.direct(a!, b!), await t.direct(b!, c!)];
    t.media.sound("920", a!.id);
    await t.send(a!, ab, "Only words");
    const note = await t.send(a!, ab, "", { sound_id: "920" });
    const found = await client.call(r.searchMessages, { token: b!.token, query: { q: "has:voice" } });
    expect(found.body.items.map(({ id }) => id)).toEqual([note.id]);
    expect((await t.send(b!, ab, "Heard", { reply_to_id: note.id })).reply_to?.excerpt).toBe("Voice note");
    const passed = await client.call(r.sendMessage, {
      token: b!.token,
      params: { id: bc.id },
      body: asked({ forward_of_id: note.id }),
    });
    // It can be heard where it was sent, and nowhere else.
    expect(passed.body).toMatchObject({ sound: null, forwarded: { body: "", voice: true, film: false } });
    const answer = await t.chat.export(a!.viewer, ab.id);
    expect(await answer.text()).toContain('"sound_id":"920"');
  });

  test("CH106: its words, where it cannot be heard, have its length", () => {
    expect([null, 300, 12_300, 61_000, 899_600].map(voiceWords)).toEqual([
      "Voice note",
      "Voice note (0:01)",
      "Voice note (0:12)",
      "Voice note (1:01)",
      "Voice note (15:00)",
    ]);
  });
});
