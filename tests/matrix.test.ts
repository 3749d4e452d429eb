import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { Route } from "#kernel/contract.ts";
import { chatRoutes } from "#systems/chat/contract.ts";
import {
  createComment,
  createDraft,
  createPost,
  deletePost,
  feedRoutes,
  schedulePost,
} from "#systems/feed/contract.ts";
import { hooksRoutes } from "#systems/hooks/contract.ts";
import { jobsRoutes } from "#systems/jobs/contract.ts";
import { limitsRoutes } from "#systems/limits/contract.ts";
import { mastodonRoutes } from "#systems/mastodon/contract.ts";
import {
  completeUpload,
  createCollection,
  createImage,
  createSound,
  createUpload,
  createVideo,
  getVideo,
  mediaRoutes,
  signParts,
} from "#systems/media/contract.ts";
import { wav } from "#systems/media/sounds/testing.ts";
import { moderationRoutes } from "#systems/moderation/contract.ts";
import { notifyRoutes } from "#systems/notify/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import { type House, startHouse } from "./house.ts";
import { ROWS, USES_UP } from "./matrix-rows.ts";
import { type Fixture, type Role, ROLES, verdict } from "./matrix.ts";

const PASSWORD = "seven green kettles";
const CONTRACTS: Route[] = [
  peopleRoutes,
  spacesRoutes,
  limitsRoutes,
  mediaRoutes,
  feedRoutes,
  chatRoutes,
  hooksRoutes,
  moderationRoutes,
  notifyRoutes,
  mastodonRoutes,
  jobsRoutes,
].flatMap((routes) => Object.values(routes) as Route[]);
const nameOf = ({ method, path }: Pick<Route, "method" | "path">) => `${method} ${path}`;

/** A PNG of one grey dot. */
const PIXEL = new Uint8Array(
  Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  ),
);

let house: House;
let fixture: Omit<Fixture, "caller">;
/** Makes a caller of a role; one serves all routes but those that use their caller up. */
let callerOf: (role: Role) => Promise<string | null>;
const kept = new Map<Role, string | null>();

beforeAll(async () => {
  house = await startHouse();
  const { client } = house;
  const must = <T extends { status: number; code: string | undefined }>(answer: T): T => {
    if (answer.status >= 300) throw new Error(`the fixture was refused: ${answer.status} ${answer.code}`);
    return answer;
  };
  let count = 0;
  const person = async (more: { setup_token?: string } = {}) => {
    const handle = `p${count++}`.padEnd(4, "x");
    must(
      await client.call(peopleRoutes.signUp, { body: { handle, password: PASSWORD, display_name: handle, ...more } }),
    );
    const { body } = must(await client.call(peopleRoutes.signIn, { body: { handle, password: PASSWORD } }));
    return { handle, token: body.token };
  };
  const root = await person({ setup_token: house.setup_token ?? "" });
  const owner = await person();
  const freshSpace = async (
    token: string,
    join_policy: "open" | "invitation" = "open",
    visibility: "private" | "public" = "private",
  ) => {
    const slug = `space${count++}`;
    must(
      await client.call(spacesRoutes.createSpace, {
        token,
        body: { name: slug, slug, visibility, join_policy },
      }),
    );
    return slug;
  };
  const space = await freshSpace(owner.token, "invitation");
  const spaceCard = must(await client.call(spacesRoutes.space, { token: owner.token, params: { slug: space } })).body;
  const spaceInvitation = async () =>
    must(
      await client.call(spacesRoutes.createSpaceInvitation, { token: owner.token, params: { slug: space }, body: {} }),
    ).body;
  const join = async (token: string) => {
    const { secret } = await spaceInvitation();
    must(await client.call(spacesRoutes.joinSpace, { token, params: { slug: space }, body: { invitation: secret } }));
  };
  const post = async () =>
    must(
      await client.call(createPost, {
        token: owner.token,
        body: { text: "Among us", audience: "space", space_id: spaceCard.id },
      }),
    ).body.id;
  const publicPost = async (token: string) =>
    must(await client.call(createPost, { token, body: { text: "To all", audience: "public" } })).body.id;
  const opened = async (id: string) => {
    const body = { subject: { kind: "post" as const, id } };
    return must(await client.call(moderationRoutes.openCase, { token: root.token, body })).body.id;
  };
  const appealedAct = async () => {
    const { token } = await person();
    const params = { id: await opened(await publicPost(token)) };
    const body = { kind: "hide", rule_id: "1" } as const;
    const { acts } = must(await client.call(moderationRoutes.act, { token: root.token, params, body })).body;
    const { id } = acts[0]!;
    must(await client.call(moderationRoutes.appeal, { token, params: { id }, body: { words: "Why?" } }));
    return id;
  };
  type Kind = "image" | "video" | "sound";
  const bytesOf = (kind: Kind) =>
    ({ image: PIXEL, video: new TextEncoder().encode("this is no film"), sound: wav({ seconds: 1 }) })[kind];
  const upload = async (token: string, kind: Kind = "image") =>
    must(
      await client.call(createUpload, {
        token,
        body: {
          filename: "a",
          size_bytes: bytesOf(kind).byteLength,
          media_type: { image: "image/png", video: "video/mp4", sound: "audio/wav" }[kind],
        },
      }),
    ).body.id;
  const wholeUpload = async (token: string, kind: Kind) => {
    const id = await upload(token, kind);
    const signed = must(
      await client.call(signParts, { token, params: { upload_id: id }, body: { part_numbers: [1] } }),
    );
    const put = await fetch(new URL(signed.body.parts[0]?.url ?? "", house.url), {
      method: "PUT",
      body: bytesOf(kind),
    });
    const parts = [{ part_number: 1, etag: put.headers.get("etag") ?? "" }];
    must(await client.call(completeUpload, { token, params: { upload_id: id }, body: { parts } }));
    return { id, parts, completed: true };
  };
  const image = async () =>
    must(
      await client.call(createImage, {
        token: owner.token,
        body: { upload_id: (await wholeUpload(owner.token, "image")).id },
      }),
    ).body.id;
  let sound: Promise<string> | null = null;
  const makeSound = async () => {
    const { id: upload_id } = await wholeUpload(owner.token, "sound");
    return must(await client.call(createSound, { token: owner.token, body: { upload_id } })).body.id;
  };
  const failedVideo = async () => {
    const { id: upload_id } = await wholeUpload(owner.token, "video");
    const { id } = must(
      await client.call(createVideo, { token: owner.token, body: { upload_id, title: "t", audience: "private" } }),
    ).body;
    for (;;) {
      const { body } = await client.call(getVideo, { token: owner.token, params: { video_id: id } });
      if (body.status === "failed") return id;
      await Bun.sleep(20);
    }
  };
  // The text that is no film is refused soon, and stays a video of the owner's that only they may see.
  const video = await failedVideo();

  fixture = {
    root: root.token,
    owner: owner.token,
    space,
    space_id: spaceCard.id,
    opened: await freshSpace(root.token, "open", "public"),
    strangersPost: async () => publicPost((await person()).token),
    moderationCase: async () => opened(await publicPost((await person()).token)),
    appealedAct,
    neighbour: (await person()).handle,
    post,
    comment: async () =>
      must(
        await client.call(createComment, { token: owner.token, params: { id: await post() }, body: { text: "Yes" } }),
      ).body.id,
    deletedPost: async () => {
      const id = await post();
      must(await client.call(deletePost, { token: owner.token, params: { id } }));
      return id;
    },
    draft: async () =>
      must(await client.call(createDraft, { token: owner.token, body: { text: "Half a th" } })).body.id,
    scheduled: async () =>
      must(
        await client.call(schedulePost, {
          token: owner.token,
          body: {
            post: { text: "Later", audience: "private" },
            publish_at: new Date(Date.now() + 3_600_000).toISOString(),
          },
        }),
      ).body.id,
    upload,
    wholeUpload,
    image,
    sound: () => (sound ??= makeSound()),
    video: async () => video,
    failedVideo,
    collection: async () =>
      must(await client.call(createCollection, { token: owner.token, body: { title: "t", video_id: video } })).body.id,
    person,
    spaceInvitation,
    houseInvitation: async () =>
      must(await client.call(peopleRoutes.createInvitation, { token: root.token, body: {} })).body,
    resetLink: async () =>
      must(
        await client.call(peopleRoutes.createResetLink, {
          token: root.token,
          params: { handle: (await person()).handle },
        }),
      ).body.secret,
    freshSpace,
    channel: async () => {
      const params = { slug: space };
      const body = { name: `channel${count++}`, kind: "public" as const };
      return must(await client.call(chatRoutes.createChannel, { token: owner.token, params, body })).body.id;
    },
    group: async (handle) =>
      must(await client.call(chatRoutes.createGroup, { token: owner.token, body: { handles: [handle] } })).body.id,
    message: async (channel_id) => {
      const body = { cid: crypto.randomUUID(), body: "Between us" };
      return must(await client.call(chatRoutes.sendMessage, { token: owner.token, params: { id: channel_id }, body }))
        .body.id;
    },
    hook: async (kind) => {
      const { token } = owner;
      const channel_id = await fixture.channel();
      if (kind === "incoming")
        return must(await client.call(hooksRoutes.createIncoming, { token, body: { channel_id, name: "In" } })).body.id;
      const body = { space, name: "Out", url: "https://hooks.example/x", events: ["message.created" as const] };
      const made = { ...body, channel_ids: [channel_id] };
      const { id } = must(await client.call(hooksRoutes.createOutgoing, { token, body: made })).body;
      if (kind === "outgoing") return id;
      return must(await client.call(hooksRoutes.pingOutgoing, { token, params: { id } })).body.id;
    },
    bot: async () => {
      const body = { space, handle: `bot${count++}x`, name: "Bot" };
      return must(await client.call(hooksRoutes.createBot, { token: owner.token, body })).body.bot.id;
    },
    command: async () => {
      const bot_id = await fixture.bot();
      const body = { space, bot_id, name: `do${count++}`, url: "https://hooks.example/x" };
      return must(await client.call(hooksRoutes.createCommand, { token: owner.token, body })).body.id;
    },
    botToken: async (bot_id) => {
      const asked = { token: owner.token, params: { id: bot_id }, body: { name: "t", scopes: ["read" as const] } };
      return must(await client.call(hooksRoutes.makeBotToken, asked)).body.id;
    },
    scheduledMessage: async () => {
      const channel = must(
        await client.call(chatRoutes.createGroup, { token: owner.token, body: { handles: [root.handle] } }),
      ).body;
      const body = { body: "Later", send_at: new Date(Date.now() + 86_400_000).toISOString() };
      const params = { id: channel.id };
      return must(await client.call(chatRoutes.scheduleMessage, { token: owner.token, params, body })).body.id;
    },
    member: async () => {
      const { handle, token } = await person();
      await join(token);
      return handle;
    },
    sessionOf: async (token) => must(await client.call(peopleRoutes.listSessions, { token })).body.items[0]?.id ?? "",
    tokenOf: async (token) => {
      const made = await client.call(peopleRoutes.createToken, { token, body: { name: "t", scopes: ["read"] } });
      return made.status === 201 ? made.body.id : "1";
    },
  };

  callerOf = async (role) => {
    if (role === "nobody") return null;
    const { handle, token } = await person();
    if (role === "other_admin") await freshSpace(token);
    if (role === "ex_member" || role === "suspended") await join(token);
    if (role === "ex_member") must(await client.call(spacesRoutes.leaveSpace, { token, params: { slug: space } }));
    if (role === "suspended")
      must(
        await client.call(peopleRoutes.suspend, { token: root.token, params: { handle }, body: { reason: "noise" } }),
      );
    if (role === "moderator" || role === "root") {
      must(
        await client.call(peopleRoutes.setRole, {
          token: root.token,
          params: { handle },
          body: { role: role === "root" ? "admin" : "moderator" },
        }),
      );
    }
    return token;
  };
  kept.set("owner", owner.token);
});
afterAll(() => house[Symbol.asyncDispose]());

async function keptCaller(role: Role): Promise<string | null> {
  const known = kept.get(role);
  if (known !== undefined) return known;
  const caller = await callerOf(role);
  kept.set(role, caller);
  return caller;
}

describe("the matrix of routes and roles", () => {
  test("MX1: every route of the house has a row, and no row is of a route that is gone", async () => {
    const served = (await (await fetch(`${house.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const routes = Object.entries(served.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(Object.keys(ROWS).toSorted()).toEqual(routes.toSorted());
    expect(CONTRACTS.map(nameOf).toSorted()).toEqual(routes.toSorted());
  });

  for (const route of CONTRACTS) {
    test(`MX2: ${nameOf(route)} answers each role as its row says`, async () => {
      const row = ROWS[nameOf(route)];
      if (!row) throw new Error(`${nameOf(route)} is not classified`);
      const [kind, ask, past = []] = row;
      const wrong: string[] = [];
      for (const role of ROLES) {
        const wanted = verdict(kind, role, route);
        if (wanted === "either") continue;
        const caller = USES_UP.has(nameOf(route)) ? await callerOf(role) : await keptCaller(role);
        const asked = await ask({ ...fixture, caller });
        const answer = await house.client.call(route, { ...asked, token: caller } as never);
        const served = wanted === "served" && past.includes(answer.code ?? "");
        if (!served && !fits(wanted, answer.status))
          wrong.push(`${role}: wanted ${wanted}, got ${answer.status} ${answer.code ?? ""}`);
      }
      expect(wrong).toEqual([]);
    });
  }
});

function fits(wanted: "served" | "no_session" | "refused", status: number): boolean {
  if (wanted === "served") return status >= 200 && status < 300;
  return wanted === "no_session" ? status === 401 : status === 403 || status === 404;
}
