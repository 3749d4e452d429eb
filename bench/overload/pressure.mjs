/** A peer: the same work in Fastify behind @fastify/under-pressure, which refuses all with 503 while the loop is late. Runs on Node. */
import underPressure from "../peers/node_modules/@fastify/under-pressure/index.js";
import Fastify from "../peers/node_modules/fastify/fastify.js";
import { PATHS, thrice, work } from "./work.ts";

const app = Fastify({ logger: false });
await app.register(underPressure, {
  maxEventLoopDelay: Number(process.env.BENCH_LOOP_DELAY_MS ?? 100),
  sampleInterval: 100,
  retryAfter: 2,
});
for (const path of Object.values(PATHS)) app.get(path, () => work(thrice));
const address = await app.listen({ port: 0, host: "127.0.0.1" });
console.log(`ready ${new URL(address).port}`);
