import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createComment, createPost, likePost, repostPost } from "#systems/feed/contract.ts";
import { createImage, createVideo, getImage, getVideo } from "#systems/media/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import type { House } from "../../server/compose.ts";
import { type Caller, createCaller } from "./caller.ts";
import { chats } from "./chats.ts";
import { FACE, type Studio } from "./film.ts";
import type { DemoRecord } from "./record.ts";
import { type DemoPost, POSTS } from "./story.ts";
import type { DemoMessage } from "./talk.ts";
import { PEOPLE, SPACES } from "./villagers.ts";

export interface FillNeeds {
  house: House;
  record: DemoRecord;
  /** null where there is no ffmpeg: then there are words only, and another run with ffmpeg adds the films. */
  studio: Studio | null;
  films: boolean;
  say: (line: string) => void;
}

/** Somebody who is no demo person has a handle that the demo needs. */
export class HandleTaken extends Error {
  override readonly name = "HandleTaken";
}

const AVATAR_AT_S = 2;
const MEDIA_MS_MAX = 20 * 60_000;
const LOOK_AGAIN_MS = 500;

/**
 * Makes whatever of the story is not there yet, through the same calls that the page makes.
 * @throws HandleTaken before anything was made
 */
export async function fill({ house, record, studio, films, say }: FillNeeds): Promise<void> {
  await refuseTakenHandles(house, record);
  const folder = await mkdtemp(join(tmpdir(), "folkhus-demo-"));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));

  const callers = new Map<string, Caller>();
  const by = (handle: string): Caller => {
    const caller = callers.get(handle);
    if (!caller) throw new Error(`${handle} is not in the story`);
    return caller;
  };
  for (const { handle, display_name } of PEOPLE) {
    const caller = await signIn(house, record, handle, display_name);
    callers.set(handle, caller);
    cleanUp.defer(() => caller.call(peopleRoutes.signOut).then(() => {}));
  }
  say(`${PEOPLE.length} people`);
  const makers: Makers = { record, studio, films, folder, by, house, say };
  await profiles(makers);
  for (const { handle, follows } of PEOPLE) {
    for (const other of follows) await by(handle).call(peopleRoutes.follow, { params: { handle: other } });
  }
  await spaces(makers);
  for (const post of POSTS) await publish(makers, post);
  await chats({ record, by, say, hang: studio && ((message, name) => chatPicture(makers, studio, message, name)) });
  await filmsReady(makers);
}

interface Makers extends FillNeeds {
  folder: string;
  by: (handle: string) => Caller;
}

async function refuseTakenHandles({ people }: House, record: DemoRecord): Promise<void> {
  for (const { handle } of PEOPLE) {
    if (!record.handleIsOurs(handle) && (await people.byHandle(handle))) {
      throw new HandleTaken(
        `There is already a @${handle} here whom the demo did not make. The demo is for a house of its own: choose another FOLKHUS_DATA.`,
      );
    }
  }
}

async function signIn(house: House, record: DemoRecord, handle: string, display_name: string): Promise<Caller> {
  await record.claimHandle(handle);
  if (!(await house.people.byHandle(handle))) {
    await house.people.createPerson({ handle, display_name, password: record.password });
  }
  const { token } = await createCaller(house, null).call(peopleRoutes.signIn, {
    body: { handle, password: record.password },
  });
  return createCaller(house, token);
}

async function profiles({ record, studio, folder, by, house, say }: Makers): Promise<void> {
  for (const { handle, bio, avatar } of PEOPLE) {
    const key = studio ? `avatar:${handle}` : `bio:${handle}`;
    if (record.get(key)) continue;
    const caller = by(handle);
    let avatar_image_id: string | undefined;
    if (studio) {
      const file = join(folder, `${handle}.jpg`);
      await studio.picture(file, avatar, FACE, AVATAR_AT_S);
      avatar_image_id = await picture(house, caller, file, `What ${handle} looks at`);
      say(`a face for @${handle}`);
    }
    await caller.call(peopleRoutes.editMe, { body: { bio, ...(avatar_image_id ? { avatar_image_id } : {}) } });
    await record.set(key, avatar_image_id ?? "words");
  }
}

async function spaces({ record, by, say }: Makers): Promise<void> {
  for (const { slug, name, description, owner, members } of SPACES) {
    if (!record.get(`space:${slug}`)) {
      const { id } = await by(owner).call(spacesRoutes.createSpace, {
        key: `demo-space-${slug}`,
        body: { slug, name, description },
      });
      await record.set(`space:${slug}`, id);
      say(`the space "${name}"`);
    }
    for (const member of members) await by(member).call(spacesRoutes.joinSpace, { params: { slug } });
  }
}

async function publish(makers: Makers, post: DemoPost): Promise<void> {
  const { record, by, studio, films, say } = makers;
  const { key, text, film, liked_by, reposted_by = [], comments = [] } = post;
  const author = by(post.by);
  let id = record.get(`post:${key}`);
  if (!id) {
    if (film && (!studio || !films)) return;
    const video_id = film ? await shoot(makers, post) : undefined;
    const image_ids = await hang(makers, post);
    const space_id = post.space === undefined ? undefined : record.get(`space:${post.space}`);
    const audience = post.audience ?? "public";
    const made = await author.call(createPost, {
      key: `demo-post-${key}`,
      body: {
        text,
        audience,
        ...(space_id ? { space_id } : {}),
        ...(video_id ? { video_id } : {}),
        ...(image_ids.length ? { image_ids } : {}),
      },
    });
    id = made.id;
    await record.set(`post:${key}`, id);
    say(`@${post.by}: ${text.split("\n")[0]?.slice(0, 60)}`);
  }
  const params = { id };
  for (const reader of liked_by) await by(reader).call(likePost, { params, accept: ["post.not_found"] });
  for (const reader of reposted_by) await by(reader).call(repostPost, { params, accept: ["post.not_found"] });
  const ids: (string | undefined)[] = [];
  for (const [i, comment] of comments.entries()) {
    const noted = record.get(`comment:${key}:${i}`);
    const parent_id = comment.answers === undefined ? undefined : ids[comment.answers];
    const made =
      noted ??
      (
        await by(comment.by).call(createComment, {
          params,
          key: `demo-comment-${key}-${i}`,
          body: { text: comment.text, ...(parent_id ? { parent_id } : {}) },
        })
      ).id;
    if (!noted) await record.set(`comment:${key}:${i}`, made);
    ids.push(made);
  }
}

/** @returns the video's id; it may still be in the making */
async function shoot(
  { record, studio, folder, by, say }: Makers,
  { key, film, by: author }: DemoPost,
): Promise<string | undefined> {
  const noted = record.get(`video:${key}`);
  if (noted || !film || !studio) return noted;
  say(`filming "${film.title}", ${film.seconds} s`);
  const file = join(folder, `${key}.mp4`);
  await studio.film(file, film.scene, film.tune, film.shape, film.seconds);
  const upload_id = await by(author).upload(file, "video/mp4");
  const { id } = await by(author).call(createVideo, { body: { upload_id, title: film.title, audience: "public" } });
  await rm(file);
  await record.set(`video:${key}`, id);
  return id;
}

async function hang(
  { studio, folder, by, house }: Makers,
  { key, by: author, pictures = [] }: DemoPost,
): Promise<string[]> {
  if (!studio) return [];
  const ids: string[] = [];
  for (const [i, { scene, shape, at_s, alt }] of pictures.entries()) {
    const file = join(folder, `${key}-${i}.jpg`);
    await studio.picture(file, scene, shape, at_s);
    ids.push(await picture(house, by(author), file, alt));
  }
  return ids;
}

async function chatPicture(
  { folder, by, house }: Makers,
  studio: Studio,
  message: DemoMessage,
  name: string,
): Promise<string> {
  const file = join(folder, `chat-${name}.jpg`);
  const { scene, shape, at_s, alt } = message.picture!;
  await studio.picture(file, scene, shape, at_s);
  return picture(house, by(message.by), file, alt);
}

/** Uploads a JPEG and waits until its sizes are there. */
async function picture({ ground: { clock } }: House, caller: Caller, file: string, alt: string): Promise<string> {
  const upload_id = await caller.upload(file, "image/jpeg");
  let image = await caller.call(createImage, { body: { upload_id, alt } });
  for (const until = clock.monotonic() + MEDIA_MS_MAX; image.status === "processing";) {
    if (clock.monotonic() > until) throw new Error("A picture was not ready in time.");
    await clock.sleep(LOOK_AGAIN_MS);
    image = await caller.call(getImage, { params: { image_id: image.id } });
  }
  if (image.status === "failed")
    throw new Error(`A picture could not be made: ${image.failure?.detail ?? "no reason given"}`);
  return image.id;
}

async function filmsReady({ record, by, house: { ground }, say }: Makers): Promise<void> {
  const waiting = new Map(
    POSTS.flatMap(({ key, by: author, film }) => {
      const id = record.get(`video:${key}`);
      return film && id ? [[id, { author, title: film.title }] as const] : [];
    }),
  );
  if (waiting.size > 0) say(`waiting until ${waiting.size} films are encoded`);
  for (const until = ground.clock.monotonic() + MEDIA_MS_MAX; waiting.size > 0;) {
    for (const [id, { author, title }] of waiting) {
      const { status, failure } = await by(author).call(getVideo, { params: { video_id: id } });
      if (status === "processing") continue;
      waiting.delete(id);
      say(
        status === "ready"
          ? `"${title}" is ready`
          : `"${title}" could not be made: ${failure?.detail ?? "no reason given"}`,
      );
    }
    if (ground.clock.monotonic() > until) {
      say(`${waiting.size} films are still being made; a running server goes on with them`);
      return;
    }
    if (waiting.size > 0) await ground.clock.sleep(LOOK_AGAIN_MS);
  }
}
