import { isId, type PostId } from "#kernel/ids.ts";

import { tokenize } from "../tokens.ts";

/** A page of this house that a post names. Its card is made without asking the network, for each reader anew. */
export type OwnLink =
  | { kind: "post"; url: string; post_id: PostId }
  | { kind: "person"; url: string; handle: string }
  | { kind: "space"; url: string; slug: string };

/** The first link of a text, or null. */
export function firstLink(text: string): string | null {
  // Most posts have none, and this says so without taking them apart.
  if (!/https?:\/\//i.test(text)) return null;
  for (const token of tokenize(text)) if (token.kind === "link") return token.url;
  return null;
}

export const isOwnUrl = (url: string, public_url: string | null): boolean =>
  public_url !== null && URL.canParse(url) && new URL(url).origin === new URL(public_url).origin;

/** Where the first link of a text leads, when that is a page of ours that has a card. */
export function ownLinkOf(text: string, public_url: string | null): OwnLink | null {
  if (public_url === null) return null;
  const url = firstLink(text);
  if (url === null || !isOwnUrl(url, public_url)) return null;
  const [, room = "", name = "", more] = new URL(url).pathname.split("/");
  if (more !== undefined) return null;
  if (room === "posts" && isId(name)) return { kind: "post", url, post_id: name as PostId };
  if (room === "s" && /^[a-z0-9-]{1,64}$/.test(name)) return { kind: "space", url, slug: name };
  const handle = /^(?:@|%40)([A-Za-z0-9_]{1,30})$/.exec(room)?.[1];
  return handle !== undefined && name === "" ? { kind: "person", url, handle: handle.toLowerCase() } : null;
}
