import { afterAll, describe, expect, test } from "bun:test";

import { createTestClient } from "#ports/http/testing.ts";
import { createVideo, deleteVideo, getVideo, type Video } from "#systems/media/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { makeClip, PASSWORD, personOf, startHouse, uploadFile } from "../../tests/house.ts";
import { nginxPath, startEdge } from "./testing.ts";

const nginx = nginxPath();
const able = nginx !== null && Bun.which("ffmpeg") !== null;
if (!able) console.log("skipped: nginx or ffmpeg is not there");

describe.skipIf(!able)("a whole house behind an edge", async () => {
  if (nginx === null || !able) return;
  const house = await startHouse({ FOLKHUS_TRUSTED_PROXIES: "1" });
  const edge = await startEdge(nginx, new URL(house.url).host);
  afterAll(async () => {
    await edge[Symbol.asyncDispose]();
    await house[Symbol.asyncDispose]();
  });
  // Everything goes through the edge, as it does for a person.
  const client = createTestClient(fetch, edge.origin);
  const through = { ...house, url: edge.origin, client };
  const ask = (url: string) => fetch(new URL(url, edge.origin));
  const until = async (condition: () => Promise<boolean>) => {
    while (!(await condition())) await Bun.sleep(100);
  };

  const film = async (token: string, audience: "public" | "private"): Promise<Video> => {
    const bytes = await makeClip({ seconds: 5, width: 320, height: 180 });
    const upload_id = await uploadFile(through, token, { name: "a.mp4", media_type: "video/mp4", bytes });
    const made = await client.call(createVideo, { token, body: { upload_id, title: "A film", audience } });
    let video = made.body as Video;
    await until(async () => {
      video = (await client.call(getVideo, { token, params: { video_id: video.id } })).body;
      return video.hls_url !== null;
    });
    return video;
  };
  /** The address of the first segment that a master leads to. */
  const firstSegment = async (hls_url: string): Promise<string> => {
    const lineOf = async (url: string) => {
      const answer = await ask(url);
      expect([url.replace(/^.*\//, ""), answer.status]).toEqual([url.replace(/^.*\//, ""), 200]);
      const line = (await answer.text()).split("\n").find((text) => text !== "" && !text.startsWith("#")) ?? "";
      return new URL(line, new URL(url, edge.origin)).pathname;
    };
    return lineOf(await lineOf(hls_url));
  };

  test("ED16: what is told as it happens goes through the edge at once, by socket and as server-sent events", async () => {
    const token = await personOf(through, "listener");
    const headers = { authorization: `Bearer ${token}` };
    const events = await fetch(new URL("/api/v1/streaming/user", edge.origin), { headers });
    const reader = events.body!.getReader();
    const socket = new WebSocket(
      `${edge.origin.replace("http", "ws")}/api/v1/streaming?stream=user&access_token=${token}`,
    );
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const heard = new Promise<string>((resolve) =>
      socket.addEventListener("message", ({ data }) => resolve(String(data)), { once: true }),
    );
    const form = new FormData();
    form.append("status", "through the edge");
    const made = await fetch(new URL("/api/v1/statuses", edge.origin), { method: "POST", headers, body: form });
    expect(made.status).toBe(200);
    expect(await heard).toContain("through the edge");
    for (let said = ""; !said.includes("through the edge");)
      said += new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    socket.close();
  });

  test("ED15: a private film plays through the edge for its owner, from the cache for a second session, and for no session that signed out", async () => {
    const token = await personOf(through, "astrid");
    const video = await film(token, "private");
    const segment = await firstSegment(video.hls_url ?? "");
    expect((await ask(segment)).status).toBe(200);
    const other = (await client.call(peopleRoutes.signIn, { body: { handle: "astrid", password: PASSWORD } })).body;
    const again = (await client.call(getVideo, { token: other.token, params: { video_id: video.id } })).body;
    const second = await firstSegment(again.hls_url ?? "");
    expect(second).not.toBe(segment);
    expect((await ask(second)).headers.get("x-cache")).toBe("HIT");
    await client.call(peopleRoutes.signOut, { token });
    await until(async () => (await ask(segment)).status === 403);
    expect((await ask(second)).headers.get("x-cache")).toBe("HIT");
  });

  test("ED15: a public film that is deleted is gone at the edge within seconds, for addresses given before too", async () => {
    const token = await personOf(through, "birger");
    const video = await film(token, "public");
    const segment = await firstSegment(video.hls_url ?? "");
    expect(segment).toStartWith("/blobs/public/");
    expect((await ask(segment)).status).toBe(200);
    expect((await ask(segment)).headers.get("x-cache")).toBe("HIT");
    await client.call(deleteVideo, { token, params: { video_id: video.id } });
    await until(async () => (await ask(segment)).status === 404);
    expect((await ask(video.hls_url ?? "")).status).toBe(404);
  });
});
