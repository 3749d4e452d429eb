import { afterAll, expect, test } from "bun:test";

import type { Browser } from "playwright-core";

import type { UploadId } from "#kernel/ids.ts";
import { createVideo, getVideo, oembed, patchVideo, putCaptions } from "#systems/media/contract.ts";

import { openBrowser } from "./browser.ts";
import { makeClip, personOf, startHouse, uploadFile } from "./house.ts";

const house = await startHouse();
let browser: Browser | null = null;
/** A site of somebody else, with a frame of this house in it. */
let framed = "";
const elsewhere = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: () =>
    new Response(`<!doctype html><title>A blog</title>${framed}`, { headers: { "content-type": "text/html" } }),
});
afterAll(async () => {
  await browser?.close();
  await elsewhere.stop(true);
  await house[Symbol.asyncDispose]();
});

const { client, url } = house;
const token = await personOf(house, "astrid");
const film = await makeClip({ seconds: 6, width: 320, height: 180 });
const videoOf = async (audience: "public" | "private") => {
  const upload_id = await uploadFile(house, token, { name: "film.mp4", media_type: "video/mp4", bytes: film });
  const { body } = await client.call(createVideo, {
    token,
    body: { upload_id: upload_id as UploadId, title: "A <walk>", audience },
  });
  const params = { video_id: body.id };
  for (;;) {
    const { body: video } = await client.call(getVideo, { token, params });
    if (video.status === "ready" && video.poster_url !== null) return video;
    if (video.status === "failed") throw new Error(JSON.stringify(video.failure));
    await Bun.sleep(50);
  }
};

test("MD122: nothing is shown in a frame but what everyone may see, and every refusal says the same", async () => {
  const hidden = await videoOf("private");
  const words = new Set<string>();
  for (const path of [`/embed/${hidden.id}`, "/embed/1", "/embed/", "/embed/../watch", "/embed/1%2f..", "/embed/x"]) {
    const answer = await fetch(`${url}${path}`, { headers: { cookie: `folkhus_session=${token}` } });
    if (path === "/embed/../watch") continue;
    expect([path, answer.status]).toEqual([path, 404]);
    expect(answer.headers.get("content-security-policy")).not.toContain("script-src");
    words.add(await answer.text());
  }
  expect(words.size).toBe(1);
  const watch = await (await fetch(`${url}/watch/${hidden.id}`)).text();
  expect(watch).not.toMatch(/oembed|og:video|twitter:player/);
});

test("MD126: another site finds the player by oEmbed, puts it into a frame, and it plays from the moment that was asked for", async () => {
  const video = await videoOf("public");
  const cues = [{ start_ms: 2_000, end_ms: 6_000, text: "Hej <i>du</i>" }];
  const params = { video_id: video.id, language: "sv" };
  await client.call(putCaptions, { token, params, body: { cues, is_default: true } });
  const master = async () => (await fetch(new URL(video.hls_url ?? "", url))).text();
  while (!(await master()).includes("TYPE=SUBTITLES")) await Bun.sleep(50);
  const page = await (await fetch(`${url}/watch/${video.id}`)).text();
  const link = /<link rel="alternate" type="application\/json\+oembed" href="([^"]+)"/.exec(page)?.[1] ?? "";
  expect(page).toContain(`<meta property="og:video" content="${url}/embed/${video.id}">`);
  expect(page).toContain(`<meta name="twitter:player" content="${url}/embed/${video.id}">`);
  expect((await fetch(link.replaceAll("&amp;", "&"))).status).toBe(200);
  const found = await client.call(oembed, { query: { url: `${url}/watch/${video.id}?t=2` } });
  expect(found.status).toBe(200);
  framed = found.body.html;

  browser = await openBrowser();
  const tab = await browser.newPage();
  const broken: string[] = [];
  tab.on("pageerror", (error) => broken.push(String(error)));
  tab.on("console", (line) => line.type() === "error" && broken.push(line.text()));
  const asked: string[] = [];
  tab.on("request", (request) => asked.push(request.url()));
  // Another name for this machine is another site.
  await tab.goto(`http://${new URL(url).hostname === "localhost" ? "127.0.0.1" : "localhost"}:${elsewhere.port}/`);
  const frame = tab.frameLocator("iframe");
  const play = frame.getByRole("button", { name: "Play A <walk>" });
  await play.waitFor();
  // Nothing of the player's parts, nor of the film, before somebody wants it.
  expect(asked.filter((name) => /\.m3u8|\.m4s/.test(name))).toEqual([]);
  await play.click();
  const player = frame.locator("video");
  const time = () => player.evaluate((node: HTMLVideoElement) => node.currentTime);
  while ((await time()) < 2.5) await Bun.sleep(50);
  expect(await player.evaluate((node: HTMLVideoElement) => [node.videoWidth > 0, node.controls])).toEqual([true, true]);
  // What the master names of words is read by hls.js, and shown.
  const said = () =>
    player.evaluate((node: HTMLVideoElement) =>
      Array.from(node.textTracks, ({ language, mode, activeCues }) => [
        language,
        mode,
        ...Array.from(activeCues ?? [], (cue) => (cue as VTTCue).text),
      ]),
    );
  while (!(await said()).some(([, mode, text]) => mode === "showing" && text !== undefined)) await Bun.sleep(50);
  expect(await said()).toEqual([["sv", "showing", "Hej <i>du</i>"]]);
  expect(broken).toEqual([]);

  // Taken back, it is gone from every site at once.
  await client.call(patchVideo, { token, params: { video_id: video.id }, body: { embedding: "nobody" } });
  await tab.reload();
  await frame.getByText("This video is not shown here.").waitFor();
}, 120_000);
