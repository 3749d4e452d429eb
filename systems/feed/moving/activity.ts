import { rfc3339 } from "#kernel/time.ts";

import { htmlOf } from "../syndication/words.ts";
import type { KeptFile } from "./files.ts";
import type { OwnPostRow } from "./store.ts";

const PUBLIC = "https://www.w3.org/ns/activitystreams#Public";

/** What the archive's JSON means beyond ActivityStreams 2.0. */
export const CONTEXT = [
  "https://www.w3.org/ns/activitystreams",
  { sensitive: "as:sensitive", Hashtag: "as:Hashtag", house: "urn:folkhus:" },
];

const EXTENSIONS: Record<string, string> = {
  "image/webp": "webp",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/gif": "gif",
  "image/avif": "avif",
  "video/mp4": "mp4",
  "video/webm": "webm",
  "video/quicktime": "mov",
  "video/x-matroska": "mkv",
};

/** In the archive. Made of ids alone: no name from outside is a path. */
export const pathOf = (file: Pick<KeptFile, "id" | "media_type">): string =>
  `media_attachments/files/${file.id}.${EXTENSIONS[file.media_type.split(";", 1)[0]!] ?? "bin"}`;

/** A post as the activity by which it was written. */
export function activityOf(
  row: OwnPostRow,
  files: readonly KeptFile[],
  { origin, handle }: { origin: string; handle: string },
): object {
  const actor = `${origin}/@${handle}`;
  const id = `${origin}/posts/${row.id}`;
  const followers = `${actor}/followers`;
  const [to, cc] =
    row.audience === "public"
      ? [[PUBLIC], [followers]]
      : row.audience === "followers"
        ? [[followers], []]
        : row.audience === "space"
          ? [[`${origin}/spaces/${row.space_id}`], []]
          : [[], []];
  const published = rfc3339(row.created_at);
  const poll = row.poll;
  return {
    id: `${id}#create`,
    type: "Create",
    actor,
    published,
    to,
    cc,
    object: {
      id,
      type: poll ? "Question" : "Note",
      url: id,
      attributedTo: actor,
      published,
      ...(row.edited_at === null ? {} : { updated: rfc3339(row.edited_at) }),
      to,
      cc,
      inReplyTo: null,
      summary: row.content_warning,
      sensitive: row.sensitive,
      content: htmlOf(row.text, new Set(), origin),
      source: { content: row.text, mediaType: "text/plain" },
      tag: row.hashtags.map((tag) => ({
        type: "Hashtag",
        name: `#${tag}`,
        href: `${origin}/tags/${encodeURIComponent(tag)}`,
      })),
      attachment: files.map((file) => ({
        type: "Document",
        mediaType: file.media_type,
        url: `/${pathOf(file)}`,
        name: file.alt === "" ? null : file.alt,
        width: file.width,
        height: file.height,
      })),
      ...(poll
        ? {
            [poll.multiple ? "anyOf" : "oneOf"]: poll.options.map((name, i) => ({
              type: "Note",
              name,
              replies: { type: "Collection", totalItems: Number(poll.votes[i] ?? 0) },
            })),
            endTime: poll.ends_at,
          }
        : {}),
      ...(row.quote_id === null ? {} : { quoteUrl: `${origin}/posts/${row.quote_id}` }),
      "house:audience": row.audience,
      "house:space_id": row.space_id,
      "house:edits": row.edits,
      ...(row.source === null ? {} : { "house:first_written_at": row.source }),
    },
  };
}
