/** Run under Node beside the README's examples: asks each app, and prints what it answered as JSON. */
import { once } from "node:events";

import { app as express } from "./express.mjs";
import { app as fastify } from "./fastify.mjs";
import { app as hono } from "./hono.mjs";

const statuses = async (ask, paths) => {
  const all = [];
  for (const path of paths) all.push((await ask(path)).status);
  return all;
};
const six = Array.from({ length: 6 }, () => "/");

const server = express.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address();
const overHttp = (path) => fetch(`http://127.0.0.1:${port}${path}`);
const result = {
  hono: await statuses((path) => hono.request(path), [...six, "/healthz"]),
  hono_person: (await hono.request("/", { headers: { "x-person": "ada" } })).status,
  express: await statuses(overHttp, six),
  fastify: await statuses(async (path) => ({ status: (await fastify.inject(path)).statusCode }), six),
};
console.log(JSON.stringify(result));
process.exit(0);
