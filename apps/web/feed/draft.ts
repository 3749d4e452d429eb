import { useSyncExternalStore } from "react";

import type { Audience } from "#kernel/wire.ts";
import {
  createDraft,
  createPost,
  deleteDraft,
  type DraftContent,
  getPost,
  type Post,
  saveDraft,
  type ScheduledPost,
  schedulePost,
  tokenize,
} from "#systems/feed/contract.ts";

import { Refusal } from "../client.ts";
import { attachFor, attachmentsNow, clearAttachments, onAttachments, settleAttachments } from "../media/attachments.ts";
import type { QuotedBriefly } from "../shell/compose.ts";
import { call, queries } from "../shell/house.ts";
import { FORGET } from "../shell/session.ts";
import { offer, say, sorry } from "../shell/toasts.ts";
import { createDraftSync, type Kept } from "./draft-sync.ts";
import { obstacle } from "./obstacle.ts";
import { doings } from "./reactions.ts";
import { shownOnTop } from "./shown-on-top.ts";

/**
 * The post that is being written. There is one; it survives closing the dialog, another screen, and a reload, and the house
 * keeps it for one's other devices. Others wait among the drafts.
 */
export interface PostDraft {
  /** Sent as the idempotency key: however often it is pressed, there will be one post. */
  id: string;
  text: string;
  audience: Exclude<Audience, "space">;
  space: { id: string; slug: string; name: string } | null;
  /** Null where its field is closed. */
  content_warning: string | null;
  sensitive: boolean;
  quote: QuotedBriefly | null;
  poll: PollBegun | null;
  /** As the house knows it. */
  kept: Kept | null;
  /** When it goes out by itself, once the files are there; null for at once. */
  publish_at: string | null;
  /** Its author pressed "Post" while files were on their way: it goes out when they are there. */
  posting: boolean;
}

export interface PollBegun {
  options: string[];
  multiple: boolean;
  hides_results: boolean;
  open_s: number;
}

const KEY = "folkhus.draft";
/** After the last key. */
const SAVE_AFTER_MS = 1_500;

export function freshDraft(): PostDraft {
  return {
    id: crypto.randomUUID(),
    text: "",
    audience: "public",
    space: null,
    content_warning: null,
    sensitive: false,
    quote: null,
    poll: null,
    kept: null,
    publish_at: null,
    posting: false,
  };
}

function read(): PostDraft {
  try {
    return { ...freshDraft(), ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<PostDraft>) };
  } catch {
    return freshDraft();
  }
}

let draft = read();
let sending = false;
const listeners = new Set<() => void>();

function set(change: Partial<PostDraft>) {
  draft = { ...draft, ...change };
  localStorage.setItem(KEY, JSON.stringify(draft));
  for (const listener of listeners) listener();
}

const sync = createDraftSync<DraftContent>({
  content: contentNow,
  kept: () => draft.kept,
  save: (content, kept) =>
    kept === null
      ? keepNew(content)
      : call(saveDraft, { params: { id: kept.id }, body: content, headers: { "if-match": `"${kept.version}"` } }),
  remove: async (kept) => void (await call(deleteDraft, { params: { id: kept.id } })),
  changed(kept, why) {
    set({
      kept: kept && { id: kept.id, version: kept.version },
      ...(why === "fork" ? { id: crypto.randomUUID() } : {}),
    });
    if (why === "fork") say("This draft was changed on another device. Both are among your drafts.");
    void queries.invalidateQueries({ queryKey: ["/v1/drafts"] });
  },
  later(run) {
    const timer = setTimeout(run, SAVE_AFTER_MS);
    return () => clearTimeout(timer);
  },
});
/** Where the answer to the first try was lost and more was written since, this is another draft than the one tried. */
async function keepNew(content: DraftContent): Promise<Kept> {
  try {
    return await call(createDraft, { body: content, once: `${draft.id}:draft` });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "idempotency.other_request") throw error;
    set({ id: crypto.randomUUID() });
    return call(createDraft, { body: content, once: `${draft.id}:draft` });
  }
}

attachFor(() => ({ audience: draft.space ? "space" : draft.audience, space_id: draft.space?.id ?? null }));
let filesBefore = "";
onAttachments(() => {
  const files = attachmentsNow()
    .map((file) => file.media_id)
    .join();
  if (files !== filesBefore && !draft.posting) sync.touched();
  filesBefore = files;
  void postWhenReady();
});
window.addEventListener("online", () => void sync.flush());
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && void sync.flush());
window.addEventListener(FORGET, () => {
  void sync.settle();
  clearAttachments();
  set(freshDraft());
});

/** What the house is to keep; null while there is nothing. */
function contentNow(): DraftContent | null {
  const { text, content_warning, poll, quote, space } = draft;
  const files = attachmentsNow().filter((file) => file.stage === "ready" && file.media_id !== null);
  const idsOf = (kind: "video" | "image") => files.filter((file) => file.kind === kind).map((file) => file.media_id!);
  const isBlank = text.trim() === "" && files.length === 0 && !content_warning && quote === null;
  if (isBlank && (poll === null || poll.options.every((option) => option.trim() === ""))) return null;
  return {
    text,
    audience: space ? "space" : draft.audience,
    space_id: space?.id ?? null,
    video_id: idsOf("video")[0] ?? null,
    image_ids: idsOf("image"),
    content_warning,
    sensitive: draft.sensitive,
    quote_id: quote?.id ?? null,
    poll,
  };
}

export function editDraft(change: Partial<PostDraft>) {
  set(change);
  sync.touched();
}

/** Puts another draft in the place of this one, which is kept first. */
export async function takeUpDraft(next: Partial<PostDraft>): Promise<void> {
  await sync.flush();
  await sync.settle();
  clearAttachments();
  set({ ...freshDraft(), ...next });
}

export const draftNow = () => draft;
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
export const useDraft = () => useSyncExternalStore(subscribe, () => draft);

/** Posts now, or as soon as the last file has arrived; with a moment it is scheduled for that. */
export async function postDraft(publish_at: string | null = null): Promise<void> {
  set({ posting: true, publish_at });
  await postWhenReady();
}

async function postWhenReady(): Promise<void> {
  if (!draft.posting || sending) return;
  const files = attachmentsNow();
  if (obstacle(draft, files) !== null) return set({ posting: false });
  if (files.some((file) => file.stage !== "ready")) return;
  sending = true;
  try {
    // What is on its way to the house arrives first: the post takes the draft's place there.
    await sync.settle();
    const { video_id, image_ids } = await settleAttachments();
    const { content_warning, poll, quote } = draft;
    const asked = {
      text: draft.text,
      audience: draft.space ? ("space" as const) : draft.audience,
      ...(draft.space ? { space_id: draft.space.id } : {}),
      ...(video_id === null ? {} : { video_id }),
      ...(image_ids.length === 0 ? {} : { image_ids }),
      ...(content_warning?.trim() ? { content_warning } : {}),
      ...(draft.sensitive && (video_id !== null || image_ids.length > 0) ? { sensitive: true } : {}),
      ...(quote ? { quote_id: quote.id } : {}),
      ...(poll ? { poll: { ...poll, options: poll.options.filter((option) => option.trim() !== "") } } : {}),
    };
    const draft_id = draft.kept?.id ?? null;
    if (draft.publish_at === null) posted(await call(createPost, { body: { ...asked, draft_id }, once: draft.id }));
    else {
      const body = { post: asked, publish_at: draft.publish_at, draft_id };
      scheduled(await call(schedulePost, { body, once: draft.id }));
    }
  } catch (error) {
    // A refused try is over: the next one, perhaps edited, goes under a name of its own.
    set({ posting: false, publish_at: null, ...(error instanceof Refusal ? { id: crypto.randomUUID() } : {}) });
    sorry(error);
  } finally {
    sending = false;
  }
}

function startAnew() {
  const { audience, space } = draft;
  set({ ...freshDraft(), audience, space });
  clearAttachments();
  void queries.invalidateQueries({ queryKey: ["/v1/drafts"] });
}

/** The house looks at a link right after the post; who wrote it sees the card come. */
const LOOKS_AFTER_MS = [2_500, 6_000, 15_000] as const;

async function awaitCard(post: Post): Promise<void> {
  if (post.link !== null || !tokenize(post.text).some((token) => token.kind === "link")) return;
  for (const wait_ms of LOOKS_AFTER_MS) {
    await new Promise((resolve) => setTimeout(resolve, wait_ms));
    const { link } = await call(getPost, { params: { id: post.id } });
    if (link === null) continue;
    doings.patch(post.id, { shown: { link } });
    return;
  }
}

function posted(post: Post) {
  startAnew();
  shownOnTop(post);
  // Without it the card is there at the next visit.
  void awaitCard(post).catch(() => undefined);
  offer(post.video ? "Your post is out; the video gets ready." : "Your post is out.", "Look", () =>
    window.dispatchEvent(new CustomEvent("folkhus:go", { detail: `/posts/${post.id}` })),
  );
}

const MOMENT = new Intl.DateTimeFormat(undefined, { weekday: "long", hour: "numeric", minute: "2-digit" });
const MOMENT_FAR = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const WEEK_MS = 6 * 86_400_000;

function scheduled(post: ScheduledPost) {
  startAnew();
  void queries.invalidateQueries({ queryKey: ["/v1/scheduled"] });
  const at = new Date(post.publish_at);
  const far = at.getTime() - (performance.timeOrigin + performance.now()) > WEEK_MS;
  say(`It will be out ${far ? "on " : ""}${(far ? MOMENT_FAR : MOMENT).format(at)}.`);
}
