import { afterAll, beforeAll, expect, test } from "bun:test";

import { feedRoutes } from "#systems/feed/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { type House, personOf, startHouse } from "./house.ts";
import { allow, OUT_OF_BAND, picture } from "./mastodon.ts";

/** What others, and programs with less than everything, may not learn or do at Mastodon's door. */

let house: House;
const sessions: Record<string, string> = {};
const tokens: Record<string, string> = {};

type Body = Record<string, unknown> & { id: string; error?: string };
async function ask<B = Body>(
  path: string,
  { as, token, json, method }: { as?: string; token?: string; json?: unknown; method?: string } = {},
): Promise<{ status: number; body: B; headers: Headers }> {
  const bearer = token ?? (as === undefined ? undefined : tokens[as]);
  const answer = await fetch(`${house.url}${path}`, {
    method: method ?? (json === undefined ? "GET" : "POST"),
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(json === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === "" ? {} : JSON.parse(text)) as B, headers: answer.headers };
}

let program: { client_id: string; client_secret: string } | null = null;
async function enter(who: string, scope = "read write follow"): Promise<string> {
  program ??= (
    await ask<{ client_id: string; client_secret: string }>("/api/v1/apps", {
      json: { client_name: "Phone", redirect_uris: OUT_OF_BAND, scopes: "read write follow" },
    })
  ).body;
  const redirect_uri = OUT_OF_BAND;
  const code = await allow(house, sessions[who]!, { client_id: program.client_id, redirect_uri, scope });
  const { body } = await ask<{ access_token: string }>("/oauth/token", {
    json: { grant_type: "authorization_code", redirect_uri, code, ...program },
  });
  return body.access_token;
}

beforeAll(async () => {
  house = await startHouse();
  for (const who of ["ann", "ben", "cleo"]) {
    sessions[who] = await personOf(house, who);
    tokens[who] = await enter(who);
  }
  await house.client.call(peopleRoutes.follow, { token: sessions.ben!, params: { handle: "ann" } });
});
afterAll(() => house[Symbol.asyncDispose]());

const status = async (as: string, text: string, more: object = {}) =>
  (await ask("/api/v1/statuses", { as, json: { status: text, ...more } })).body;

interface Heard {
  event: string;
  payload: string;
}
/** A stream that is open, and all that it says. */
async function listen(token: string, ...subscribe: object[]) {
  const heard: Heard[] = [];
  const socket = new WebSocket(`${house.url.replace("http", "ws")}/api/v1/streaming?stream=user&access_token=${token}`);
  let closed = false;
  socket.addEventListener("close", () => (closed = true));
  socket.addEventListener("message", ({ data }) => heard.push(JSON.parse(String(data)) as Heard));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  for (const one of subscribe) socket.send(JSON.stringify({ type: "subscribe", ...one }));
  return {
    heard,
    events: () => heard.map(({ event }) => event),
    /** Events are told in their order: when this post was heard, so was all before it. */
    async until(what: (heard: readonly Heard[]) => boolean) {
      while (!what(heard)) {
        if (closed) throw new Error("the stream ended");
        await Bun.sleep(10);
      }
    },
    close: () => socket.close(),
  };
}
const has = (id: string) => (heard: readonly Heard[]) => heard.some(({ payload }) => payload.includes(`"${id}"`));

test("MA21: a stream tells of notifications only whose token may read them", async () => {
  const narrow = await listen(await enter("ann", "read:statuses"));
  const wide = await listen(tokens.ann!);
  const post = await status("ann", "like this");
  await ask(`/api/v1/statuses/${post.id}/favourite`, { as: "ben", method: "POST" });
  await wide.until((heard) => heard.some(({ event }) => event === "notification"));
  const last = await status("ann", "and on");
  await Promise.all([narrow, wide].map((one) => one.until(has(last.id))));
  expect(narrow.events()).toEqual(["update", "update"]);
  narrow.close();
  wide.close();
});

test("MA22: of a deletion hears who may have been shown what is gone, and nobody else", async () => {
  const stream = await listen(tokens.ben!);
  const secret = await house.client.call(feedRoutes.createPost, {
    token: sessions.ann!,
    body: { text: "for myself", audience: "private" },
  });
  const shown = await status("ann", "for followers", { visibility: "private" });
  await stream.until(has(shown.id));
  await ask(`/api/v1/statuses/${secret.body.id}`, { as: "ann", method: "DELETE" });
  await ask(`/api/v1/statuses/${shown.id}`, { as: "ann", method: "DELETE" });
  await stream.until((heard) => heard.some(({ event, payload }) => event === "delete" && payload === shown.id));
  expect(stream.heard.some(({ payload }) => payload.includes(secret.body.id))).toBe(false);
  stream.close();
});

test("MA23: a subscription to a list that is gone or another's is silent, and the others on its line go on", async () => {
  const list = (await ask("/api/v1/lists", { as: "cleo", json: { title: "Hers" } })).body;
  const stream = await listen(tokens.ben!, { stream: "list", list: list.id }, { stream: "list", list: "1" });
  for (let i = 0; i < 3; i++) {
    const post = await status("ann", `number ${i}`);
    await stream.until(has(post.id));
  }
  stream.close();
});

test("MA24: nobody moves the heart of another's picture", async () => {
  const form = new FormData();
  form.append("file", picture(), "grey.bmp");
  const media = (await (
    await fetch(`${house.url}/api/v2/media`, {
      method: "POST",
      headers: { authorization: `Bearer ${tokens.ann!}` },
      body: form,
    })
  ).json()) as { id: string };
  const post = await status("ann", "mine", { media_ids: [media.id] });
  const moved = await ask(`/api/v1/statuses/${post.id}`, {
    as: "ben",
    method: "PUT",
    json: { status: "mine", media_attributes: [{ id: media.id, focus: "1,1" }] },
  });
  expect(moved.status).toBe(403);
  const { body } = await ask<{ media_attachments: { meta: { focus: unknown } }[] }>(`/api/v1/statuses/${post.id}`, {
    as: "ann",
  });
  expect(body.media_attachments[0]!.meta.focus).toEqual({ x: 0, y: 0 });
});

test("MA27: trends go on behind those that were shown, and end", async () => {
  for (const who of ["ann", "ben", "cleo"]) await status(who, "#alpha #beta");
  const tags = async (query: string) =>
    (await ask<{ name: string }[]>(`/api/v1/trends/tags${query}`, { as: "ann" })).body.map(({ name }) => name);
  let all: string[] = [];
  while (all.length < 2) all = await tags("");
  expect([...all].toSorted()).toEqual(["alpha", "beta"]);
  expect(await tags("?limit=1")).toEqual(all.slice(0, 1));
  expect(await tags("?limit=1&offset=1")).toEqual(all.slice(1));
  expect(await tags("?offset=2")).toEqual([]);
  expect((await ask("/api/v1/trends/statuses?offset=40", { as: "ann" })).body).toEqual([] as never);
});

test("MA25: what somebody private passed on is for their followers, by its id too", async () => {
  const post = await status("ann", "for all hands");
  const boost = (await ask(`/api/v1/statuses/${post.id}/reblog`, { as: "cleo", method: "POST" })).body;
  expect((await ask(`/api/v1/statuses/${boost.id}`, { as: "ben" })).status).toBe(200);
  await house.client.call(peopleRoutes.editMe, { token: sessions.cleo!, body: { private: true } });
  const { id } = (await ask("/api/v1/accounts/lookup?acct=cleo", { as: "ben" })).body;
  expect((await ask<Body[]>(`/api/v1/accounts/${id}/statuses`, { as: "ben" })).body).toEqual([]);
  expect((await ask(`/api/v1/statuses/${boost.id}`, { as: "ben" })).status).toBe(404);
  expect((await ask(`/api/v1/statuses/${boost.id}`, { as: "cleo" })).status).toBe(200);
  await house.client.call(peopleRoutes.editMe, { token: sessions.cleo!, body: { private: false } });
});
