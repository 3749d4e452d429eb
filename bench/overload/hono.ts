/** A peer: the same work in a Hono app that takes all that comes. */
import { Hono } from "hono";

import { PATHS, thrice, work } from "./work.ts";

const app = new Hono();
for (const path of Object.values(PATHS)) app.get(path, async (c) => c.json(await work(thrice)));
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: app.fetch });
console.log(`ready ${server.port}`);
