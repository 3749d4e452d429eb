import { describe, expect, test } from "bun:test";

import { defineRoute } from "#kernel/contract.ts";

import { Away, createClient, mayRetry, pathFor, Refusal, sentenceOf } from "./client.ts";

const follow = defineRoute({
  method: "PUT",
  path: "/v1/people/{handle}/follow",
  summary: "Follow",
  tag: "people",
  access: { who: "signed_in", scope: "write" },
  answers: { 204: null },
});

const answering = (response: Response | Error) => {
  const asked: Request[] = [];
  const reached: boolean[] = [];
  const call = createClient({
    origin: "http://house.test",
    fetch: async (request) => {
      asked.push(request);
      if (response instanceof Error) throw response;
      return response.clone();
    },
    reached: (answered) => reached.push(answered),
  });
  return { call, asked, reached };
};

const problem = (status: number, body: object, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json", ...headers } });

describe("client", () => {
  test("WEB4: a refusal keeps the house's sentence, code and field by field reasons", async () => {
    const { call } = answering(
      problem(422, {
        code: "request.invalid",
        detail: "Some fields are not right.",
        request_id: "r1",
        errors: [{ pointer: "/body/display_name", detail: "is too long" }],
      }),
    );
    const refusal = await call(follow, { params: { handle: "a" } }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({
      status: 422,
      code: "request.invalid",
      request_id: "r1",
      fields: { display_name: "is too long" },
    });
    expect(sentenceOf(refusal)).toBe("Some fields are not right.");
    expect(mayRetry(refusal)).toBe(false);
  });

  test("WEB4: an answer that is no problem document still becomes a sentence without markup or stack", async () => {
    const { call } = answering(new Response("<h1>nginx</h1>", { status: 500 }));
    const refusal = await call(follow, { params: { handle: "a" } }).catch((error: unknown) => error);
    expect(sentenceOf(refusal)).not.toContain("<");
    expect(mayRetry(refusal)).toBe(true);
    expect(sentenceOf(new TypeError("x is undefined"))).not.toContain("undefined");
  });

  test("WEB4: says how long to wait after 429", async () => {
    const { call } = answering(problem(429, { code: "limit.exceeded", detail: "Slow down." }, { "retry-after": "7" }));
    const refusal = await call(follow, { params: { handle: "a" } }).catch((error: unknown) => error);
    expect(sentenceOf(refusal)).toBe("Slow down. (7 s)");
  });

  test("WEB5: no answer, or a proxy's 502, means that the house is away, and the page is told", async () => {
    for (const response of [new TypeError("Failed to fetch"), new Response("", { status: 502 })]) {
      const { call, reached } = answering(response);
      const error = await call(follow, { params: { handle: "a" } }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Away);
      expect(mayRetry(error)).toBe(true);
      expect(reached).toEqual([false]);
    }
  });

  test("WEB5: a call that the page gave up is not taken for an absent house", async () => {
    const aborter = new AbortController();
    aborter.abort();
    const { call, reached } = answering(new DOMException("gone", "AbortError"));
    const error = await call(follow, { params: { handle: "a" }, signal: aborter.signal }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).not.toBeInstanceOf(Away);
    expect(reached).toEqual([]);
  });

  test("WEB6: parameters are encoded, absent queries left out, and a missing parameter is a bug told loudly", () => {
    expect(pathFor(follow, { params: { handle: "a/../b?" } })).toBe("/v1/people/a%2F..%2Fb%3F/follow");
    expect(() => pathFor(follow, {})).toThrow("needs handle");
  });

  test("WEB6: sends its key once, and answers null for 204", async () => {
    const { call, asked, reached } = answering(new Response(null, { status: 204 }));
    expect(await call(follow, { params: { handle: "a" }, once: "k1" })).toBeNull();
    expect(asked[0]?.headers.get("idempotency-key")).toBe("k1");
    expect(reached).toEqual([true]);
  });

  test("WEB236: a change waits for the answer to the one before of the same thing; reading, another thing, and what a leaving page sends do not", async () => {
    const arrived: string[] = [];
    const open: PromiseWithResolvers<Response>[] = [];
    const call = createClient({
      origin: "http://house.test",
      fetch: (request) => {
        arrived.push(`${request.method} ${new URL(request.url).pathname}`);
        const answer = Promise.withResolvers<Response>();
        open.push(answer);
        return answer.promise;
      },
    });
    const unfollow = { ...follow, method: "DELETE" as const };
    const look = { ...follow, method: "GET" as const };
    const settled = () => Bun.sleep(0);
    const first = call(follow, { params: { handle: "a" } }).catch((error: unknown) => error);
    const second = call(unfollow, { params: { handle: "a" } });
    const gaveUp = new AbortController();
    const third = call(follow, { params: { handle: "a" }, signal: gaveUp.signal }).catch((error: unknown) => error);
    await settled();
    expect(arrived).toEqual(["PUT /v1/people/a/follow"]);
    void call(look, { params: { handle: "a" } });
    void call(follow, { params: { handle: "b" } });
    void call(follow, { params: { handle: "a" }, keepalive: true });
    await settled();
    expect(arrived.slice(1).toSorted()).toEqual([
      "GET /v1/people/a/follow",
      "PUT /v1/people/a/follow",
      "PUT /v1/people/b/follow",
    ]);
    // One that failed holds nobody up.
    open[0]?.reject(new TypeError("Failed to fetch"));
    expect(await first).toBeInstanceOf(Away);
    await settled();
    expect(arrived.slice(4)).toEqual(["DELETE /v1/people/a/follow"]);
    gaveUp.abort();
    open[4]?.resolve(new Response(null, { status: 204 }));
    expect(await second).toBeNull();
    expect(await third).not.toBeInstanceOf(Away);
    expect(arrived).toHaveLength(5);
  });
});
