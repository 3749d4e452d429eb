import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { VideoId } from "#kernel/ids.ts";

import { deleteVideo, getVideo, patchVideo, type Video } from "../contract.ts";
import { good, machineFfmpeg, makeClip, type MediaHouse, mediaHouse, uploadVideo, videoWhen } from "../testing.ts";
import { CAPTIONS_MAX } from "./bounds.ts";
import { captionsRoutes as r } from "./contract.ts";
import { FORGET_FILES } from "./index.ts";
import { subtitleLines } from "./master.ts";

const has = machineFfmpeg() !== null;
if (!has) console.warn("skipped: ffmpeg is not on this machine");

const TEXT = "WEBVTT\n\n00:00.000 --> 00:01.000\nHej <b>du</b>\n";

describe.if(has)("captions", () => {
  let house: MediaHouse;
  let owner: string;
  let other: string;
  let id: VideoId;
  let hidden: VideoId;

  beforeAll(async () => {
    house = await mediaHouse();
    owner = (await house.person("astrid")).token;
    other = (await house.person("other")).token;
    const clip = await makeClip({ seconds: 2, size: "160x90" });
    id = await uploadVideo(house, owner, clip);
    hidden = await uploadVideo(house, owner, clip, { audience: "private" });
    await videoWhen(house, owner, id, ({ status }) => status === "ready");
    await house.settled();
  });
  afterAll(() => house[Symbol.asyncDispose]());

  const put = (token: string | null, video_id: string, language: string, body: object, headers = {}) =>
    house.client.call(r.putCaptions, { token, params: { video_id, language }, body, headers });
  const video = async (): Promise<Video> =>
    good(await house.client.call(getVideo, { token: owner, params: { video_id: id } }));

  test("MD112: only its owner writes; who may not see the video learns nothing", async () => {
    expect((await put(null, id, "sv", { text: TEXT })).status).toBe(401);
    expect((await put(other, id, "sv", { text: TEXT })).code).toBe("video.not_yours");
    expect((await put(other, hidden, "sv", { text: TEXT })).code).toBe("video.not_found");
    expect((await house.client.call(r.listCaptions, { token: other, params: { video_id: hidden } })).status).toBe(404);
    expect(
      (await house.client.call(r.getCaptions, { token: null, params: { video_id: hidden, language: "sv" } })).status,
    ).toBe(404);
    expect(
      (await house.client.call(r.deleteCaptions, { token: other, params: { video_id: id, language: "sv" } })).status,
    ).toBe(403);
  });

  test("MD110: what is not right is refused, with the line or the cue", async () => {
    const broken = await put(owner, id, "sv", { text: "WEBVTT\n\n00:00.000 --> 00:xx.000\nHej" });
    expect([broken.status, broken.code]).toEqual([422, "captions.broken"]);
    expect(broken.body).toMatchObject({ detail: expect.stringContaining("Line 3"), errors: [{ pointer: "/text" }] });
    const cue = { start_ms: 5, end_ms: 5, text: "a" };
    const cues = await put(owner, id, "sv", { cues: [{ start_ms: 0, end_ms: 1, text: "a" }, cue] });
    expect(cues.body).toMatchObject({ code: "captions.broken", errors: [{ pointer: "/cues/1" }] });
    expect((await put(owner, id, "sv", { label: "Svenska" })).code).toBe("captions.empty");
    expect((await put(owner, id, "not a language", { text: TEXT })).code).toBe("captions.language_unknown");
    expect((await put(owner, id, "sv", {})).status).toBe(400);
    expect((await put(owner, id, "sv", { text: TEXT, cues: [cue] })).status).toBe(400);
    expect((await put(owner, id, "sv", { text: "a".repeat(1024 * 1024 + 1) })).status).toBe(400);
    const swollen = `WEBVTT\n\n${`00:00.000 --> 00:01.000\n${"<".repeat(300)}\n\n`.repeat(2_000)}`;
    expect((await put(owner, id, "sv", { text: swollen })).code).toBe("captions.too_large");
    expect((await video()).captions).toEqual([]);
  });

  test("MD113: written, they are in the answer under a name that is theirs alone, and go when they are deleted", async () => {
    const made = await put(owner, id, "SV", { text: TEXT, is_default: true });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      language: "sv",
      label: "Svenska",
      kind: "captions",
      origin: "owner",
      cue_count: 1,
    });
    await house.settled();
    const [first] = (await video()).captions;
    const file = await house.ask(first?.url ?? "");
    expect(file.headers.get("content-type")).toBe("text/vtt; charset=utf-8");
    expect(file.headers.get("cache-control")).toContain("immutable");
    expect(await file.text()).toContain("Hej <b>du</b>");

    const again = await put(owner, id, "sv", { cues: [{ start_ms: 0, end_ms: 900, text: "Nej <u>du" }] });
    expect(again.status).toBe(200);
    await house.settled();
    const [second] = (await video()).captions;
    expect(second?.url).not.toBe(first?.url);
    expect(await (await house.ask(second?.url ?? "")).text()).toContain("Nej <u>du</u>");
    // Who has the page open still gets what they were told of.
    expect((await house.ask(first?.url ?? "")).status).toBe(200);
    const names = async () => (await house.stored()).filter((name) => name.includes("/captions/"));
    expect((await names()).filter((name) => name.endsWith(".vtt"))).toHaveLength(2);
    const old = (first?.url ?? "").split("/").at(-1);
    const files = [old, second?.url?.split("/").at(-1)].map((name) => `captions/${name}`);
    const job = await house.house.db.sql.tx((tx) => house.jobs.enqueue(tx, FORGET_FILES, { video_id: id, files }));
    while ((await house.jobs.get(job))?.state !== "done") await Bun.sleep(20);
    expect((await house.ask(first?.url ?? "")).status).toBe(404);
    expect((await house.ask(second?.url ?? "")).status).toBe(200);

    await put(owner, id, "en", { text: TEXT, is_default: true, kind: "subtitles", label: "English" });
    const both = good(await house.client.call(r.listCaptions, { token: null, params: { video_id: id } })).items;
    expect(both.map(({ language, is_default, kind }) => [language, is_default, kind])).toEqual([
      ["en", true, "subtitles"],
      ["sv", false, "captions"],
    ]);
    const gone = await house.client.call(r.deleteCaptions, { token: owner, params: { video_id: id, language: "en" } });
    expect(gone.status).toBe(204);
    expect(
      (await house.client.call(r.deleteCaptions, { token: owner, params: { video_id: id, language: "en" } })).code,
    ).toBe("captions.not_found");
    expect((await video()).captions.map(({ language }) => language)).toEqual(["sv"]);
  });

  test("MD115: two who edit at once do not write over one another", async () => {
    const params = { video_id: id, language: "sv" };
    const { etag, cues, text } = good(await house.client.call(r.getCaptions, { token: owner, params }));
    expect(cues).toEqual([{ start_ms: 0, end_ms: 900, text: "Nej <u>du</u>", settings: "" }]);
    expect(text).toStartWith("WEBVTT");
    const mine = await put(owner, id, "sv", { text: TEXT }, { "if-match": `"${etag}"` });
    expect(mine.status).toBe(200);
    const late = await put(owner, id, "sv", { text: TEXT }, { "if-match": `"${etag}"` });
    expect([late.status, late.code]).toEqual([412, "captions.changed"]);
  });

  test("MD113: a move of the place keeps them, and the old address ends with the old audience", async () => {
    await house.settled();
    const before = (await video()).captions[0]?.url ?? "";
    good(
      await house.client.call(patchVideo, { token: owner, params: { video_id: id }, body: { audience: "private" } }),
    );
    await house.settled();
    const after = (await video()).captions[0]?.url ?? "";
    expect((await house.ask(before)).status).toBe(404);
    expect((await house.ask(after)).status).toBe(200);
    good(await house.client.call(patchVideo, { token: owner, params: { video_id: id }, body: { audience: "public" } }));
    await house.settled();
  });

  test("MD114: a player that reads the master finds them, as they are now, and not those that are gone", async () => {
    const master = async () => {
      await house.settled();
      const { hls_url } = await video();
      return { base: (hls_url ?? "").replace(/[^/]+$/, ""), text: await (await house.ask(hls_url ?? "")).text() };
    };
    await put(owner, id, "sv", { label: "På svenska", kind: "subtitles" });
    await put(owner, id, "en", { text: TEXT, label: "English" });
    const { base, text } = await master();
    const lines = text.split("\n").filter((line) => line.includes("TYPE=SUBTITLES"));
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('NAME="På svenska",LANGUAGE="sv",DEFAULT=NO');
    expect(text.match(/#EXT-X-STREAM-INF[^\n]*SUBTITLES="texts"/g)).toHaveLength(
      text.match(/#EXT-X-STREAM-INF/g)?.length ?? 0,
    );
    const name = /URI="([^"]+)"/.exec(lines[1] ?? "")?.[1] ?? "";
    const list = await (await house.ask(base + name)).text();
    expect(list).toContain("#EXT-X-ENDLIST");
    const segment = list.split("\n").find((line) => line.endsWith(".vtt")) ?? "";
    const words = await (await house.ask(`${base}captions/${segment}`)).text();
    expect(words).toStartWith("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:00:00.000 -->");
    await house.client.call(r.deleteCaptions, { token: owner, params: { video_id: id, language: "en" } });
    expect((await master()).text).not.toContain('LANGUAGE="en"');
  });

  test("MD112: a video has captions in so many languages, and no more", async () => {
    const tags = Array.from(
      { length: CAPTIONS_MAX },
      (_, i) => `q${String.fromCharCode(97 + (i % 20), 97 + Math.floor(i / 20))}`,
    );
    for (const tag of tags.slice(1)) expect((await put(owner, id, tag, { text: TEXT })).status).toBe(201);
    expect((await put(owner, id, tags[0]!, { text: TEXT })).code).toBe("captions.too_many");
    expect((await put(owner, id, tags[1]!, { text: TEXT })).status).toBe(200);
  });

  test("MD113: deleted with the video, nothing of them stays", async () => {
    const clip = await makeClip({ seconds: 1, size: "160x90", sound: false });
    const video_id = await uploadVideo(house, owner, clip);
    await put(owner, video_id, "sv", { text: TEXT });
    await videoWhen(house, owner, video_id, ({ captions }) => captions[0]?.url != null);
    await house.client.call(deleteVideo, { token: owner, params: { video_id } });
    await house.settled();
    expect((await house.stored()).filter((name) => name.includes(`/${video_id}/`))).toEqual([]);
  });

  test("MD116: texts and chapters of a file become the video's, where its owner has said nothing", async () => {
    const folder = `${house.scratch_folder}-made`;
    await Bun.$`mkdir -p ${folder}`;
    await Bun.write(`${folder}/clip.mp4`, await makeClip({ seconds: 4, size: "160x90" }));
    await Bun.write(
      `${folder}/a.srt`,
      "1\n00:00:00,000 --> 00:00:01,000\nHej <i>du</i>\n\n2\n00:00:02,000 --> 00:00:03,000\nDu\n",
    );
    await Bun.write(`${folder}/b.srt`, "1\n00:00:00,000 --> 00:00:01,000\nHello\n");
    await Bun.write(
      `${folder}/meta.txt`,
      ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=One & <two>\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=4000\n",
    );
    for (const [format, codec] of [
      ["mp4", "mov_text"],
      ["mkv", "ass"],
    ] as const) {
      const path = `${folder}/out.${format}`;
      await Bun.$`ffmpeg -v error -y -i ${folder}/clip.mp4 -i ${folder}/a.srt -i ${folder}/b.srt -i ${folder}/meta.txt -map 0 -map 1 -map 2 -map_metadata 3 -c copy -c:s ${codec} -metadata:s:s:0 language=swe -metadata:s:s:1 language=eng -disposition:s:1 hearing_impaired ${path}`;
      const film = new Uint8Array(await Bun.file(path).arrayBuffer());
      const video_id = await uploadVideo(
        house,
        owner,
        film,
        format === "mkv" ? { filename: "a.mkv", media_type: "video/x-matroska" } : {},
      );
      await put(owner, video_id, "sv", { text: TEXT });
      await videoWhen(house, owner, video_id, ({ status }) => status === "ready");
      await house.settled();
      const shown = good(await house.client.call(getVideo, { token: owner, params: { video_id } }));
      expect(shown.captions.map(({ language, origin, kind, label }) => [language, origin, kind, label])).toEqual([
        ["en", "file", "captions", "English"],
        ["sv", "owner", "captions", "Svenska"],
      ]);
      expect(await (await house.ask(shown.captions[0]?.url ?? "")).text()).toMatch(
        /00:00:00\.0\d\d --> 00:00:01\.0\d\d\nHello\n/,
      );
      expect(shown.chapters).toEqual([
        { at_ms: 0, title: "One & <two>" },
        { at_ms: 2_000, title: "Chapter 2" },
      ]);
      expect(await (await house.ask(shown.chapters_url ?? "")).text()).toContain("One &amp; &lt;two&gt;");
    }
    await Bun.$`rm -r ${folder}`;
  });
});

test("MD114: the master names the texts that are there, each by a name of its own", () => {
  const row = {
    video_id: "1" as VideoId,
    kind: "captions" as const,
    is_default: true,
    origin: "owner" as const,
    cue_count: 1,
    file: "captions/x.vtt",
    changed_at: new Date(0),
  };
  expect(subtitleLines([{ ...row, language: "sv", label: "a", published_file: null }])).toEqual({
    media: [],
    attribute: "",
    tracks: [],
  });
  const { media, attribute } = subtitleLines([
    { ...row, language: "sv", label: 'Sv"ens\nka', published_file: "captions/sv-1.vtt" },
    {
      ...row,
      language: "sv-FI",
      label: "Sv'ens'ka",
      published_file: "captions/sv-fi-1.vtt",
      kind: "subtitles",
      is_default: false,
    },
  ]);
  expect(media[0]).toContain(`NAME="Sv'ens'ka",LANGUAGE="sv"`);
  expect(media[0]).toContain('URI="captions/sv-1.m3u8"');
  expect(media[1]).toContain(`NAME="Sv'ens'ka (sv-FI)"`);
  expect(attribute).toBe('SUBTITLES="texts"');
});
