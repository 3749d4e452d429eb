import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createReadStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import generator, { type MegalodonInterface, type OAuth } from "megalodon";

import { mastodonRoutes } from "#systems/mastodon/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { type House, personOf, startHouse } from "./house.ts";
import { allow, OUT_OF_BAND, picture } from "./mastodon.ts";

/** What is refused at Mastodon's door, and `megalodon`, unmodified, going through it. */

let house: House;
let root = "";
let annSession = "";
const url = (path: string) => `${house.url}${path}`;

interface Answer {
  status: number;
  body: Record<string, unknown> & { error?: string; access_token?: string };
  headers: Headers;
}
async function ask(path: string, init: RequestInit & { token?: string; json?: unknown } = {}): Promise<Answer> {
  const { token, json, ...rest } = init;
  const headers = new Headers(rest.headers);
  if (token) headers.set("authorization", `Bearer ${token}`);
  if (json !== undefined) headers.set("content-type", "application/json");
  const answer = await fetch(url(path), {
    ...rest,
    method: rest.method ?? (json === undefined ? "GET" : "POST"),
    headers,
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    body: (text === "" ? {} : JSON.parse(text)) as Answer["body"],
    headers: answer.headers,
  };
}
const apps = new Map<string, { client_id: string; client_secret: string }>();
async function app(redirect_uri = OUT_OF_BAND, scopes = "read write follow") {
  const known = apps.get(redirect_uri + scopes);
  if (known) return known;
  const { body } = await ask("/api/v1/apps", { json: { client_name: "Phone", redirect_uris: redirect_uri, scopes } });
  const made = body as unknown as { client_id: string; client_secret: string };
  apps.set(redirect_uri + scopes, made);
  return made;
}
async function enter(session: string, scope = "read write follow"): Promise<string> {
  const { client_id, client_secret } = await app();
  const code = await allow(house, session, { client_id, redirect_uri: OUT_OF_BAND, scope });
  const { body } = await exchange({ client_id, client_secret, code });
  return body.access_token!;
}
const exchange = (more: Record<string, string>) =>
  ask("/oauth/token", { json: { grant_type: "authorization_code", redirect_uri: OUT_OF_BAND, ...more } });

beforeAll(async () => {
  house = await startHouse();
  const { client, setup_token } = house;
  const password = "a long enough sentence";
  await client.call(peopleRoutes.signUp, {
    body: { handle: "root_", password, display_name: "Root", setup_token: setup_token! },
  });
  root = (await client.call(peopleRoutes.signIn, { body: { handle: "root_", password } })).body.token;
  annSession = await personOf(house, "ann");
});
afterAll(() => house[Symbol.asyncDispose]());

describe("refused", () => {
  test.each([
    "javascript:alert(1)",
    "data:text/html,hello",
    "http://elsewhere.test/back",
    "https://elsewhere.test/back#fragment",
    "https://ann:secret@elsewhere.test/",
    "not an address",
    "",
  ])("MA1: a program that wants to be answered at %p", async (redirect_uris) => {
    const { status, body } = await ask("/api/v1/apps", {
      json: { client_name: "Phone", redirect_uris, scopes: "read" },
    });
    expect(status).toBe(422);
    expect(body.error).toStartWith("Validation failed");
  });

  test("MA1: a program without a name, with unknown scopes, or with none but those of administration", async () => {
    const register = (more: object) =>
      ask("/api/v1/apps", { json: { client_name: "Phone", redirect_uris: OUT_OF_BAND, scopes: "read", ...more } });
    expect((await register({ client_name: " \u200b " })).status).toBe(422);
    expect((await register({ scopes: "read everything" })).status).toBe(422);
    expect((await register({ scopes: "admin:read" })).status).toBe(422);
  });

  test("MA2: consent for an unknown program, a sibling of its address, more than it registered, another answer than a code", async () => {
    const { client_id } = await app("https://app.test/back", "read");
    const consent = async (more: object, token = annSession) => {
      const asked = { client_id, redirect_uri: "https://app.test/back", response_type: "code", scope: "read", ...more };
      const { status, code } = await house.client.call(mastodonRoutes.appConsent, { token, query: asked });
      return code ?? status;
    };
    expect(await consent({})).toBe(200);
    expect(await consent({ client_id: "fhc_nobody" })).toBe("app.not_found");
    for (const redirect_uri of [
      "https://app.test/back/",
      "https://app.test/back?x=1",
      "https://app.test/",
      OUT_OF_BAND,
    ])
      expect(await consent({ redirect_uri })).toBe("mastodon.bad_redirect_uri");
    expect(await consent({ scope: "read write" })).toBe("mastodon.bad_scope");
    expect(await consent({ scope: "push" })).toBe("mastodon.bad_scope");
    expect(await consent({ response_type: "token" })).toBe("mastodon.bad_response_type");
    expect(await consent({ code_challenge: "x".repeat(43), code_challenge_method: "plain" })).toBe(
      "mastodon.bad_code_challenge",
    );
    const made = await house.client.call(peopleRoutes.createToken, {
      token: annSession,
      body: { name: "t", scopes: ["read", "write", "account"], expires_in_d: 1 },
    });
    expect(await consent({}, made.body.secret)).toBe("people.session_needed");
    await house.client.call(peopleRoutes.revokeToken, { token: annSession, params: { id: made.body.id } });
    const cookie = `folkhus_session=${annSession}`;
    const forged = await ask("/v1/apps/authorization", {
      json: { client_id, redirect_uri: "https://app.test/back", response_type: "code", scope: "read", allow: true },
      headers: { cookie, origin: "https://evil.test", "sec-fetch-site": "cross-site" },
    });
    expect(forged.body.code).toBe("request.cross_site");
  });

  test("MA3: a code a second time, of another program, for another address, with a wrong challenge, or of a session that is over", async () => {
    const { client_id, client_secret } = await app();
    const other = await app("https://app.test/back", "read");
    const code = (more: object = {}) =>
      allow(house, annSession, { client_id, redirect_uri: OUT_OF_BAND, scope: "read", ...more });
    const fails = async (answer: Promise<Answer>) => expect((await answer).body.error).toBe("invalid_grant");
    await fails(exchange({ client_id, client_secret, code: "fho_nothing" }));
    await fails(exchange({ ...other, code: await code() }));
    await fails(exchange({ client_id, client_secret, code: await code(), redirect_uri: "https://app.test/back" }));
    expect((await exchange({ client_id, client_secret: "fhx_wrong", code: await code() })).body.error).toBe(
      "invalid_client",
    );
    const verifier = "v".repeat(64);
    const challenge = new Bun.CryptoHasher("sha256").update(verifier).digest("base64url");
    const withChallenge = () => code({ code_challenge: challenge, code_challenge_method: "S256" });
    await fails(exchange({ client_id, client_secret, code: await withChallenge() }));
    await fails(exchange({ client_id, client_secret, code: await withChallenge(), code_verifier: "w".repeat(64) }));
    const good = await exchange({ client_id, client_secret, code: await withChallenge(), code_verifier: verifier });
    expect(good.status).toBe(200);

    const once = await code();
    const { access_token } = (await exchange({ client_id, client_secret, code: once })).body;
    expect((await ask("/api/v1/accounts/verify_credentials", { token: access_token! })).status).toBe(200);
    await fails(exchange({ client_id, client_secret, code: once }));
    expect((await ask("/api/v1/accounts/verify_credentials", { token: access_token! })).status).toBe(401);

    const brief = await personOf(house, "brief");
    const orphan = await allow(house, brief, { client_id, redirect_uri: OUT_OF_BAND, scope: "read" });
    await house.client.call(peopleRoutes.signOut, { token: brief });
    await fails(exchange({ client_id, client_secret, code: orphan }));
  });

  test("MA4: an endpoint to who lacks its scope; the parts of a scope are told apart", async () => {
    const narrow = await enter(annSession, "read:accounts write:media");
    expect((await ask("/api/v1/accounts/verify_credentials", { token: narrow })).status).toBe(200);
    const home = await ask("/api/v1/timelines/home", { token: narrow });
    expect([home.status, home.body.error]).toEqual([403, "This action is outside the authorized scopes"]);
    expect((await ask("/api/v1/statuses", { token: narrow, json: { status: "no" } })).status).toBe(403);
    const tokens = (await house.client.call(peopleRoutes.listTokens, { token: annSession })).body.items;
    expect(tokens.every(({ scopes }) => !scopes.includes("account") && !scopes.includes("people:admin"))).toBe(true);
  });

  test("MA4: a token that may only write is let in to write, is told what it wrote, and reads nothing", async () => {
    const token = await enter(annSession, "write:statuses write:favourites write:follows");
    const made = await ask("/api/v1/statuses", { token, json: { status: "from a machine" } });
    expect([made.status, made.body.content]).toEqual([200, "<p>from a machine</p>"]);
    const answer = await ask("/api/v1/statuses", { token, json: { status: "and more", in_reply_to_id: made.body.id } });
    expect(answer.status).toBe(200);
    const liked = await ask(`/api/v1/statuses/${String(answer.body.id)}/favourite`, { token, method: "POST" });
    expect([liked.status, liked.body.favourited]).toEqual([200, true]);
    expect((await ask("/api/v2/instance", { token })).status).toBe(200);
    for (const path of ["timelines/home", "bookmarks", `statuses/${String(made.body.id)}`, "notifications"])
      expect((await ask(`/api/v1/${path}`, { token })).status).toBe(403);
  });

  test("FD300: an answer's warning comes in, is edited and goes out by this door as a post's does", async () => {
    const token = await enter(annSession, "read:statuses write:statuses");
    const made = await ask("/api/v1/statuses", { token, json: { status: "the film" } });
    const json = { status: "he did it", spoiler_text: "the end", sensitive: true, in_reply_to_id: made.body.id };
    const answer = await ask("/api/v1/statuses", { token, json });
    const told = { content: "<p>he did it</p>", spoiler_text: "the end", sensitive: true };
    expect(answer.body).toMatchObject(told);
    const path = `/api/v1/statuses/${String(answer.body.id)}`;
    expect((await ask(`${path}/source`, { token })).body).toMatchObject({ text: "he did it", spoiler_text: "the end" });
    const edited = await ask(path, { token, method: "PUT", json: { status: "she did it", spoiler_text: "" } });
    expect(edited.body).toMatchObject({ content: "<p>she did it</p>", spoiler_text: "", sensitive: true });
    // A warning before nothing is what there is to say.
    const alone = { spoiler_text: "only this", in_reply_to_id: made.body.id };
    const last = await ask("/api/v1/statuses", { token, json: alone });
    expect(last.body).toMatchObject({ content: "<p>only this</p>", spoiler_text: "" });
  });

  test("MA20: a program's token opens this door and no other, whatever it was granted", async () => {
    for (const scope of ["read write follow", "write:favourites", "profile"]) {
      const token = await enter(annSession, scope);
      const other = await ask("/v1/posts", { token, json: { text: "by a side door", audience: "public" } });
      expect([other.status, other.body.code]).toEqual([403, "token.scope"]);
      for (const path of ["/v1/people/me", "/v1/feeds/home", "/v1/people/ann", "/v1/tokens"])
        expect([path, (await ask(path, { token })).status]).toEqual([path, 403]);
      expect((await ask("/v1/tus", { token, method: "POST", headers: { "tus-resumable": "1.0.0" } })).status).toBe(403);
    }
    const tokens = (await house.client.call(peopleRoutes.listTokens, { token: annSession })).body.items;
    expect(tokens.every(({ program }) => program)).toBe(true);
  });

  test("MA5: who is suspended, and what was revoked by its program; another's program revokes nothing", async () => {
    const session = await personOf(house, "noisy");
    const [token, kept] = [await enter(session), await enter(session)];
    const { client_id, client_secret } = await app();
    const stranger = await app("https://app.test/back", "read");
    expect((await ask("/oauth/revoke", { json: { ...stranger, token } })).status).toBe(403);
    expect((await ask("/api/v1/timelines/home", { token })).status).toBe(200);
    expect((await ask("/oauth/revoke", { json: { client_id, client_secret, token } })).status).toBe(200);
    expect((await ask("/api/v1/timelines/home", { token })).status).toBe(401);
    await house.client.call(peopleRoutes.suspend, {
      token: root,
      params: { handle: "noisy" },
      body: { reason: "noise" },
    });
    const away = await ask("/api/v1/timelines/home", { token: kept });
    expect([away.status, away.body.error]).toEqual([403, "Your login is currently disabled"]);
  });

  test("MA6: a program's own token reads what anybody may, and is nobody", async () => {
    const { client_id, client_secret } = await app();
    const { body } = await ask("/oauth/token", {
      json: { grant_type: "client_credentials", client_id, client_secret, scope: "read" },
    });
    const token = body.access_token!;
    expect((await ask("/api/v1/apps/verify_credentials", { token })).body.name).toBe("Phone");
    expect((await ask("/api/v1/timelines/public", { token })).status).toBe(200);
    expect((await ask("/api/v1/timelines/home", { token })).status).toBe(422);
    expect((await ask("/api/v1/statuses", { token, json: { status: "no" } })).status).toBe(422);
    await ask("/oauth/revoke", { json: { client_id, client_secret, token } });
    expect((await ask("/api/v1/apps/verify_credentials", { token })).status).toBe(401);
  });

  test("MA10, MA11: refusals have Mastodon's shape, any page may read them, and no cookie counts", async () => {
    const nobody = await ask("/api/v1/timelines/home", { headers: { cookie: `folkhus_session=${annSession}` } });
    expect([nobody.status, nobody.body.error]).toEqual([401, "This method requires an authenticated user"]);
    expect(nobody.headers.get("access-control-allow-origin")).toBe("*");
    expect(nobody.headers.get("access-control-allow-credentials")).toBeNull();
    expect((await ask("/api/v1/nowhere")).body.error).toBe("Record not found");
    expect((await ask("/api/v1/timelines/home", { method: "DELETE" })).status).toBe(405);
    expect((await ask("/api/v1/timelines/public", { token: "fht_unknown" })).body.error).toBe(
      "The access token is invalid",
    );
    const preflight = await fetch(url("/api/v1/statuses"), {
      method: "OPTIONS",
      headers: { origin: "https://elk.test" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("Authorization");
    const open = await ask("/api/v2/instance");
    for (const name of ["limit", "remaining", "reset"]) expect(open.headers.get(`x-ratelimit-${name}`)).not.toBeNull();
  });

  test("MA12: forms of every kind say the same; what is too much or no form at all is refused", async () => {
    const token = await enter(annSession);
    const poll = { options: ["a", "b"], expires_in: "600" };
    const form = new URLSearchParams([
      ["status", "by a form"],
      ["poll[options][]", "a"],
      ["poll[options][]", "b"],
      ["poll[expires_in]", "600"],
      ["sensitive", "false"],
    ]);
    const parts = new FormData();
    for (const [name, value] of form) parts.append(name, value);
    const bodies: RequestInit[] = [
      { body: form },
      { body: parts },
      {
        body: JSON.stringify({ status: "by JSON", poll }),
        headers: { "content-type": "application/json; charset=utf-8" },
      },
    ];
    for (const init of bodies) {
      const { status, body } = await ask("/api/v1/statuses", { method: "POST", token, ...init });
      expect(status).toBe(200);
      expect((body.poll as { options: { title: string }[] }).options.map(({ title }) => title)).toEqual(["a", "b"]);
    }
    const post = async (init: RequestInit) =>
      (await ask("/api/v1/statuses", { method: "POST", token, ...init })).status;
    expect(await post({ body: "{", headers: { "content-type": "application/json" } })).toBe(400);
    expect(await post({ body: "[1]", headers: { "content-type": "application/json" } })).toBe(422);
    expect(await post({ body: "x", headers: { "content-type": "multipart/form-data" } })).toBe(400);
    expect(await post({ body: "x", headers: { "content-type": "multipart/form-data; boundary=b" } })).toBe(400);
    expect(await post({ body: "x=1", headers: { "content-type": "text/csv" } })).toBe(415);
    expect(await post({ body: "y".repeat(300_000), headers: { "content-type": "application/json" } })).toBe(413);
    expect(await post({ body: new URLSearchParams(Array.from({ length: 300 }, (_, i) => [`f${i}`, "1"])) })).toBe(422);
    expect(await post({ body: new URLSearchParams([["a[b][c][d][e]", "1"]]) })).toBe(422);
    expect(await post({ body: new URLSearchParams([["__proto__[status]", "no"]]) })).toBe(422);
    expect(await post({ body: new URLSearchParams([["status", "n\0l"]]) })).toBe(422);
  });

  test("MA15: unlisted and direct posts, answers with media, and words that are too many", async () => {
    const token = await enter(annSession);
    const write = (json: object) => ask("/api/v1/statuses", { token, json });
    expect((await write({ status: "x", visibility: "unlisted" })).body.error).toContain("unlisted");
    expect((await write({ status: "x", visibility: "direct" })).body.error).toContain("direct");
    const closed = await write({ status: "for followers", visibility: "private" });
    expect(closed.body.visibility).toBe("private");
    expect(
      (await write({ status: "yes", in_reply_to_id: closed.body.id, poll: { options: ["a", "b"], expires_in: 600 } }))
        .status,
    ).toBe(422);
    expect((await write({ status: "x".repeat(5_001) })).status).toBe(422);
    expect((await write({ status: "" })).status).toBe(422);
    expect((await write({ status: "x", media_ids: ["1"] })).status).toBe(422);
  });

  test("MA17: what is for others is 404 in each way to ask for it", async () => {
    const token = await enter(annSession);
    const { body } = await ask("/api/v1/statuses", { token, json: { status: "for followers", visibility: "private" } });
    const stranger = await enter(await personOf(house, "stranger"));
    for (const path of ["", "/context", "/source", "/history", "/favourited_by"])
      expect((await ask(`/api/v1/statuses/${String(body.id)}${path}`, { token: stranger })).status).toBe(404);
    for (const act of ["favourite", "reblog", "bookmark"])
      expect(
        (await ask(`/api/v1/statuses/${String(body.id)}/${act}`, { token: stranger, method: "POST" })).status,
      ).toBe(404);
    const named = await ask(`/api/v2/search?q=${encodeURIComponent(String(body.url))}`, { token: stranger });
    expect(named.body.statuses).toEqual([]);
  });
});

test("MA4: five tokens of one program and person; the oldest gives way", async () => {
  const session = await personOf(house, "many");
  const tokens: string[] = [];
  for (let i = 0; i < 6; i++) tokens.push(await enter(session));
  const alive = await Promise.all(tokens.map(async (token) => (await ask("/api/v1/timelines/home", { token })).status));
  expect(alive).toEqual([401, 200, 200, 200, 200, 200]);
});

test("MA13: a file comes in a form whose length nobody told, before its other fields", async () => {
  const token = await enter(annSession);
  const bytes = new Uint8Array(await picture().arrayBuffer());
  const text = (words: string) => new TextEncoder().encode(words);
  const pieces = [
    text('--b0\r\nContent-Disposition: form-data; name="file"; filename="g.bmp"\r\nContent-Type: image/bmp\r\n\r\n'),
    ...Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, i) => bytes.slice(i * 1000, (i + 1) * 1000)),
    text('\r\n--b0\r\nContent-Disposition: form-data; name="description"\r\n\r\nlate words\r\n--b'),
    text("0--\r\n"),
  ];
  const body = new ReadableStream({
    async pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });
  const headers = { "content-type": "multipart/form-data; boundary=b0" };
  const made = await ask("/api/v2/media", { method: "POST", token, headers, body });
  expect(made.status).toBe(200);
  expect(made.body).toMatchObject({ type: "image", description: "late words" });
  expect((await ask("/api/v2/media", { method: "POST", token, body: new FormData() })).status).toBe(422);
  const text_file = new FormData();
  text_file.append("file", new Blob(["hello"], { type: "text/plain" }), "a.txt");
  expect((await ask("/api/v2/media", { method: "POST", token, body: text_file })).status).toBe(415);
});

describe("streams", () => {
  const open = (query: string, protocols: string[] = []) =>
    new Promise<{ socket: WebSocket; ok: boolean }>((resolve) => {
      const socket = new WebSocket(`${house.url.replace("http", "ws")}/api/v1/streaming${query}`, protocols);
      socket.addEventListener("open", () => resolve({ socket, ok: true }));
      socket.addEventListener("error", () => resolve({ socket, ok: false }));
    });
  const answered = (socket: WebSocket, said: string) =>
    new Promise<string>((resolve) => {
      socket.addEventListener("message", ({ data }) => resolve(String(data)), { once: true });
      socket.send(said);
    });

  test("MA18: nobody, a wrong token, an unknown stream and a lacking scope get no stream; a token may come in each way that clients have", async () => {
    expect((await open("?stream=user")).ok).toBe(false);
    expect((await open("?stream=user&access_token=fht_wrong")).ok).toBe(false);
    const token = await enter(annSession);
    const narrow = await enter(annSession, "read:accounts");
    expect((await open(`?stream=everything&access_token=${token}`)).ok).toBe(false);
    expect((await open(`?stream=user&access_token=${narrow}`)).ok).toBe(false);
    expect((await ask("/api/v1/streaming/user")).status).toBe(401);
    expect((await ask(`/api/v1/streaming/user?access_token=${narrow}`)).status).toBe(400);
    for (const { ok, socket } of [await open(`?access_token=${token}`), await open("/?stream=user", [token])]) {
      expect(ok).toBe(true);
      socket.close();
    }
    const plain = await fetch(url("/api/v1/streaming?stream=user"), { headers: { authorization: `Bearer ${token}` } });
    expect(plain.status).toBe(404);
  });

  test("MA19: what is said is bounded: no JSON, unknown words, too many streams, too many words", async () => {
    const token = await enter(annSession);
    const { socket } = await open(`?access_token=${token}`);
    expect(await answered(socket, "hello")).toContain("no JSON");
    expect(await answered(socket, '{"type":"subscribe","stream":"x"}')).toContain("Unknown stream type");
    const gone = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
    for (let i = 0; i < 40; i++) socket.send(`{"type":"subscribe","stream":"hashtag","tag":"t${i}"}`);
    expect((await gone).code).toBe(1008);
  });

  test("MA19: one person has twenty streams and no more; those that close make room", async () => {
    const token = await enter(await personOf(house, "listener"));
    const all = await Promise.all(Array.from({ length: 20 }, () => open(`?access_token=${token}`)));
    expect(all.every(({ ok }) => ok)).toBe(true);
    expect((await open(`?access_token=${token}`)).ok).toBe(false);
    const closed = new Promise((resolve) => all[0]!.socket.addEventListener("close", resolve));
    all[0]!.socket.close();
    await closed;
    for (;;) if ((await open(`?access_token=${token}`)).ok) break;
    for (const { socket } of all) socket.close();
  });

  test("MA18: server-sent events say the same, and end when their person is suspended", async () => {
    const session = await personOf(house, "reader_");
    const token = await enter(session);
    const answer = await fetch(url("/api/v1/streaming/user"), { headers: { authorization: `Bearer ${token}` } });
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const reader = answer.body!.getReader();
    let said = "";
    const until = async (words: string) => {
      while (!said.includes(words)) {
        const { value, done } = await reader.read();
        if (done) return false;
        said += new TextDecoder().decode(value);
      }
      return true;
    };
    await until(":)");
    await ask("/api/v1/statuses", { token, json: { status: "heard by oneself" } });
    expect(await until("heard by oneself")).toBe(true);
    expect(said).toMatch(/event: update\ndata: \{.*\}\n\n/);
    await house.client.call(peopleRoutes.suspend, {
      token: root,
      params: { handle: "reader_" },
      body: { reason: "x" },
    });
    expect(await until("never said")).toBe(false);
  });
});

test("MA16: the same Idempotency-Key makes one status, and one answer", async () => {
  const token = await enter(annSession);
  const write = (json: object) =>
    ask("/api/v1/statuses", { token, json, headers: { "idempotency-key": "ünusual key" } }).then(({ body }) => body.id);
  const first = await write({ status: "once" });
  expect(await write({ status: "once" })).toBe(first);
});

test("MA61: megalodon registers, signs in, posts a picture, reads, answers and leaves", async () => {
  const door = generator("mastodon", house.url);
  const data: OAuth.AppData = await door.registerApp("Another phone", {
    scopes: ["read", "write", "follow"],
    redirect_uris: OUT_OF_BAND,
  });
  const code = await allow(house, annSession, {
    client_id: data.client_id,
    redirect_uri: OUT_OF_BAND,
    scope: "read write follow",
  });
  const tokens = await door.fetchAccessToken(data.client_id, data.client_secret, code, OUT_OF_BAND);
  const client: MegalodonInterface = generator("mastodon", house.url, tokens.access_token);
  expect((await client.verifyAccountCredentials()).data.username).toBe("ann");
  expect((await client.getInstance()).data.title).not.toBe("");
  const path = join(tmpdir(), `grey-${crypto.randomUUID()}.bmp`);
  await Bun.write(path, picture());
  const media = (await client.uploadMedia(createReadStream(path), { description: "grey" })).data;
  const post = (await client.postStatus("by megalodon", { media_ids: [media.id] })).data as {
    id: string;
    media_attachments: unknown[];
  };
  expect(post.media_attachments).toHaveLength(1);
  expect((await client.getHomeTimeline({ limit: 1 })).data[0]!.id).toBe(post.id);
  const answer = (await client.postStatus("and an answer", { in_reply_to_id: post.id })).data as { id: string };
  const context = (await client.getStatusContext(post.id)).data;
  expect(context.descendants.map(({ id }) => id)).toEqual([answer.id]);
  expect((await client.favouriteStatus(post.id)).data.favourited).toBe(true);
  expect((await client.getNotifications()).data).toEqual([]);
  // What it asks for while somebody looks around.
  const around = await Promise.all([
    client.getInstanceCustomEmojis(),
    client.getInstanceAnnouncements(),
    client.getInstanceTrends(),
    client.getSuggestions(),
    client.getFollowedTags(),
    client.getEndorsements(),
    client.getFeaturedTags(),
    client.getConversationTimeline(),
    client.getLists(),
    client.getFilters(),
    client.getScheduledStatuses(),
    client.getBlocks(),
    client.getMutes(),
    client.getBookmarks(),
    client.getFavourites(),
  ]);
  for (const { data: list } of around) expect(list).toBeArray();
  expect((await client.getPreferences()).status).toBe(200);
  expect((await client.getMarkers(["home"])).status).toBe(200);
  await client.revokeToken(data.client_id, data.client_secret, tokens.access_token);
  await expect(client.verifyAccountCredentials()).rejects.toThrow("401");
});
