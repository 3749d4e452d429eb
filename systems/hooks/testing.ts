import { createOutside, type OutsideNeeds } from "#ports/outside/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";
import { type TestChat, testChat } from "#systems/chat/testing.ts";

import { createHooks, type Hooks, HOOKS_FOLDER, type HooksNeeds, serveHooks } from "./index.ts";

/** What a receiver outside got. */
export interface Got {
  path: string;
  headers: Headers;
  text: string;
}

/** A house with chat and hooks, and a receiver outside of it that answers as it is told. */
export interface TestHooks extends AsyncDisposable {
  t: TestChat;
  hooks: Hooks;
  needs: HooksNeeds;
  /** Where the receiver listens, under a name. */
  url(path?: string): string;
  got: Got[];
  /** How the receiver answers from now on. */
  answer: (got: Got) => Response | Promise<Response>;
  /** Whispers that were passed on: to whom, and what. */
  whispered: { stream: string; data: unknown }[];
  /** Everything that happened has been heard of, and the first try of each delivery was made. */
  settle(): Promise<void>;
  /** Tries what waits, whether it is due or not, once each. @returns how many */
  tryAll(): Promise<number>;
}

/** @param folders migrations of other systems */
export async function testHooks(
  more: Partial<HooksNeeds> & { names?: OutsideNeeds["resolve"] } = {},
  folders: MigrationFolder[] = [],
): Promise<TestHooks> {
  const { names, ...given } = more;
  const t = await testChat([HOOKS_FOLDER, ...folders]);
  const { house } = t;
  const { db, log, limiter, people, spaces } = house;
  const got: Got[] = [];
  const whispered: TestHooks["whispered"] = [];
  const receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const one = { path: new URL(request.url).pathname, headers: request.headers, text: await request.text() };
      got.push(one);
      return self.answer(one);
    },
  });
  const needs: HooksNeeds = {
    sql: db.sql,
    log,
    jobs: t.jobs,
    clock: t.clock,
    ids: db.ids,
    limiter,
    people,
    spaces,
    chat: t.chat,
    line: { ephemeral: (stream, _slot, _from, data) => void whispered.push({ stream, data }) },
    posts: async () => new Map(),
    outside: createOutside({
      clock: db.clock,
      resolve: names ?? (async () => ["127.0.0.1"]),
      test_addresses: [`127.0.0.1:${receiver.port}`],
    }),
    secret: "a secret of more than thirty-two characters",
    public_url: "https://house.test",
    test_plain_http: true,
    ...given,
  };
  const hooks = createHooks(needs);
  serveHooks(house.api, hooks);
  const working = hooks.work();
  const waiting = async () =>
    (await db.sql.pool`SELECT id, run, tries FROM hooks_deliveries WHERE state = 'waiting' ORDER BY id`) as {
      id: string;
      run: number;
      tries: number;
    }[];
  const attempt = async (rows: Awaited<ReturnType<typeof waiting>>) => {
    for (const { id, run, tries } of rows)
      await t.runJob("hooks.deliver", { id, run: String(run), tries: String(tries) });
    return rows.length;
  };
  const self: TestHooks = {
    t,
    hooks,
    needs,
    got,
    whispered,
    url: (path = "/") => `http://receiver.test:${receiver.port}${path}`,
    answer: () => new Response("thanks"),
    async settle() {
      for (const topic of ["chat", "feed", "spaces"]) await log.caughtUp(topic, "hooks.outgoing");
      await attempt((await waiting()).filter(({ tries }) => tries === 0));
    },
    tryAll: async () => attempt(await waiting()),
    async [Symbol.asyncDispose]() {
      working[Symbol.dispose]();
      await receiver.stop(true);
      await t[Symbol.asyncDispose]();
    },
  };
  return self;
}
