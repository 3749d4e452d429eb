import { tagOf } from "#systems/feed/index.ts";

import { covers } from "../policy.ts";

/** What a connection may listen to, by Mastodon's names. */
export type Topic =
  | {
      stream:
        "user" | "user:notification" | "public" | "public:local" | "public:media" | "public:local:media" | "nothing";
    }
  | { stream: "hashtag" | "hashtag:local"; tag: string }
  | { stream: "list"; list: string };

export interface Subscription {
  topic: Topic;
  /** Notifications too: where that is what was asked for, and in one's own stream if the token may read them. */
  notifies: boolean;
  /** As the client named it, which every message says again. */
  named: string[];
}

/** Streams of what this house has nothing of: one may listen, and hears nothing. */
const SILENT = new Set(["public:remote", "public:remote:media", "direct"]);

/** @returns null where there is no such stream, or the token's scopes do not cover it */
export function subscriptionOf(
  asked: { stream: string; tag?: string | undefined; list?: string | undefined },
  scopes: readonly string[],
): Subscription | null {
  const { stream } = asked;
  const may = covers(scopes, stream === "user:notification" ? "read:notifications" : "read:statuses");
  if (!may) return null;
  switch (stream) {
    case "user":
    case "user:notification":
    case "public":
    case "public:local":
    case "public:media":
    case "public:local:media":
      return {
        topic: { stream },
        notifies: stream.startsWith("user") && covers(scopes, "read:notifications"),
        named: [stream],
      };
    case "hashtag":
    case "hashtag:local": {
      const tag = tagOf(asked.tag ?? "");
      return tag === null ? null : { topic: { stream, tag }, notifies: false, named: [stream, asked.tag!] };
    }
    case "list":
      return asked.list === undefined || !/^\d{1,19}$/.test(asked.list)
        ? null
        : { topic: { stream, list: asked.list }, notifies: false, named: [stream, asked.list] };
    default:
      return SILENT.has(stream) ? { topic: { stream: "nothing" }, notifies: false, named: [stream] } : null;
  }
}

export const isSameTopic = (a: Subscription, b: Subscription): boolean => a.named.join("\0") === b.named.join("\0");
