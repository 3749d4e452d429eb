import { Problem } from "#kernel/errors.ts";
import type { ImageId, PersonId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";
import { createLocalBus } from "#ports/bus/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import { createJobs, type JobKind, type JobRun, type Jobs } from "#ports/jobs/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";
import type { TestPerson } from "#systems/people/testing.ts";
import { createRealtime, REALTIME_FOLDER, type StreamRules } from "#systems/realtime/index.ts";
import { type TestSpaces, testSpaces } from "#systems/spaces/testing.ts";

import {
  type Channel,
  chatRoutes as r,
  type Message,
  type MessageImage,
  type MessageSound,
  type MessageVideo,
} from "./contract.ts";
import { type Chat, CHAT_FOLDER, type ChatLine, type ChatMedia, createChat, serveChat } from "./index.ts";
import type { ChatNeeds, SoundId } from "./needs.ts";

/** A house with people, spaces, the line and chat on a real database. Media are held in the hand; jobs are run by hand. */
export interface TestChat extends AsyncDisposable {
  house: TestSpaces;
  chat: Chat;
  /** What chat said of its streams. */
  rules: Map<string, StreamRules>;
  /** What it passed on without storing it: `chat:1 read`. */
  passed: string[];
  /** The same with what was said. */
  said: { stream: string; slot: string; data: Json }[];
  /** Who is connected. */
  here: Set<PersonId>;
  media: HandMedia;
  jobs: Jobs;
  runJob(kind: string, payload: { [key: string]: string }): Promise<void>;
  /** Chat's own clock. */
  clock: Clock;
  /** Moves it on. */
  later(ms: number): void;
  /** What chat's own clock says. */
  now(): number;
  direct(a: TestPerson, b: TestPerson): Promise<Channel>;
  group(owner: TestPerson, others: TestPerson[], name?: string): Promise<Channel>;
  channel(
    by: TestPerson,
    slug: string,
    kind: "public" | "private" | "announcement",
    name: string,
    members?: TestPerson[],
  ): Promise<Channel>;
  send(by: TestPerson, channel: Channel, body: string, more?: Partial<MessageBody>): Promise<Message>;
  history(
    by: TestPerson,
    channel: Channel,
    query?: { before?: string; after?: string; around?: string; limit?: number },
  ): Promise<{ items: Message[]; more_before: boolean; more_after: boolean }>;
  /** How it stands for them. */
  stands(by: TestPerson, channel: Channel): Promise<Channel>;
  spaceId(slug: string): Promise<SpaceId>;
}

const RESTS_MS_MAX = 100;

/** What another system is made of here; its jobs are run by hand too. */
export interface TestStand {
  house: TestSpaces;
  jobs: Jobs;
  clock: Clock;
}

export interface MessageBody {
  cid: string;
  reply_to_id: string;
  root_id: string;
  also_in_channel: boolean;
  image_ids: ImageId[];
  video_id: VideoId;
  sound_id: SoundId;
}

export interface HandMedia extends ChatMedia {
  image(id: string, owner_id: PersonId): void;
  sound(id: string, owner_id: PersonId, more?: Partial<MessageSound>): void;
  did: string[];
}

/**
 * @param more migrations of other systems
 * @param given what chat stands on besides, made of what everybody here stands on
 */
export async function testChat(
  more: MigrationFolder[] = [],
  given: (stand: TestStand) => Promise<Partial<ChatNeeds>> = async () => ({}),
): Promise<TestChat> {
  const house = await testSpaces([REALTIME_FOLDER, CHAT_FOLDER, ...more]);
  const { sql, ids } = house.db;
  let ahead_ms = 0;
  const clock: Clock = {
    ...house.db.clock,
    now: () => house.db.clock.now() + ahead_ms,
    // What chat lets rest here, it lets rest for less.
    sleep: (ms, signal) => house.db.clock.sleep(Math.min(ms, RESTS_MS_MAX), signal),
  };
  const bus = createLocalBus();
  const kinds = new Map<string, JobKind>();
  const queue = createJobs({ sql, clock });
  const jobs: Jobs = { ...queue, define: (kind) => void kinds.set(kind.name, kind) };
  const media = handMedia();
  const { people, spaces, log, client, limiter } = house;
  const line = await createRealtime({ sql, ids, bus, clock: house.db.clock, log, jobs, limiter, people });
  const rules = new Map<string, StreamRules>();
  const passed: string[] = [];
  const said: TestChat["said"] = [];
  const heard: ChatLine = {
    ...line,
    streams(kind, given) {
      rules.set(kind, given);
      line.streams(kind, given);
    },
    ephemeral(stream, slot, from, data) {
      passed.push(`${stream} ${slot}`);
      said.push({ stream, slot, data });
      line.ephemeral(stream, slot, from, data);
    },
    active: async (ids_asked) =>
      new Map(ids_asked.flatMap((id) => (here.has(id) ? [[id, { connected: true, active: true }] as const] : []))),
  };
  const here = new Set<PersonId>();
  const chat = await createChat({
    sql,
    log,
    jobs,
    clock,
    ids,
    people,
    spaces,
    media,
    line: heard,
    ...(await given({ house, jobs, clock })),
  });
  serveChat(house.api, chat);
  const working = chat.work();
  const must = <T extends { status: number; code: string | undefined; body: unknown }>(answer: T): T => {
    if (answer.status >= 300)
      throw new Error(`refused: ${answer.status} ${answer.code}`, { cause: house.broken.at(-1) });
    return answer;
  };
  return {
    house,
    chat,
    rules,
    passed,
    said,
    here,
    media,
    jobs,
    clock,
    async runJob(name, payload) {
      const run: JobRun = {
        id: "1",
        attempt: 1,
        signal: new AbortController().signal,
        cursor: null,
        progress() {},
        checkpoint: async () => {},
        fenced: sql.tx,
        finish: sql.tx,
      };
      await kinds.get(name)!.handle(payload, run);
    },
    later(ms) {
      ahead_ms += ms;
    },
    now: () => clock.now(),
    direct: async (a, b) =>
      must(await client.call(r.openDirect, { token: a.token, params: { handle: b.handle } })).body,
    group: async (owner, others, name) =>
      must(
        await client.call(r.createGroup, {
          token: owner.token,
          body: { handles: others.map(({ handle }) => handle), ...(name === undefined ? {} : { name }) },
        }),
      ).body,
    async channel(by, slug, kind, name, members = []) {
      const made = must(
        await client.call(r.createChannel, { token: by.token, params: { slug }, body: { kind, name } }),
      ).body;
      for (const member of members)
        if (kind === "private")
          must(
            await client.call(r.addMembers, {
              token: by.token,
              params: { id: made.id },
              body: { handles: [member.handle] },
            }),
          );
        else must(await client.call(r.joinChannel, { token: member.token, params: { id: made.id } }));
      return made;
    },
    send: async (by, channel, body, more = {}) =>
      must(
        await client.call(r.sendMessage, {
          token: by.token,
          params: { id: channel.id },
          body: { cid: crypto.randomUUID(), body, ...more },
        }),
      ).body,
    history: async (by, channel, query = {}) =>
      must(await client.call(r.history, { token: by.token, params: { id: channel.id }, query })).body,
    stands: async (by, channel) =>
      must(await client.call(r.channel, { token: by.token, params: { id: channel.id } })).body,
    spaceId: async (slug) => (await spaces.find(slug))!.id,
    async [Symbol.asyncDispose]() {
      working[Symbol.dispose]();
      await chat[Symbol.asyncDispose]();
      await line[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
}

function handMedia(): HandMedia {
  const images = new Map<ImageId, MessageImage & { owner_id: PersonId }>();
  const sounds = new Map<SoundId, MessageSound & { owner_id: PersonId }>();
  const did: string[] = [];
  return {
    did,
    sound(id, owner_id, more = {}) {
      const url = `/blobs/sounds/${id}`;
      sounds.set(id, { id, owner_id, status: "ready", duration_ms: 12_300, waveform: [0, 255], url, ...more });
    },
    soundCards: async (ids) =>
      new Map(
        ids.flatMap((id) => {
          const found = sounds.get(id);
          if (!found) return [];
          const { owner_id: _, ...card } = found;
          return [[id, card] as const];
        }),
      ),
    image(id, owner_id) {
      images.set(id, { id, owner_id, status: "ready", alt: "", width: 4, height: 3, placeholder: null, variants: [] });
    },
    videoCards: async () => new Map<VideoId, MessageVideo>(),
    imageCards: async (ids) =>
      new Map(
        ids.flatMap((id) => {
          const found = images.get(id);
          if (!found) return [];
          const { owner_id: _, ...card } = found;
          return [[id, card] as const];
        }),
      ),
    async claimForMessage(_tx, owner_id, { message_id, image_ids, sound_id }) {
      if (sound_id !== null && sounds.get(sound_id)?.owner_id !== owner_id)
        throw new Problem(422, "message.media_not_usable", "There is no such voice note of yours.");
      if (image_ids.some((id) => images.get(id)?.owner_id !== owner_id))
        throw new Problem(422, "message.media_not_usable", "There is no such picture of yours.");
      did.push(`claim:${message_id}`);
    },
    async releaseMessage(_tx, message_id) {
      did.push(`release:${message_id}`);
    },
  };
}
