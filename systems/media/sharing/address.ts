import { type Id, isId } from "#kernel/ids.ts";

export type Asked = { video_id: Id<"video"> } | { post_id: Id<"post"> };

/**
 * What the address of a page of this house shows, and from when on; null for any other address. The whole of it must be as our
 * own pages have it: what is only like ours is not ours.
 */
export function addressOf(address: string, origin: string): (Asked & { start_s: number }) | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  if (url.origin !== origin || url.username !== "" || url.password !== "") return null;
  const [, kind, id = ""] = /^\/(watch|posts|embed)\/([1-9]\d{0,18})\/?$/.exec(url.pathname) ?? [];
  if (!isId(id)) return null;
  const start_s = startOf(url.searchParams.get("t"));
  return kind === "posts" ? { post_id: id as Id<"post">, start_s } : { video_id: id as Id<"video">, start_s };
}

/** `90`, `90s`, `1m30s` or `1h2m3s` in seconds; 0 for anything else. */
export function startOf(said: string | null): number {
  const match = /^(?:(\d{1,2})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s?)?$/.exec(said ?? "");
  if (!match) return 0;
  const [, hours = "0", minutes = "0", seconds = "0"] = match;
  return Math.min(86_400, (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds));
}
