/** Run under Node in a folder where the package is installed: tries it in the frameworks, and prints what it saw as JSON. */
import { once } from "node:events";
import { connect } from "node:net";

import { addressKey, clientAddress, createLimiter } from "@folkhus/limiter";
import * as forExpress from "@folkhus/limiter/express";
import * as forFastify from "@folkhus/limiter/fastify";
import * as forHono from "@folkhus/limiter/hono";
import express5 from "express";
import express4 from "express4";
import Fastify5 from "fastify";
import Fastify4 from "fastify4";
import { Hono } from "hono";

/** Comes back so slowly that a machine that stands still changes nothing. */
const still = (burst_tokens) => ({ burst_tokens, tokens_per_s: 0.001 });
const RULES = {
  address: still(2),
  tried: still(1),
  work: { kind: "slots", slots: 1, hold_ms: 3_600_000 },
  drop: { kind: "gcra", tokens: 10, window_ms: 1_000, burst_tokens: 1 },
};

/** The same app in every framework, as `ask(path) → { status, headers, body }`. */
const FRAMEWORKS = {
  hono: async (mount) => {
    const app = new Hono();
    mount(forHono.limits, (path, handler, ...more) => {
      app.get(path, ...more, async (c) => (path === "/raw" ? new Response("raw") : c.text(await handler())));
    });
    app.onError((_, c) => c.text("error", 500));
    const ask = async (path, headers = {}) => {
      const answer = await app.request(path, { headers }, { incoming: { socket: { remoteAddress: "192.0.2.7" } } });
      return seen(answer);
    };
    return {
      ask,
      close: async () => {},
      address: (c) => forHono.addressOf(c),
      header: (c, name) => c.req.header(name),
    };
  },
  express4: (mount) => overExpress(express4, mount),
  express5: (mount) => overExpress(express5, mount),
  fastify4: (mount) => overFastify(Fastify4, mount),
  fastify5: (mount) => overFastify(Fastify5, mount),
};

async function seen(answer) {
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
}

async function overExpress(express, mount) {
  const app = express();
  mount(forExpress.limits, (path, handler, ...more) => {
    app.get(path, ...more, (request, response, next) => {
      void handler().then((text) => response.send(text), next);
    });
  });
  app.use((error, request, response, next) => (error ? response.status(500).send("error") : next()));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    ...asking(server.address().port),
    close: () => new Promise((resolve) => server.close(resolve)),
    address: forExpress.addressOf,
    header: (request, name) => request.headers[name],
  };
}

async function overFastify(Fastify, mount) {
  const app = Fastify();
  mount(forFastify.limits, (path, handler, ...more) => {
    app.get(path, { onRequest: more }, async () => handler());
  });
  app.setErrorHandler((_, request, reply) => reply.code(500).send("error"));
  await app.listen({ port: 0, host: "127.0.0.1" });
  return {
    ...asking(app.server.address().port),
    close: () => app.close(),
    address: forFastify.addressOf,
    header: (request, name) => request.headers[name],
  };
}

const asking = (port) => ({
  port,
  ask: async (path, headers = {}) =>
    seen(await fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...headers, connection: "close" } })),
});

async function inFramework(make) {
  const limiter = createLimiter({ rules: RULES });
  const told = [];
  let handled = 0;
  let open = () => {};
  let begun = () => {};
  const framework = await make((limits, get) => {
    const by = (rule, more) =>
      limits(limiter, { keys: (request) => ({ [rule]: framework.address(request) }), ...more });
    const onDecision = ({ decision, shadow }) => told.push([decision.allowed, decision.rule.name, shadow]);
    const count = async () => `handled ${++handled}`;
    get(
      "/",
      count,
      by("address", { onDecision, skip: (request) => framework.header(request, "x-of-house") === "yes" }),
    );
    get("/raw", count, by("address", { cost_tokens: 0 }));
    get("/shadow", count, by("tried", { shadow: true, onDecision }));
    get(
      "/work",
      () =>
        new Promise((resolve) => {
          open = () => resolve("worked");
          begun();
        }),
      by("work"),
    );
    get("/drop", count, by("drop", { patience_ms: 5_000 }));
    const fails = () => {
      throw new Error("keys");
    };
    get("/fails", count, limits(limiter, { keys: fails }));
  });
  const { ask } = framework;
  const result = { answers: [] };
  for (let i = 0; i < 3; i++) result.answers.push(await ask("/"));
  result.skipped = await ask("/", { "x-of-house": "yes" });
  result.raw = await ask("/raw");
  result.shadow = [await ask("/shadow"), await ask("/shadow")];
  result.fails = (await ask("/fails")).status;
  result.handled = handled;
  result.drops = await Promise.all([ask("/drop"), ask("/drop"), ask("/drop")]);

  const started = () => new Promise((resolve) => (begun = resolve));
  let begins = started();
  const first = ask("/work");
  await begins;
  result.second = (await ask("/work")).status;
  open();
  result.first = (await first).status;
  // The slot goes when the answer has gone, which its caller may see first.
  const free = async () =>
    (await limiter.take({ work: framework.port ? "127.0.0.1" : "192.0.2.7" }, { cost_tokens: 0 })).remaining_tokens;
  while ((await free()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  if (framework.port) {
    begins = started();
    const socket = connect(framework.port, "127.0.0.1");
    socket.write("GET /work HTTP/1.1\r\nhost: here\r\n\r\n");
    await begins;
    result.held = await free();
    socket.destroy();
    while ((await free()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    open();
  }
  result.free = await free();
  result.told = told;
  await framework.close();
  await limiter.close();
  return result;
}

async function byName() {
  const limiter = createLimiter({ rules: { ...RULES, wide: still(100) } });
  const refused = async (work) =>
    work().then(
      () => "",
      (error) => `${error.name}: ${error.message}`,
    );
  const long = "k".repeat(10_000);
  await limiter.take({ address: long });
  await limiter.take({ address: `${long}!` });
  const result = {
    errors: [
      await refused(() => limiter.take({ nobody: "x" })),
      await refused(() => limiter.take({ address: null })),
      await refused(async () => createLimiter({ rules: { bad: { burst_tokens: 0, tokens_per_s: 1 } } })),
      await refused(async () => createLimiter({ rules: {} })),
      await refused(async () => createLimiter({ rules: RULES, redis: {} })),
    ],
    long: [(await limiter.take({ address: long })).allowed, (await limiter.take({ address: long })).allowed],
    all: [],
  };
  for (let i = 0; i < 3; i++) result.all.push((await limiter.take({ address: "a", wide: "w", tried: null })).allowed);
  result.left = (await limiter.take({ wide: "w" }, { cost_tokens: 0 })).remaining_tokens;
  await limiter.giveBack({ wide: "w" }, 1);
  await limiter.penalise({ wide: "w" }, 11);
  result.fined = (await limiter.take({ wide: "w" }, { cost_tokens: 0 })).remaining_tokens;
  return result;
}

const addresses = () => [
  addressKey("2001:db8:1:2:3:4:5:6"),
  clientAddress("192.0.2.7", "203.0.113.9"),
  clientAddress("192.0.2.7", "198.51.100.1, 203.0.113.9", 1),
  clientAddress("192.0.2.7", "198.51.100.1, 203.0.113.9:4711", 1),
  clientAddress("192.0.2.7", "[2001:db8::1]:4711", 1),
  clientAddress("192.0.2.7", "198.51.100.1, 203.0.113.9", 2),
  clientAddress("192.0.2.7", "198.51.100.1", 5),
  clientAddress("192.0.2.7", null, 1),
  clientAddress(undefined),
];

const result = {
  node: process.version,
  bun: process.versions.bun ?? null,
  byName: await byName(),
  addresses: addresses(),
  frameworks: {},
};
for (const [name, make] of Object.entries(FRAMEWORKS)) result.frameworks[name] = await inFramework(make);
console.log(JSON.stringify(result));
process.exit(0);
