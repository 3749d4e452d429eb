import { useSyncExternalStore } from "react";

import type { Audience } from "#kernel/wire.ts";
import { createPost, type Post } from "#systems/feed/contract.ts";

import { Refusal } from "../client.ts";
import { attachFor, attachmentsNow, clearAttachments, onAttachments, settleAttachments } from "../media/attachments.ts";
import { call, queries } from "../shell/house.ts";
import { FORGET } from "../shell/session.ts";
import { offer, sorry } from "../shell/toasts.ts";
import { obstacle } from "./obstacle.ts";

/** The post that is being written. There is one; it survives closing the dialog, another screen, and a reload. */
export interface PostDraft {
  /** Sent as the idempotency key: however often it is pressed, there will be one post. */
  id: string;
  text: string;
  audience: Exclude<Audience, "space">;
  space: { id: string; slug: string; name: string } | null;
  /** Its author pressed "Post" while files were on their way: it goes out when they are there. */
  posting: boolean;
}

const KEY = "folkhus.draft";

function fresh(): PostDraft {
  return { id: crypto.randomUUID(), text: "", audience: "public", space: null, posting: false };
}

function read(): PostDraft {
  try {
    return { ...fresh(), ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<PostDraft>) };
  } catch {
    return fresh();
  }
}

let draft = read();
let sending = false;
const listeners = new Set<() => void>();
attachFor(() => ({ audience: draft.space ? "space" : draft.audience, space_id: draft.space?.id ?? null }));
onAttachments(() => void postWhenReady());
window.addEventListener(FORGET, () => {
  clearAttachments();
  editDraft(fresh());
});

export function editDraft(change: Partial<PostDraft>) {
  draft = { ...draft, ...change };
  localStorage.setItem(KEY, JSON.stringify(draft));
  for (const listener of listeners) listener();
}

export const draftNow = () => draft;
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
export const useDraft = () => useSyncExternalStore(subscribe, () => draft);

/** Posts now, or as soon as the last file has arrived. */
export async function postDraft(): Promise<void> {
  editDraft({ posting: true });
  await postWhenReady();
}

async function postWhenReady(): Promise<void> {
  if (!draft.posting || sending) return;
  const files = attachmentsNow();
  if (obstacle(draft, files) !== null) return editDraft({ posting: false });
  if (files.some((file) => file.stage !== "ready")) return;
  sending = true;
  try {
    const { video_id, image_ids } = await settleAttachments();
    const post = await call(createPost, {
      body: {
        text: draft.text,
        audience: draft.space ? "space" : draft.audience,
        ...(draft.space ? { space_id: draft.space.id } : {}),
        ...(video_id === null ? {} : { video_id }),
        ...(image_ids.length === 0 ? {} : { image_ids }),
      },
      once: draft.id,
    });
    const { audience, space } = draft;
    editDraft({ ...fresh(), audience, space });
    clearAttachments();
    shown(post);
    offer(video_id === null ? "Your post is out." : "Your post is out; the video gets ready.", "Look", () =>
      window.dispatchEvent(new CustomEvent("folkhus:go", { detail: `/posts/${post.id}` })),
    );
  } catch (error) {
    // A refused try is over: the next one, perhaps edited, goes under a name of its own.
    editDraft({ posting: false, ...(error instanceof Refusal ? { id: crypto.randomUUID() } : {}) });
    sorry(error);
  } finally {
    sending = false;
  }
}

/** Puts the post on top of the lists where it belongs, without asking for them anew. */
function shown(post: Post) {
  interface Pages {
    pages: { items: Post[]; next_cursor: string | null }[];
    pageParams: unknown[];
  }
  const mine = (key: readonly unknown[]) => {
    const params = key[1] as { handle?: string; space?: string } | undefined;
    if (key[0] === "/v1/feeds/home") return true;
    if (key[0] === "/v1/feeds/discover") return post.audience === "public";
    if (key[0] === "/v1/people/{handle}/posts")
      return params?.handle === post.author.handle && (key[2] as { only?: string }).only === undefined;
    return key[0] === "/v1/spaces/{space}/posts" && params?.space === post.space?.slug;
  };
  queries.setQueriesData<Pages>(
    { predicate: (query) => query.queryKey[3] === "pages" && mine(query.queryKey) },
    (data) => {
      const [first, ...rest] = data?.pages ?? [];
      if (!data || !first || first.items.some((item) => item.id === post.id)) return data;
      return { ...data, pages: [{ ...first, items: [post, ...first.items] }, ...rest] };
    },
  );
}
